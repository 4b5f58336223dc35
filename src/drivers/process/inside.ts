import { lstatSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { errnoOf } from '../../sys/errno.ts'

/** As many as the kernel follows. */
const linksMax = 40

/**
 * The file that a process with this root directory gets by this absolute path, as we see it: links in it lead to places
 * inside. What does not exist keeps its name.
 */
export function hostPathInside(root: string, path: string): string {
  let links = 0
  let found = '/'
  const rest = partsOf(path)
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '..') {
      found = dirname(found)
      continue
    }
    const next = join(found, part)
    const target = links < linksMax ? linkTarget(join(root, next)) : null
    if (target === null) {
      found = next
      continue
    }
    links += 1
    if (target.startsWith('/')) found = '/'
    rest.unshift(...partsOf(target))
  }
  return join(root, found)
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null
  } catch (error) {
    errnoOf(error)
    return null
  }
}
