import type { Backoff } from '../../core/model.ts'
import { parseDuration } from '../../formats/duration.ts'
import type { Problem } from '../../formats/format-error.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'

/** What `holdfast.conf` in a service directory says: what Holdfast does better than runit, where somebody asks for it. */
export interface ServiceOptions {
  /** Who logs where `log/run` execs svlogd: that program, or the daemon itself. */
  readonly logger: 'run' | 'builtin'
  /** After an early end. */
  readonly backoff: Backoff
  /** After SIGTERM, before everything that is left of it is killed. null: it is never killed. */
  readonly stopTimeoutMs: number | null
}

export const optionsFileName = 'holdfast.conf'

/** As runsv does it: a run that lived less than a second is followed by another one a second later. */
const throttle: Backoff = { shape: 'linear', firstMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0, freeRestarts: 0 }

const plainOptions: ServiceOptions = { logger: 'run', backoff: throttle, stopTimeoutMs: null }

type Name = 'logger' | 'backoff' | 'stop_timeout'

const readers: Readonly<Record<Name, { readonly is: string; read(text: string): Partial<ServiceOptions> | null }>> = {
  logger: {
    is: '`run` (the program of log/run) or `builtin` (the daemon itself)',
    read: (text) => (text === 'run' || text === 'builtin' ? { logger: text } : null),
  },
  backoff: {
    is: 'a time such as `1s`, or the first and the longest one, doubling: `1s..60s`',
    read: (text) => optional(parseBackoff(text), (backoff) => ({ backoff })),
  },
  stop_timeout: {
    is: 'a time such as `30s`, or `none`',
    read: (text) =>
      text === 'none' ? { stopTimeoutMs: null } : optional(parseDuration(text), (stopTimeoutMs) => ({ stopTimeoutMs })),
  },
}

/**
 * Reads lines `name = value`; empty ones and those that begin with `#` say nothing. What cannot be understood is a problem,
 * and is as if it were not there.
 */
export function readServiceOptions(
  directory: { readonly name: string; readonly path: string },
  reader: SourceReader,
  problems: Problem[],
): ServiceOptions {
  const file = `${directory.path}/${optionsFileName}`
  const content = reader.read(file)
  if (isFailure(content)) {
    if (content.code !== 'ENOENT') {
      const message = `cannot be read: ${content.message}; its options are not used`
      const at = { file, line: 1, column: 1, setting: `${directory.name}/${optionsFileName}` }
      problems.push({ ...at, message, hint: 'check its permissions', severity: 'error' })
    }
    return plainOptions
  }
  let options = plainOptions
  for (const [index, line] of content.split('\n').entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const read = readLine(text)
    if (typeof read !== 'string') {
      options = { ...options, ...read.options }
      continue
    }
    const at = { file, line: index + 1, column: 1, setting: `${directory.name}/${optionsFileName}` }
    problems.push({ ...at, message: read, hint: 'correct or remove the line', severity: 'error' })
  }
  return options
}

const names = Object.keys(readers)

/** What is wrong with it, or what it says. */
function readLine(text: string): string | { readonly options: Partial<ServiceOptions> } {
  const [, name = '', value = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(text) ?? []
  if (name === '') return `'${text}' is no line of the form name = value`
  if (!isName(name)) return `there is no option '${name}'; ${didYouMean(name, names, `there are ${names.join(', ')}`)}`
  const options = readers[name].read(value)
  return options === null ? `'${value}' is no ${name}: that is ${readers[name].is}` : { options }
}

function isName(text: string): text is Name {
  return Object.hasOwn(readers, text)
}

function parseBackoff(text: string): Backoff | null {
  const [first = '', longest = first] = text.split('..')
  const firstMs = parseDuration(first)
  const maxMs = parseDuration(longest)
  if (firstMs === null || maxMs === null || maxMs < firstMs) return null
  const isFixed = firstMs === maxMs
  return {
    shape: isFixed ? 'linear' : 'exponential',
    firstMs,
    factor: isFixed ? 1 : 2,
    maxMs,
    jitter: 0,
    freeRestarts: 0,
  }
}

function optional<T, R>(value: T | null, use: (value: T) => R): R | null {
  return value === null ? null : use(value)
}
