import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App, Command, State, Target, UnitId, Who } from '../core/model.ts'
import { aimedAt, rejectedAmong } from '../core/release/held.ts'
import { emptyTarget } from '../core/revive.ts'
import { validateCounts } from '../core/target/validate.ts'
import type { ServicesDirectory } from '../dialects/runit/decode.ts'
import { fileKind } from '../dialects/source-kind.ts'
import type { SourceReader } from '../dialects/source-reader.ts'
import type { EnginePort } from '../engine/ports.ts'
import { type Problem, printProblem } from '../formats/format-error.ts'
import { differences } from '../frontends/native/differences.ts'
import type { SourcesPort, StateApplication } from '../frontends/native/handlers.ts'
import { rejectionItem } from '../frontends/native/releases.ts'
import { appsWithContainers, commandWith } from '../frontends/native/wishes.ts'
import { writeAtomically } from '../sys/atomic-write.ts'
import { apiVersion, type ChangeReport } from '../wire/api.ts'
import { parseTcpAddress, printTcpAddress } from '../wire/tcp-address.ts'
import type { BalenaPlaces, Declared } from './declared.ts'
import { type DecodeAnswer, type DecodeMemory, decodeInChild } from './decode-child.ts'
import type { DevicePlaces } from './device-facts.ts'
import { ensureKeptDevice, keepStated } from './kept-device.ts'
import { openKeptState } from './kept-state.ts'
import { type Services, servicesAmong } from './services.ts'

export interface Sources extends SourcesPort {
  declared(): Declared
  /**
   * Takes the service directories among them, and answers what they declare now, beside what `state` has of the others: before
   * anything is started.
   */
  begin(state: State): readonly Command[]
  /** Of the service directories, those of this unit are given up until they are looked at again. */
  exit(unit: UnitId): void
  /** Looks at the service directories now. */
  rescan(): void
  /** Whether a target state was ever applied. */
  hasState(): boolean
  /** The files, for who puts parts of what they declare in force. */
  readonly files: FilesPort
  close(): void
}

/** What the files declare, read and put in force apart from one another; one at a time, as every reading is. */
export interface FilesPort {
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** As they are now; nothing of it is in force by that. */
  decode(): Promise<DecodeAnswer>
  inForce(): Target
  put(target: Target, by: Who, why: string): Promise<void>
}

