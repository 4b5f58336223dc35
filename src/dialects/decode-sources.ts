import type { Abilities } from '../base/abilities.ts'
import { problemsMax } from '../core/limits.ts'
import type { App, Target } from '../core/model.ts'
import { limitFaults } from '../core/target/limits-faults.ts'
import { validateApp, validateCounts } from '../core/target/validate.ts'
import { compareProblems, type Problem } from '../formats/format-error.ts'
import type { DeviceFacts } from './balena/device-facts.ts'
import type { DecodedSource, HeldBack, Origin, Place, StatedDevice } from './decoding.ts'
import { checkServiceDirectories, decodeServices, type ServicesDirectory } from './runit/decode.ts'
import type { ServiceDirectory } from './runit/service-directory.ts'
import { fileKind, servicesDirectoryAt, sourceFilesIn } from './source-kind.ts'
import { isFailure, type SourceReader } from './source-reader.ts'
import { decodeSupervisord } from './supervisord/decode.ts'
import type { Called } from './supervisord/said.ts'
import type { SupervisordSettings } from './supervisord/settings.ts'

export interface Decoded {
  /** What was understood. With a problem of severity 'error' it must not be applied. */
  readonly target: Target
  readonly problems: readonly Problem[]
  /** Apps that are declared and not taken: they stay as they are. */
  readonly heldBack: readonly HeldBack[]
  /** What target states among them take this device for; null: there are none. */
  readonly device: StatedDevice | null
  /** Of each source of that dialect, in their order. */
  readonly supervisord: readonly SupervisordSettings[]
}

/** The same, with where everything was written. */
export interface DecodedWithOrigins extends Decoded {
  /** Of runit: checked, and no part of the target. */
  readonly serviceDirectories: readonly ServiceDirectory[]
  /** See DecodedSource. */
  origin(app: string, path: readonly string[]): Origin | null
}

export interface DecodeOptions {
  /** Unknown keys are warnings instead of errors. */
  readonly lenient: boolean
  /** The hard limit of open files, where the daemon will run; null when it is not known. */
  readonly descriptorsMax: number | null
  /** What can be enforced where the daemon will run; without it, limits are taken as they are written. */
  readonly abilities?: Abilities | null
  /** How to read files, whatever their names end in; null: by their names. */
  readonly dialect?: 'compose' | 'supervisord' | 'balena' | null
  /** Files of supervisord are what it was called with; absent: they are sources of another daemon. */
  readonly called?: Called
  /** The device that target states are for; without it they are checked as they are written. */
  readonly device?: DeviceFacts | null
  /** Service directories of runit are looked at in every detail, and are no part of the target. */
  readonly serviceDirectories?: 'checked'
}

/**
 * Reads sources into one target: `.yaml` and `.yml` files as Compose files, `.conf` and `.ini` files as supervisord's, `.json` files as target states,
 * a directory as all of them in it, or as runit's where it has service directories and none of them. Paths are absolute. Reports every problem, in the order of the files; never throws
 * for what a file holds.
 */
export async function decodeSources(
  paths: readonly string[],
  reader: SourceReader,
  options: DecodeOptions,
): Promise<Decoded> {
  const { target, problems, heldBack, device, supervisord } = await decodeWithOrigins(paths, reader, options)
  return { target, problems, heldBack, device, supervisord }
}

export async function decodeWithOrigins(
  paths: readonly string[],
  reader: SourceReader,
  options: DecodeOptions,
): Promise<DecodedWithOrigins> {
  const problems: Problem[] = []
  const sources: DecodedSource[] = []
  const serviceDirectories: ServiceDirectory[] = []
  const reading: Reading = { reader, options, problems, serviceDirectories }
  for (const path of paths) sources.push(...(await decodeSource(path, reading)))
  for (const source of sources) for (const problem of source.problems) problems.push(problem)
  const { apps, owners } = mergeApps(sources, problems)
  for (const [app, source] of owners) {
    report(problems, source, validateApp(app))
    if (options.abilities) report(problems, source, limitFaults({ apps: { [app.name]: app } }, options.abilities))
  }
  const target: Target = { apps }
  const start = { file: paths[0] ?? '', line: 1, column: 1 }
  for (const fault of validateCounts(target, options.descriptorsMax)) {
    const owner = fault.app === null ? undefined : owners.get(apps[fault.app]!)
    if (owner !== undefined) report(problems, owner, [fault])
    else
      problems.push({ ...start, setting: fault.setting, message: fault.message, hint: fault.hint, severity: 'error' })
  }
  const origin = (app: string, path: readonly string[]) =>
    Object.hasOwn(apps, app) ? (owners.get(apps[app]!)?.origin(app, path) ?? null) : null
  const heldBack = sources.flatMap((source) => source.heldBack ?? [])
  const device = sources.findLast((source) => source.device !== undefined)?.device ?? null
  const supervisord = sources.flatMap((source) => source.supervisord ?? [])
  return { target, problems: firstProblems(problems), heldBack, device, supervisord, origin, serviceDirectories }
}

// Errors before warnings where some must go: a target with any error must stay one.
function firstProblems(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.toSorted(compareProblems)
  if (sorted.length <= problemsMax) return sorted
  const errors = sorted.filter((problem) => problem.severity === 'error')
  const warnings = sorted.filter((problem) => problem.severity === 'warning')
  return errors.concat(warnings).slice(0, problemsMax).toSorted(compareProblems)
}

