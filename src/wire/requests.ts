/** Bodies of requests, parsed once at the border. Unknown fields are errors, so that a misspelt one is not ignored. */
export interface NamesRequest {
  readonly names: readonly string[]
  /** false: answer as soon as the command is stored. */
  readonly wait: boolean
  /** null: as long as the stop ladders and hooks take, and a little more; a job's run, until it ends. */
  readonly timeoutMs: number | null
}

export interface SignalRequest {
  readonly names: readonly string[]
  readonly signal: string
}

export interface SourcesRequest {
  /** Absolute paths that become the daemon's sources; null: those it has. */
  readonly sources: readonly string[] | null
  readonly lenient: boolean | null
}

export interface UpgradeRequest {
  /** Absolute: where the other version lies; null: where this one does, replaced in place. */
  readonly directory: string | null
  /** How long its preflight may take; null: as long as is usual. */
  readonly timeoutMs: number | null
}

export type Parsed<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'bad'; readonly message: string }

/** Waiting longer than this is a forgotten client. */
const waitMsMax = 3_600_000

export function parseNamesRequest(body: unknown): Parsed<NamesRequest> {
  return parseFields(body, ['names', 'wait', 'timeoutMs'], (fields) => {
    const { names, wait = true, timeoutMs = null } = fields
    if (!isNames(names)) return badNames
    if (typeof wait !== 'boolean') return bad('wait must be true or false')
    if (timeoutMs !== null && !isWait(timeoutMs)) return bad(`timeoutMs must be a whole number from 0 to ${waitMsMax}`)
    return { kind: 'ok', value: { names, wait, timeoutMs } }
  })
}

export function parseSignalRequest(body: unknown): Parsed<SignalRequest> {
  return parseFields(body, ['names', 'signal'], ({ names, signal }) => {
    if (!isNames(names)) return badNames
    if (typeof signal !== 'string') return bad('signal must be a signal name, such as HUP')
    return { kind: 'ok', value: { names, signal } }
  })
}

export function parseSourcesRequest(body: unknown): Parsed<SourcesRequest> {
  return parseFields(body, ['sources', 'lenient'], ({ sources = null, lenient = null }) => {
    if (sources !== null && !(isNames(sources) && sources.every((path) => path.startsWith('/')))) {
      return bad('sources must be a list of absolute paths, with at least one')
    }
    if (lenient !== null && typeof lenient !== 'boolean') return bad('lenient must be true or false')
    return { kind: 'ok', value: { sources, lenient } }
  })
}

export function parseUpgradeRequest(body: unknown): Parsed<UpgradeRequest> {
  return parseFields(body, ['directory', 'timeoutMs'], ({ directory = null, timeoutMs = null }) => {
    if (directory !== null && !(typeof directory === 'string' && directory.startsWith('/'))) {
      return bad('directory must be an absolute path')
    }
    if (timeoutMs !== null && !isWait(timeoutMs)) return bad(`timeoutMs must be a whole number from 0 to ${waitMsMax}`)
    return { kind: 'ok', value: { directory, timeoutMs } }
  })
}

function parseFields<T>(
  body: unknown,
  known: readonly string[],
  parse: (fields: Readonly<Record<string, unknown>>) => Parsed<T>,
): Parsed<T> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return bad('the body must be a JSON object')
  const fields: Readonly<Record<string, unknown>> = { ...body }
  const unknown = Object.keys(fields).find((name) => !known.includes(name))
  if (unknown !== undefined) return bad(`unknown field '${unknown}'; known are ${known.join(', ')}`)
  return parse(fields)
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== '')
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= waitMsMax
}

const badNames = bad('names must be a list of service names, with at least one')

function bad(message: string): { readonly kind: 'bad'; readonly message: string } {
  return { kind: 'bad', message }
}