export function createSources(options: {
  readonly engine: EnginePort
  readonly runDirectory: string
  readonly stateDirectory: string
  readonly declared: Declared
  /** What `declared` says now, being read since before the engine started: the first reading takes it. null: it is not. */
  readonly ahead: Promise<DecodeAnswer> | null
  /** `changed` is called when what they declare is another than before. */
  readonly reader: SourceReader
  readonly openServices: (changed: () => void) => Services
  /** All that the files declare is about to be put in force, and was. */
  readonly preparing: (files: DecodeAnswer) => Promise<void>
  readonly applied: (files: DecodeAnswer) => Promise<void>
  readonly warn: (text: string) => void
}): Sources {
  const { engine, runDirectory, stateDirectory, reader, warn } = options
  const memory: DecodeMemory = { last: null }
  const places: DecodePlaces = { runDirectory, device: devicePlaces(stateDirectory, options.declared), memory }
  let declared = options.declared
  let { ahead } = options
  // What was before the first reading, until somebody was told what that changed.
  let atStart: State | 'unread' | 'told' = 'unread'
  // One reading at a time: two at once could apply in the wrong order.
  let last: Promise<unknown> = Promise.resolve()
  /** What the files declare, as it was applied last. */
  let ofFiles: Target = emptyTarget
  /** Until the files are read, it is what the daemon before us aimed at. */
  let isRead = false
  const kept = openKeptState(stateDirectory)
  /** What the target state that is kept declares, as it was applied last. */
  let ofKept: Target = emptyTarget
  let isKeptRead = false
  const told = createTold(warn)
  const services = options.openServices(() => {
    const problems = declareServices()
    if (problems !== null) told(problems)
  })

  /** After a change among the service directories; null: nothing may be applied now. */
  function declareServices(): readonly Problem[] | null {
    const { mode } = engine.snapshot().state
    if (mode.kind !== 'running') return null
    const { apps, problems } = services.again(engine.snapshot().state)
    const merged = merge(ofFiles, [...appsOf(ofKept), ...apps])
    if (merged.faults.length > 0) return [...problems, ...merged.faults]
    const why = `the service directories in ${apps.map(({ source }) => source).join(', ')} changed`
    engine
      .command({ kind: 'set-target', target: merged.target, by: { kind: 'daemon' }, why, ...(isRead ? {} : unread) })
      .catch((error: Error) => warn(error.message))
    return problems
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const working = last.then(work)
    last = working.catch(() => {})
    return working
  }

  const read: SourcesPort['read'] = async (request) => {
    const wanted: Declared = {
      ...declared,
      sources: request.sources ?? declared.sources,
      lenient: request.lenient ?? (request.sources === null && declared.lenient),
      runsvdir: request.sources === null ? declared.runsvdir : null,
    }
    const isAhead = ahead !== null && request.sources === null && request.lenient === null
    const directories = servicesAmong(wanted, reader)
    const reading = isAhead && ahead !== null ? ahead : decodeFiles(wanted, directories, places)
    ahead = null
    const [files, stated] = await Promise.all([reading, isKeptRead ? null : readKept()])
    const looked = services.look(directories, wanted.runsvdir)
    const ofFilesNow = withHeldBack(files, ofFiles)
    const ofKeptNow = stated?.target ?? ofKept
    const { target, faults } = merge(ofFilesNow, [...appsOf(ofKeptNow), ...looked.apps])
    const problems = [...files.problems, ...(stated?.problems ?? []), ...looked.problems, ...faults]
    const present = engine.snapshot().state
    if (atStart === 'unread') atStart = present
    const before = request.sinceStart === true && atStart !== 'told' ? atStart : present
    // Nobody is told of what we put in force by ourselves, and to compare it would keep hundreds of units from their start.
    const isTold = !request.apply || request.by.kind !== 'daemon'
    const report = changeReport({ sources: wanted.sources, problems, before: isTold ? before : null, present, target })
    const isApplied = request.apply && report.errors.length === 0
    if (isApplied) {
      const { by, force = false } = request
      await options.preparing(files)
      await apply(wanted, { files: ofFilesNow, kept: ofKeptNow }, directories, { by, force })
      if (request.by.kind !== 'daemon') atStart = 'told'
      declared = wanted
      remember(stateDirectory, wanted)
      if (files.device !== null) keepStated(stateDirectory, files.device)
      await options.applied(files)
    }
    return { ...report, isApplied }
  }

  /** What the kept state declares now. It was good when it was applied: should it be no longer, what it declared then goes on. */
  async function readKept(): Promise<{ readonly target: Target; readonly problems: readonly Problem[] }> {
    if (!kept.exists()) return { target: ofKept, problems: [] }
    const decoded = await decodeKept({ ...places, path: kept.path, file: kept.path })
    const isGood = decoded.problems.every(({ severity }) => severity === 'warning')
    const problems = decoded.problems.map((problem): Problem => ({ ...problem, severity: 'warning' }))
    return isGood ? { target: withHeldBack(decoded, ofKept), problems } : { target: ofKept, problems }
  }

  /** Takes another state in place of the one that is kept, and leaves everything else as it was read last. */
  const applyState: SourcesPort['applyState'] = async (request) => {
    kept.offer(request.text)
    try {
      const decoded = await decodeKept({ ...places, path: kept.path, file: kept.offered })
      const ofKeptNow = withHeldBack(decoded, ofKept)
      const { apps } = services.look(servicesAmong(declared, reader), declared.runsvdir)
      const { target, faults } = merge(ofFiles, [...appsOf(ofKeptNow), ...apps])
      const problems = [...decoded.problems, ...faults].map((problem) => {
        return problem.file === kept.path ? { ...problem, file: request.name } : problem
      })
      const present = engine.snapshot().state
      const report = changeReport({ sources: [request.name], problems, before: present, present, target })
      const isApplied = request.apply && report.errors.length === 0
      if (isApplied) {
        await takeState(request, ofKeptNow)
        if (decoded.device !== null) keepStated(stateDirectory, decoded.device)
      }
      return { ...report, isApplied }
    } finally {
      kept.withdraw()
    }
  }

  async function takeState({ name, by, force }: StateApplication, stated: Target): Promise<void> {
    const before = { ofKept, isKeptRead }
    const takeBack = kept.take()
    ofKept = stated
    isKeptRead = true
    const { apps } = services.again(engine.snapshot().state)
    const { target } = merge(ofFiles, [...appsOf(stated), ...apps])
    try {
      const why = `applied from ${name}`
      const command = { kind: 'set-target', target, by, why, ...(isRead ? {} : unread) } as const
      await commandWith(engine, command, force ? Object.keys(stated.apps) : [])
    } catch (error) {
      ofKept = before.ofKept
      isKeptRead = before.isKeptRead
      takeBack()
      throw error
    }
    // So that the next daemon begins without being told of files.
    remember(stateDirectory, declared)
  }

  async function apply(
    wanted: Declared,
    now: { readonly files: Target; readonly kept: Target },
    directories: readonly ServicesDirectory[],
    { by, force }: { readonly by: Who; readonly force: boolean },
  ): Promise<void> {
    const before = { ofFiles, ofKept, isKeptRead, directories: servicesAmong(declared, reader) }
    // No turn comes in between: whatever changes in a directory from here on counts on top.
    ofFiles = now.files
    ofKept = now.kept
    isKeptRead = true
    const { apps } = services.take({
      directories,
      runsvdir: wanted.runsvdir,
      state: engine.snapshot().state,
      // Whoever asks for it wants to know how it is now; our own first reading follows the claims.
      isAnew: by.kind !== 'daemon',
    })
    const { target } = merge(ofFiles, [...appsOf(ofKept), ...apps])
    try {
      const present = appsWithContainers(engine.snapshot().state.units.values())
      const isContained = ({ services }: App) =>
        Object.values(services).some(({ container }) => container !== undefined)
      const wantedApps = appsOf(target).flatMap((app) => (isContained(app) ? app.name : []))
      const overridden = force ? [...new Set([...present, ...wantedApps])] : []
      await commandWith(engine, { kind: 'set-target', target, by, why: whyRead(wanted) }, overridden)
      isRead = true
    } catch (error) {
      ofFiles = before.ofFiles
      ofKept = before.ofKept
      isKeptRead = before.isKeptRead
      services.take({
        directories: before.directories,
        runsvdir: declared.runsvdir,
        state: engine.snapshot().state,
        isAnew: true,
      })
      throw error
    }
  }

  const files: FilesPort = {
    inTurn,
    decode: () => decodeFiles(declared, servicesAmong(declared, reader), places),
    inForce: () => ofFiles,
    async put(wanted, by, why) {
      const before = ofFiles
      ofFiles = wanted
      const { apps } = services.again(engine.snapshot().state)
      const { target } = merge(ofFiles, [...appsOf(ofKept), ...apps])
      try {
        await engine.command({ kind: 'set-target', target, by, why, ...(isRead ? {} : unread) })
      } catch (error) {
        ofFiles = before
        throw error
      }
    },
  }

  return {
    files,
    current: () => (kept.exists() ? [...declared.sources, kept.path] : declared.sources),
    declared: () => declared,
    begin(state) {
      const apps = Object.values(state.target.apps).filter(({ dialect }) => dialect !== 'runit')
      const isKept = ({ source }: App) => source === kept.path
      ofFiles = targetOf(apps.filter((app) => !isKept(app)))
      ofKept = targetOf(apps.filter(isKept))
      const directories = servicesAmong(declared, reader)
      if (directories.length === 0) return []
      const taken = services.take({ directories, runsvdir: declared.runsvdir, state, isAnew: true })
      told(taken.problems)
      const { target, faults } = merge(ofFiles, [...appsOf(ofKept), ...taken.apps])
      // The first reading tells.
      if (faults.length > 0) return []
      return [{ kind: 'set-target', target, by: { kind: 'daemon' }, why: whyRead(declared), ...unread }]
    },
    read: (request) => inTurn(() => read(request)),
    applyState: (request) => inTurn(() => applyState(request)),
    hasState: kept.exists,
    exit: services.exit,
    rescan: services.rescan,
    close: services.close,
  }
}

