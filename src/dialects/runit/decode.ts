import type { App } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import type { Problem } from '../../formats/format-error.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { type DecodedService, decodeService, type ServiceContext } from './service.ts'
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
  const { found, problems } = which === 'itself' ? oneDirectory(path, reader) : findServices(path, names, reader)
  const all = [...problems]
  return { directories: found.map((one) => checkServiceDirectory(one, reader, all)), problems: all }
}

export interface FoundService {
  readonly name: string
  /** Without links in it. */
  readonly path: string
  /** As in FileLook. */
  readonly identity: string
}

/**
 * The service directories that runsvdir would take from `path`, by name; `names` are those in it. `known`: found before, and not
 * changed since.
 */
export function findServices(
  path: string,
  names: readonly string[],
  reader: SourceReader,
  known: ReadonlyMap<string, FoundService> = new Map(),
): { readonly found: readonly FoundService[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const found: FoundService[] = []
  const identities = new Map<string, string>()
  for (const name of names.filter((one) => !one.startsWith('.')).toSorted()) {
    const here = `${path}/${name}`
    const before = known.get(name)
    if (before !== undefined && !identities.has(before.identity)) {
      identities.set(before.identity, name)
      found.push(before)
      continue
    }
    const problem = (message: string, hint: string, severity: Problem['severity']) =>
      problems.push({ file: here, line: 1, column: 1, setting: name, message, hint, severity })
    const look = reader.look(here)
    if (isFailure(look)) {
      problem(`cannot be looked at: ${look.message}`, 'check its permissions', 'error')
      continue
    }
    if (look.kind === 'dangling') {
      const message = `is a link to ${look.target}, where nothing is, so runsvdir skips it`
      problem(message, 'remove the link, or make the service directory', 'error')
      continue
    }
    // runsvdir takes directories only.
    if (look.kind !== 'directory') continue
    const fault = nameFault(name)
    if (fault !== null) {
      problem(fault, 'rename the directory, or its link', 'warning')
      continue
    }
    const same = identities.get(look.identity)
    if (same !== undefined) {
      problem(
        `is the same directory as ${same}, and runsvdir takes both for one service`,
        'remove one of the two links',
        'warning',
      )
      continue
    }
    identities.set(look.identity, name)
    found.push({ name, path: realPath(here, reader), identity: look.identity })
  }
  return { found, problems }
}

function nameFault(name: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'a name with a line break or a control character cannot be a service'
  if (name === '__proto__' || name.length > nameCharsMax) return 'this name cannot be a service'
  return null
}

/** What names of services may have, less `.log`. */
const nameCharsMax = 120

function oneDirectory(path: string, reader: SourceReader): ReturnType<typeof findServices> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return { found: [{ name, path: realPath(path, reader), identity: '' }], problems: [] }
}

/** Where runsv would be: it has entered the directory, and stays there when a link to it goes. */
function realPath(path: string, reader: SourceReader): string {
  const real = reader.real(path)
  return isFailure(real) ? path : real
}

export type ServicesContext = Pick<ServiceContext, 'reader' | 'unlogged'>

export interface ServicesDirectory {
  readonly path: string
  /** A directory of service directories, or one itself. */
  readonly which: 'itself' | 'below'
}

export interface DecodedServices {
  /** The directory is not there, or cannot be read: nothing is said of what was in it. */
  readonly isUnreadable: boolean
  readonly app: App
  readonly problems: readonly Problem[]
  /** In the order of their names. */
  readonly services: readonly (FoundService & DecodedService & { readonly loggerName: string })[]
}

/**
 * Reads a directory as one app, with a service for each service directory and one for each `log/` in it. `known`: what was
 * read before and has not changed since, by name.
 */
export function decodeServices(
  { path, which }: ServicesDirectory,
  { reader, unlogged }: ServicesContext,
  known: ReadonlyMap<string, DecodedServices['services'][number]> = new Map(),
): DecodedServices {
  const app = appNameOf(path)
  const names = which === 'itself' ? [] : reader.list(path)
  const { found, problems } = isFailure(names)
    ? { found: [], problems: [unreadable(path, names.message)] }
    : which === 'itself'
      ? oneDirectory(path, reader)
      : findServices(path, names, reader, known)
  const directory = which === 'itself' ? path.slice(0, path.lastIndexOf('/')) || '/' : path
  const environment = 'SVDIR' in reader.environment || directory === usualDirectory ? {} : { SVDIR: directory }
  const taken = new Set(found.map(({ name }) => name))
  const services = found.map((one) => {
    const before = known.get(one.name)
    if (before?.path === one.path) return before
    const loggerName = freeName(`${one.name}.log`, taken)
    return { ...one, loggerName, ...decodeService({ ...one, loggerName }, { app, reader, unlogged, environment }) }
  })
  const all = services.flatMap((one) => one.services)
  return {
    isUnreadable: isFailure(names),
    app: {
      name: app,
      source: path,
      dialect: 'runit',
      priority: plainPriority,
      services: Object.fromEntries(all.map((service) => [service.name, service])),
    },
    problems: [...problems, ...services.flatMap((one) => one.problems)],
    services,
  }
}

/** Where Debian's `sv` looks without SVDIR. */
const usualDirectory = '/etc/service'

function appNameOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/[^\p{L}\p{N}._-]/gu, '-')
  return name === '' || name === '.' || name === '..' ? 'services' : name.slice(0, nameCharsMax)
}

/** A service may be called like the log of another one. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let number = 2; taken.has(free); number += 1) free = `${name}${number}`
  return free
}

function unreadable(path: string, why: string): Problem {
  const message = `this directory cannot be read: ${why}`
  return { file: path, line: 1, column: 1, setting: '', message, hint: 'check its permissions', severity: 'error' }
}

function isFileOrLink(path: string, reader: SourceReader): boolean {
  const found = reader.look(path)
  return !isFailure(found) && (found.kind === 'file' || found.kind === 'dangling')
}

function isDirectory(path: string, reader: SourceReader): boolean {
  const found = reader.look(path)
  return !isFailure(found) && found.kind === 'directory'
}
