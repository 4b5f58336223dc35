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
  /** Update locks of the apps of these units, whoever made them, hold back nothing until what was asked for is done. */
  readonly force: boolean
}

export type WaitedFor = 'running' | 'healthy'

/** committed: its release has proved itself, or needs not. */
export type WaitedForOfUp = WaitedFor | 'committed'

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
  readonly waitFor: WaitedForOfUp | null
  /** null: as long as stop ladders, hooks and checks take, and a little more. */
  readonly timeoutMs: number | null
  /** Report what has changed since this daemon began, with what it read then. */
  readonly sinceStart: boolean
  /** Update locks, whoever made them, hold back nothing until these changes are made. */
  readonly force: boolean
  /**
   * Images that the client has loaded into the engine for what is declared then: ours from there on, to be removed when nothing
   * needs them. Their ids, by reference; of one that has lost its name, by id.
   */
  readonly loadedImages: Readonly<Record<string, string>>
}

export interface ApplyRequest {
  /** A target state of balena's, as the text that it is written in: problems are told by their place in it. */
  readonly state: string
  /** What the text is called in problems. */
  readonly name: string
  /** Update locks of its apps, whoever made them, hold back nothing until these changes are made. */
  readonly force: boolean
  /** Only report what would change. */
  readonly dryRun: boolean
  /** As in SourcesRequest. */
  readonly loadedImages: Readonly<Record<string, string>>
  /** As in SourcesRequest. */
  readonly waitFor: WaitedForOfUp | null
  readonly timeoutMs: number | null
}

export interface PurgeRequest {
  /** `APP/VOLUME`, `APP` or `APP/` for all of an app, or what the engine calls one. */
  readonly names: readonly string[]
  /** Only tell what would be purged, and what has to end for it. */
  readonly dryRun: boolean
  /** As in NamesRequest: of the apps whose containers have to end for it. */
  readonly force: boolean
  /** false: answer as soon as the command is stored. */
  readonly wait: boolean
  readonly timeoutMs: number | null
}

export interface UpgradeRequest {
  /** Absolute: where the other version lies; null: where this one does, replaced in place. */
  readonly directory: string | null
  /** How long its preflight may take; null: as long as is usual. */
  readonly timeoutMs: number | null
}

export interface ExecRequest {
  /** Of one unit. */
  readonly name: string
  readonly command: readonly string[]
  /** On top of the unit's. */
  readonly environment: Readonly<Record<string, string>>
  /** null: as the unit. */
  readonly user: string | null
  /** null: as the unit; a relative one counts from there. */
  readonly workingDir: string | null
  /** It gets a terminal of this size, and stderr comes as stdout. null: no terminal. */
  readonly terminal: { readonly rows: number; readonly columns: number } | null
  /** false: its stdin is empty. */
  readonly input: boolean
}

/** What clients send: what they leave out has the value that its parser gives it. */
export type NamesBody = Partial<NamesRequest>
export type SignalBody = Partial<SignalRequest> & Pick<SignalRequest, 'signal'>
export type SourcesBody = Partial<SourcesRequest>
export type ApplyBody = Partial<ApplyRequest> & Pick<ApplyRequest, 'state'>
export type PurgeBody = Partial<PurgeRequest> & Pick<PurgeRequest, 'names'>
export type UpgradeBody = Partial<UpgradeRequest>
export type ExecBody = Partial<ExecRequest> & Pick<ExecRequest, 'name' | 'command'>

export type Parsed<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'bad'; readonly message: string }

/** Waiting longer than this is a forgotten client. */
const waitMsMax = 3_600_000