const unread = { isUnread: true } as const

/** Where the files are read, and for what device. */
export interface DecodePlaces {
  readonly runDirectory: string
  readonly device: DevicePlaces
  readonly memory?: DecodeMemory
}

export function devicePlaces(stateDirectory: string, { balena }: Declared): DevicePlaces {
  return { stateDirectory, configFile: balena?.configFile ?? null, lockRoot: balena?.lockRoot ?? null }
}

/** In a child, unless there are none. */
export function decodeFiles(
  { sources, lenient, supervisord }: Declared,
  directories: readonly ServicesDirectory[],
  places: DecodePlaces,
): Promise<DecodeAnswer> {
  const isFile = (path: string): boolean =>
    directories.every((directory) => directory.path !== path && `${directory.path}/` !== path)
  const files = sources.filter(isFile)
  if (files.length === 0)
    return Promise.resolve({ target: emptyTarget, problems: [], heldBack: [], device: null, supervisord: [] })
  if (files.some((path) => fileKind(path) === 'balena')) ensureKeptDevice(places.device.stateDirectory)
  return decodeInChild({ sources: files, lenient, supervisord, ...places })
}

/** What stands in `file`, as if it stood where the kept one does. */
function decodeKept({
  path,
  file,
  ...places
}: DecodePlaces & { readonly path: string; readonly file: string }): Promise<DecodeAnswer> {
  ensureKeptDevice(places.device.stateDirectory)
  const { runDirectory, device } = places
  return decodeInChild({ sources: [path], lenient: false, runDirectory, device, standIn: { source: path, file } })
}

/** What is held back stays as it was declared before by the same source, if it was. */
function withHeldBack({ target, heldBack }: DecodeAnswer, before: Target): Target {
  const names = new Set(heldBack.map(({ app }) => app))
  const stay = appsOf(before).filter(({ name }) => names.has(name) && !Object.hasOwn(target.apps, name))
  return stay.length === 0 ? target : targetOf([...appsOf(target), ...stay])
}

