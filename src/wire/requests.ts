/** Bodies of requests, parsed once at the border. Unknown fields are errors, so that a misspelt one is not ignored. */
export interface NamesRequest {
  /** May be empty where labels are given. */
  readonly names: readonly string[]
  /** `key=value`, `key`, `key!=value`: of what the names mean, or of everything, those that have all of these. */
  readonly labels: readonly string[]
  /** false: answer as soon as the command is stored. */
  readonly wait: boolean
  /** What a start waits for. What is not checked is healthy when it runs. */
  readonly waitFor: WaitedFor
  /** null: as long as the stop ladders and hooks take, and a little more; a job's run, until it ends. */
  readonly timeoutMs: number | null
}

export type WaitedFor = 'running' | 'healthy'

export interface SignalRequest {
  readonly names: readonly string[]
  /** As in NamesRequest. */
  readonly labels: readonly string[]
  readonly signal: string
}

export interface SourcesRequest {
  /** Absolute paths that become the daemon's sources; null: those it has. */
  readonly sources: readonly string[] | null
  readonly lenient: boolean | null
  /** Answer when everything that is wanted up has come to this, or to something else; null: at once. */
  readonly waitFor: WaitedFor | null
  /** null: as long as stop ladders, hooks and checks take, and a little more. */
  readonly timeoutMs: number | null
  /** Report what has changed since this daemon began, with what it read then. */
  readonly sinceStart: boolean
}

export interface UpgradeRequest {
  /** Absolute: where the other version lies; null: where this one does, replaced in place. */
  readonly directory: string | null
  /** How long its preflight may take; null: as long as is usual. */
  readonly timeoutMs: number | null
}

/** What clients send: what they leave out has the value that its parser gives it. */
export type NamesBody = Partial<NamesRequest>
export type SignalBody = Partial<SignalRequest> & Pick<SignalRequest, 'signal'>
export type SourcesBody = Partial<SourcesRequest>
export type UpgradeBody = Partial<UpgradeRequest>

export type Parsed<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'bad'; readonly message: string }

/** Waiting longer than this is a forgotten client. */
const waitMsMax = 3_600_000

export function parseNamesRequest(body: unknown): Parsed<NamesRequest> {
  return parseFields(body, ['names', 'labels', 'wait', 'waitFor', 'timeoutMs'], (fields) => {
    const { wait = true, waitFor = 'running', timeoutMs = null } = fields
    const selection = parseSelection(fields)
    if (selection === null) return badNames
    if (typeof wait !== 'boolean') return bad('wait must be true or false')
    if (!isWaitedFor(waitFor)) return badWaitedFor
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
    return { kind: 'ok', value: { ...selection, wait, waitFor, timeoutMs } }
  })
}

export function parseSignalRequest(body: unknown): Parsed<SignalRequest> {
  return parseFields(body, ['names', 'labels', 'signal'], (fields) => {
    const { signal } = fields
    const selection = parseSelection(fields)
    if (selection === null) return badNames
    if (typeof signal !== 'string') return bad('signal must be a signal name, such as HUP')
    return { kind: 'ok', value: { ...selection, signal } }
  })
}

export function parseSourcesRequest(body: unknown): Parsed<SourcesRequest> {
  return parseFields(body, ['sources', 'lenient', 'waitFor', 'timeoutMs', 'sinceStart'], (fields) => {
    const { sources = null, lenient = null, waitFor = null, timeoutMs = null, sinceStart = false } = fields
    if (sources !== null && !(isNames(sources) && sources.every((path) => path.startsWith('/')))) {
      return bad('sources must be a list of absolute paths, with at least one')
    }
    if (lenient !== null && typeof lenient !== 'boolean') return bad('lenient must be true or false')
    if (waitFor !== null && !isWaitedFor(waitFor)) return badWaitedFor
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
    if (typeof sinceStart !== 'boolean') return bad('sinceStart must be true or false')
    return { kind: 'ok', value: { sources, lenient, waitFor, timeoutMs, sinceStart } }
  })
}

export function parseUpgradeRequest(body: unknown): Parsed<UpgradeRequest> {
  return parseFields(body, ['directory', 'timeoutMs'], ({ directory = null, timeoutMs = null }) => {
    if (directory !== null && !(typeof directory === 'string' && directory.startsWith('/'))) {
      return bad('directory must be an absolute path')
    }
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
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

/** Names, or labels, or both; null: neither, or something else. */
function parseSelection(fields: Readonly<Record<string, unknown>>): Pick<NamesRequest, 'names' | 'labels'> | null {
  const { names = [], labels = [] } = fields
  if (!isTexts(names) || !isTexts(labels)) return null
  return names.length === 0 && labels.length === 0 ? null : { names, labels }
}

function isWaitedFor(value: unknown): value is WaitedFor {
  return value === 'running' || value === 'healthy'
}

function isNames(value: unknown): value is readonly string[] {
  return isTexts(value) && value.length > 0
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '')
}

function isWait(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= waitMsMax
}

const badNames = bad('names must be a list of service names, with at least one, or labels a list of labels')
const badWaitedFor = bad('waitFor must be running or healthy')
const badTimeout = bad(`timeoutMs must be a whole number from 0 to ${waitMsMax}`)

function bad(message: string): { readonly kind: 'bad'; readonly message: string } {
  return { kind: 'bad', message }
}