export function parseNamesRequest(body: unknown): Parsed<NamesRequest> {
  return parseFields(body, ['names', 'labels', 'wait', 'waitFor', 'timeoutMs', 'force'], (fields) => {
    const { wait = true, waitFor = 'running', timeoutMs = null, force = false } = fields
    const selection = parseSelection(fields)
    if (selection === null) return badNames
    if (typeof wait !== 'boolean') return bad('wait must be true or false')
    if (!isWaitedFor(waitFor)) return badWaitedFor
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
    if (typeof force !== 'boolean') return badForce
    return { kind: 'ok', value: { ...selection, wait, waitFor, timeoutMs, force } }
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
  return parseFields(body, sourcesFields, (fields) => {
    const { sources = null, lenient = null, waitFor = null, timeoutMs = null } = fields
    const { sinceStart = false, force = false, loadedImages = {} } = fields
    if (sources !== null && !(isNames(sources) && sources.every((path) => path.startsWith('/')))) {
      return bad('sources must be a list of absolute paths, with at least one')
    }
    if (lenient !== null && typeof lenient !== 'boolean') return bad('lenient must be true or false')
    if (waitFor !== null && waitFor !== 'committed' && !isWaitedFor(waitFor)) return badWaitedForOfUp
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
    if (typeof sinceStart !== 'boolean') return bad('sinceStart must be true or false')
    if (typeof force !== 'boolean') return badForce
    if (!isImages(loadedImages)) return badImages
    return { kind: 'ok', value: { sources, lenient, waitFor, timeoutMs, sinceStart, force, loadedImages } }
  })
}

const sourcesFields: readonly string[] = [
  ...['sources', 'lenient', 'waitFor', 'timeoutMs', 'sinceStart', 'force', 'loadedImages'],
]

export function parseApplyRequest(body: unknown): Parsed<ApplyRequest> {
  return parseFields(body, applyFields, (fields) => {
    const { state, name = 'the state', force = false, dryRun = false, waitFor = null, timeoutMs = null } = fields
    const { loadedImages = {} } = fields
    if (typeof state !== 'string') return bad('state must be a target state, as one text of JSON')
    if (typeof name !== 'string' || name === '') return bad('name must be a text')
    if (typeof force !== 'boolean' || typeof dryRun !== 'boolean') return bad('force and dryRun must be true or false')
    if (waitFor !== null && waitFor !== 'committed' && !isWaitedFor(waitFor)) return badWaitedForOfUp
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
    if (!isImages(loadedImages)) return badImages
    return { kind: 'ok', value: { state, name, force, dryRun, loadedImages, waitFor, timeoutMs } }
  })
}

const applyFields: readonly string[] = [...['state', 'name', 'force', 'dryRun', 'loadedImages', 'waitFor', 'timeoutMs']]

export function parsePurgeRequest(body: unknown): Parsed<PurgeRequest> {
  return parseFields(body, ['names', 'dryRun', 'force', 'wait', 'timeoutMs'], (fields) => {
    const { names, dryRun = false, force = false, wait = true, timeoutMs = null } = fields
    if (!isNames(names)) return bad('names must be a list of volumes or apps, with at least one')
    if (typeof dryRun !== 'boolean' || typeof wait !== 'boolean') return bad('dryRun and wait must be true or false')
    if (typeof force !== 'boolean') return badForce
    if (timeoutMs !== null && !isWait(timeoutMs)) return badTimeout
    return { kind: 'ok', value: { names, dryRun, force, wait, timeoutMs } }
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

export function parseExecRequest(body: unknown): Parsed<ExecRequest> {
  return parseFields(body, execFields, (fields) => {
    const { name, command, environment = {}, user = null, workingDir = null, terminal = null, input = false } = fields
    if (typeof name !== 'string' || name === '') return bad('name must be the name of one unit')
    if (!Array.isArray(command) || command.length === 0 || !command.every((word) => typeof word === 'string')) {
      return bad('command must be a list of words, with at least one')
    }
    if (!isEnvironment(environment)) return bad('environment must be an object of texts')
    if (user !== null && (typeof user !== 'string' || user === '')) return bad('user must be a name or a number')
    if (workingDir !== null && (typeof workingDir !== 'string' || workingDir === '')) {
      return bad('workingDir must be a path')
    }
    if (terminal !== null && !isSize(terminal)) return bad('terminal must have rows and columns, from 1 to 65535')
    if (typeof input !== 'boolean') return bad('input must be true or false')
    return { kind: 'ok', value: { name, command, environment, user, workingDir, terminal, input } }
  })
}

const execFields: readonly string[] = ['name', 'command', 'environment', 'user', 'workingDir', 'terminal', 'input']

export function isSize(value: unknown): value is NonNullable<ExecRequest['terminal']> {
  if (typeof value !== 'object' || value === null || !('rows' in value) || !('columns' in value)) return false
  return [value.rows, value.columns].every(
    (count) => Number.isInteger(count) && Number(count) > 0 && Number(count) < 65_536,
  )
}

function isImages(value: unknown): value is SourcesRequest['loadedImages'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, id]) => name !== '' && isText(id) && /^sha256:[0-9a-f]{64}$/.test(id))
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isEnvironment(value: unknown): value is ExecRequest['environment'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, text]) => typeof text === 'string' && name !== '' && !name.includes('='))
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
const badWaitedForOfUp = bad('waitFor must be running, healthy or committed')
const badImages = bad('loadedImages must be an object of image ids (sha256:…) by reference')
const badForce = bad('force must be true or false')
const badTimeout = bad(`timeoutMs must be a whole number from 0 to ${waitMsMax}`)

function bad(message: string): { readonly kind: 'bad'; readonly message: string } {
  return { kind: 'bad', message }
}