function targetOf(apps: readonly App[]): Target {
  return { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
}

function appsOf({ apps }: Target): readonly App[] {
  return Object.values(apps)
}

function whyRead({ sources }: Declared): string {
  return sources.length === 0 ? 'read from what was applied' : `read from ${sources.join(', ')}`
}

/** What a target would change, if nothing is wrong with it. */
function changeReport(options: {
  readonly sources: readonly string[]
  readonly problems: readonly Problem[]
  /** null: what changes is not asked for. */
  readonly before: State | null
  readonly present: State
  readonly target: Target
}): Omit<ChangeReport, 'isApplied'> {
  const { sources, problems, before, present, target } = options
  const told = (wanted: Problem['severity']) => problems.filter(({ severity }) => severity === wanted).map(printProblem)
  const [errors, warnings] = [told('error'), told('warning')]
  const { changes, unchanged, order } =
    before === null ? { changes: [], unchanged: 0, order: [] } : differences(before, aimedAt(present, target))
  const rejections = rejectedAmong(present, target).flatMap((release) => rejectionItem(release) ?? [])
  const isGood = errors.length === 0
  return {
    apiVersion,
    kind: 'ChangeReport',
    sources,
    errors,
    warnings,
    changes: isGood ? changes : [],
    unchanged,
    order: isGood ? order : [],
    outcomes: [],
    rejections: isGood ? rejections : [],
  }
}

/** Everything that is declared, and what is wrong with it as a whole. */
function merge(files: Target, apps: readonly App[]): { readonly target: Target; readonly faults: readonly Problem[] } {
  if (apps.length === 0) return { target: files, faults: [] }
  const merged: Record<string, App> = { ...files.apps }
  const faults: Problem[] = []
  const fault = (file: string, setting: string, message: string, hint: string) =>
    faults.push({ file, line: 1, column: 1, setting, message, hint, severity: 'error' })
  for (const app of apps) {
    const first = Object.hasOwn(merged, app.name) ? merged[app.name] : undefined
    if (first === undefined) merged[app.name] = app
    else {
      const message = `the app '${app.name}' is declared by ${first.source} and by ${app.source}`
      fault(app.source, 'name', message, app.dialect === 'runit' ? linkHint : 'give one of them another name')
    }
  }
  const target = { apps: merged }
  for (const { setting, message, hint } of validateCounts(target, null)) fault(apps[0]!.source, setting, message, hint)
  return { target, faults }
}

const linkHint = 'name one of them by a link of another name'

/** What is wrong with a service directory is told once, and again when it was mended in between. */
function createTold(warn: (text: string) => void): (problems: readonly Problem[]) => void {
  let before: ReadonlySet<string> = new Set()
  return (problems) => {
    const now = new Set(problems.map(printProblem))
    for (const text of now) if (!before.has(text)) warn(text)
    before = now
  }
}

/** The sources of last time, or null where there are none. */
export function rememberedSources(stateDirectory: string): Declared | null {
  try {
    const {
      sources,
      lenient,
      logTotalBytesMax = null,
      listen,
      runsvdir,
      balena,
    }: Partial<Declared> = JSON.parse(readFileSync(pathOf(stateDirectory), 'utf8'))
    if (!Array.isArray(sources)) return null
    const isNumber = Number.isSafeInteger(logTotalBytesMax)
    return {
      sources,
      lenient: lenient === true,
      logTotalBytesMax: isNumber ? logTotalBytesMax : null,
      // Printed and read, it is one that --listen takes, or none.
      listen: listen == null ? null : parseTcpAddress(printTcpAddress(listen)),
      runsvdir: runsvdir === 'inherit' || runsvdir === 'store' ? runsvdir : null,
      ...balenaOf(balena),
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    // A damaged file is as good as none: the files can be named again. Of somebody else's home its lock tells.
    if (code === 'ENOENT' || code === 'EACCES' || error instanceof SyntaxError) return null
    throw error
  }
}

function balenaOf(balena: Partial<BalenaPlaces> | undefined): Pick<Declared, 'balena'> {
  if (typeof balena !== 'object' || balena === null) return {}
  const path = (value: unknown) => (typeof value === 'string' && value.startsWith('/') ? value : null)
  return { balena: { configFile: path(balena.configFile), lockRoot: path(balena.lockRoot) } }
}

/** What a daemon without files goes on with. Throws the system's error where it cannot be written. */
export function remember(stateDirectory: string, declared: Declared): void {
  writeAtomically(pathOf(stateDirectory), `${JSON.stringify(declared, null, 2)}\n`)
}

function pathOf(stateDirectory: string): string {
  return join(stateDirectory, 'sources.json')
}