interface Reading {
  readonly reader: SourceReader
  readonly options: DecodeOptions
  readonly problems: Problem[]
  readonly serviceDirectories: ServiceDirectory[]
}

async function decodeSource(path: string, reading: Reading): Promise<readonly DecodedSource[]> {
  const { reader, options, problems } = reading
  const names = reader.list(path)
  if (!isFailure(names)) return decodeDirectory(path, names, reading)
  const kind = options.dialect ?? fileKind(path)
  if (kind === 'compose') return await decodeComposeFile(path, reading)
  if (kind === 'supervisord') return [decodeSupervisord([path], reader, options.called)]
  if (kind === 'balena') {
    const { decodeBalena } = await import('./balena/decode.ts')
    return [decodeBalena(path, reader, options.device ?? null)]
  }
  const content = reader.read(path)
  const message = isFailure(content)
    ? `cannot be read: ${content.message}`
    : 'what kind of file this is cannot be told from its name'
  problems.push(fileProblem(path, message, `sources are ${sourceKinds}`))
  return []
}

/** Loaded where there is one: YAML weighs more than everything else here. */
async function decodeComposeFile(path: string, { reader, options }: Reading): Promise<readonly DecodedSource[]> {
  const { decodeCompose } = await import('./compose/decode.ts')
  return await decodeCompose(path, reader, options)
}

const sourceKinds =
  'files ending in .yaml or .yml (Compose format), .conf or .ini (supervisord) or .json (target state), directories of the first two, and directories of service directories (runit)'

async function decodeDirectory(
  directory: string,
  names: readonly string[],
  reading: Reading,
): Promise<readonly DecodedSource[]> {
  const { reader, options, problems } = reading
  const base = directory.endsWith('/') ? directory.slice(0, -1) : directory
  const services = servicesDirectoryAt(base, reader, false)
  if (services !== null) {
    if (options.serviceDirectories === undefined) return [serviceSource(services, reader)]
    const checked = checkServiceDirectories(base, names, services.which, reader)
    for (const problem of checked.problems) problems.push(problem)
    for (const one of checked.directories) reading.serviceDirectories.push(one)
    return []
  }
  const files = sourceFilesIn(base, names, reader)
  if (files.length === 0) {
    const message = 'there is neither a file to read nor a service directory in this directory'
    problems.push(fileProblem(base, message, `sources are ${sourceKinds}`))
  }
  const compose: FileSources[] = []
  for (const path of files)
    if (fileKind(path) === 'compose') compose.push({ path, sources: await decodeComposeFile(path, reading) })
  const decoded = withoutParts(compose)
  // One parser for all of them, as when an [include] names them: a group may stand in another file than its programs.
  const supervisord = files.filter((path) => fileKind(path) === 'supervisord')
  if (supervisord.length > 0) decoded.push(decodeSupervisord(supervisord, reader, options.called, base))
  return decoded
}

interface FileSources {
  readonly path: string
  readonly sources: readonly DecodedSource[]
}

/** Files that another one extends, includes or is overridden by are parts of that, and no apps of their own. */
function withoutParts(files: readonly FileSources[]): DecodedSource[] {
  const reads = (one: FileSources, other: FileSources) =>
    one !== other && one.sources.some((source) => source.files?.includes(other.path))
  const isPart = (file: FileSources) => files.some((one) => reads(one, file) && !reads(file, one))
  return files.filter((file) => !isPart(file)).flatMap(({ sources }) => sources)
}

/** As a daemon runs it; each of its services stands for itself, so that what is wrong with one stops no other. */
function serviceSource(directory: ServicesDirectory, reader: SourceReader): DecodedSource {
  const { app, problems } = decodeServices(directory, { reader, unlogged: 'store' })
  const place = (service: string | null) =>
    service === null ? app.source : (app.services[service]?.process.workingDir ?? app.source)
  return {
    apps: [app],
    problems: problems.map((problem) => ({ ...problem, severity: 'warning' })),
    locate: ({ service, setting }) => ({ file: place(service), line: 1, column: 1, setting }),
    // What is there decides; nothing of it is written in a line.
    origin: (_app, [top, service = null]) =>
      top === 'services' ? { file: place(service), line: 1, column: 1, written: null } : null,
  }
}

interface Merged {
  readonly apps: Readonly<Record<string, App>>
  readonly owners: ReadonlyMap<App, DecodedSource>
}

function mergeApps(sources: readonly DecodedSource[], problems: Problem[]): Merged {
  const apps = new Map<string, App>()
  const owners = new Map<App, DecodedSource>()
  for (const source of sources) {
    for (const app of source.apps) {
      const first = apps.get(app.name)
      if (first === undefined) {
        apps.set(app.name, app)
        owners.set(app, source)
        continue
      }
      const hint =
        app.dialect === 'compose'
          ? "give one of them another name with a top-level 'name:'"
          : 'rename or remove one of them'
      const message = `the app '${app.name}' is declared by ${first.source} and by ${app.source}`
      report(problems, source, [{ app: app.name, service: null, setting: 'name', message, hint }])
    }
  }
  return { apps: Object.fromEntries(apps), owners }
}

function report(
  problems: Problem[],
  source: DecodedSource,
  faults: readonly (Place & { readonly message: string; readonly hint: string })[],
): void {
  for (const fault of faults) {
    problems.push({ ...source.locate(fault), message: fault.message, hint: fault.hint, severity: 'error' })
  }
}

function fileProblem(file: string, message: string, hint: string): Problem {
  return { file, line: 1, column: 1, setting: '', message, hint, severity: 'error' }
}
