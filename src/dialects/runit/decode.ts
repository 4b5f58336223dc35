import type { Problem } from '../../formats/format-error.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { checkServiceDirectory, type ServiceDirectory } from './service-directory.ts'

export interface CheckedDirectories {
  readonly directories: readonly ServiceDirectory[]
  readonly problems: readonly Problem[]
}

/** What tells a service directory: runsv makes `supervise`, and somebody the others. */
const tellingNames = ['run', 'finish', 'supervise'] as const

/** Whether a directory is a service directory itself, or has some in it. `names` are those in it. */
export function serviceDirectoriesIn(
  path: string,
  names: readonly string[],
  reader: SourceReader,
): 'itself' | 'below' | 'none' {
  if (isFileOrLink(`${path}/run`, reader)) return 'itself'
  const isBelow = names.some((name) => !name.startsWith('.') && isServiceDirectory(`${path}/${name}`, reader))
  return isBelow ? 'below' : 'none'
}

function isServiceDirectory(path: string, reader: SourceReader): boolean {
  return tellingNames.some((name) =>
    name === 'supervise' ? isDirectory(`${path}/${name}`, reader) : isFileOrLink(`${path}/${name}`, reader),
  )
}

/** Checks every service directory that runsvdir would take from `path`, or `path` alone where it is one. */
export function checkServiceDirectories(
  path: string,
  names: readonly string[],
  which: 'itself' | 'below',
  reader: SourceReader,
): CheckedDirectories {
  const problems: Problem[] = []
  if (which === 'itself') {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return { directories: [checkServiceDirectory({ name, path }, reader, problems)], problems }
  }
  const directories: ServiceDirectory[] = []
  const identities = new Map<string, string>()
  for (const name of names.filter((one) => !one.startsWith('.')).toSorted()) {
    const here = `${path}/${name}`
    const at = { file: here, line: 1, column: 1, setting: name }
    const found = reader.look(here)
    if (isFailure(found)) {
      const message = `cannot be looked at: ${found.message}`
      problems.push({ ...at, message, hint: 'check its permissions', severity: 'error' })
      continue
    }
    if (found.kind === 'dangling') {
      const message = `is a link to ${found.target}, where nothing is, so runsvdir skips it`
      problems.push({ ...at, message, hint: 'remove the link, or make the service directory', severity: 'error' })
      continue
    }
    // runsvdir takes directories only.
    if (found.kind !== 'directory') continue
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(name)) {
      const message = 'a name with a line break or a control character cannot be a service'
      problems.push({ ...at, message, hint: 'rename the directory', severity: 'warning' })
      continue
    }
    const same = identities.get(found.identity)
    if (same !== undefined) {
      const message = `is the same directory as ${same}, and runsvdir takes both for one service`
      problems.push({ ...at, message, hint: 'remove one of the two links', severity: 'warning' })
      continue
    }
    identities.set(found.identity, name)
    directories.push(checkServiceDirectory({ name, path: here }, reader, problems))
  }
  return { directories, problems }
}

function isFileOrLink(path: string, reader: SourceReader): boolean {
  const found = reader.look(path)
  return !isFailure(found) && (found.kind === 'file' || found.kind === 'dangling')
}

function isDirectory(path: string, reader: SourceReader): boolean {
  const found = reader.look(path)
  return !isFailure(found) && found.kind === 'directory'
}
