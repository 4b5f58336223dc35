import { relative } from 'node:path'

/** A path as somebody here would type it: relative where it is below this directory. */
export function shownPath(path: string, directory: string = process.cwd()): string {
  const shorter = relative(directory, path)
  return shorter === '' || shorter === '..' || shorter.startsWith('../') ? path : shorter
}
