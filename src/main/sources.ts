import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App, Command, State, Target, UnitId, Who } from '../core/model.ts'
import { emptyTarget } from '../core/revive.ts'
import { validateCounts } from '../core/target/validate.ts'
import type { ServicesDirectory } from '../dialects/runit/decode.ts'
import type { SourceReader } from '../dialects/source-reader.ts'
import type { EnginePort } from '../engine/ports.ts'
import { type Problem, printProblem } from '../formats/format-error.ts'
import { differences } from '../frontends/native/differences.ts'
import type { SourcesPort } from '../frontends/native/handlers.ts'
import { commandOrRefuse } from '../frontends/native/wishes.ts'
import { writeAtomically } from '../sys/atomic-write.ts'
import { apiVersion } from '../wire/api.ts'
import { parseTcpAddress, printTcpAddress } from '../wire/tcp-address.ts'
import type { Declared } from './declared.ts'
import { type DecodeAnswer, decodeInChild } from './decode-child.ts'
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
  close(): void
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
  readonly warn: (text: string) => void
}): Sources {
  const { engine, runDirectory, stateDirectory, reader, warn } = options
  let declared = options.declared
  let { ahead } = options
  // What was before the first reading, until somebody was told what that changed.
  let atStart: State | 'unread' | 'told' = 'unread'
  // One reading at a time: two at once could apply in the wrong order.
  let last: Promise<unknown> = Promise.resolve()
  /** What the files declare, as it was applied last. */
  let ofFiles: Target = emptyTarget
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
    const merged = merge(ofFiles, apps)
    if (merged.faults.length > 0) return [...problems, ...merged.faults]
    const why = `the service directories in ${apps.map(({ source }) => source).join(', ')} changed`
    engine
      .command({ kind: 'set-target', target: merged.target, by: { kind: 'daemon' }, why })
      .catch((error: Error) => warn(error.message))
    return problems
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
    const reading = isAhead && ahead !== null ? ahead : decodeFiles(wanted, directories, runDirectory)
    ahead = null
    const files = await reading
    const looked = services.look(directories, wanted.runsvdir)
    const { target, faults } = merge(files.target, looked.apps)
    const problems = [...files.problems, ...looked.problems, ...faults]
    const errors = problems.filter(({ severity }) => severity === 'error').map(printProblem)
    const warnings = problems.filter(({ severity }) => severity === 'warning').map(printProblem)
    const present = engine.snapshot().state
    if (atStart === 'unread') atStart = present
    const before = request.sinceStart === true && atStart !== 'told' ? atStart : present
    const { changes, unchanged, order } = differences(before, target)
    const isApplied = request.apply && errors.length === 0
    if (isApplied) {
      await apply(wanted, files.target, directories, request.by)
      if (request.by.kind !== 'daemon') atStart = 'told'
      declared = wanted
      remember(stateDirectory, wanted)
    }
    const isGood = errors.length === 0
    return {
      apiVersion,
      kind: 'ChangeReport',
      isApplied,
      sources: wanted.sources,
      errors,
      warnings,
      changes: isGood ? changes : [],
      unchanged,
      order: isGood ? order : [],
      outcomes: [],
    }
  }

  async function apply(
    wanted: Declared,
    files: Target,
    directories: readonly ServicesDirectory[],
    by: Who,
  ): Promise<void> {
    const before = { ofFiles, directories: servicesAmong(declared, reader) }
    // No turn comes in between: whatever changes in a directory from here on counts on top.
    ofFiles = files
    const { apps } = services.take({
      directories,
      runsvdir: wanted.runsvdir,
      state: engine.snapshot().state,
      // Whoever asks for it wants to know how it is now; our own first reading follows the claims.
      isAnew: by.kind !== 'daemon',
    })
    const { target } = merge(files, apps)
    try {
      await commandOrRefuse(engine, { kind: 'set-target', target, by, why: `read from ${wanted.sources.join(', ')}` })
    } catch (error) {
      ofFiles = before.ofFiles
      services.take({
        directories: before.directories,
        runsvdir: declared.runsvdir,
        state: engine.snapshot().state,
        isAnew: true,
      })
      throw error
    }
  }

  return {
    current: () => declared.sources,
    declared: () => declared,
    begin(state) {
      const apps = Object.values(state.target.apps).filter(({ dialect }) => dialect !== 'runit')
      ofFiles = { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
      const directories = servicesAmong(declared, reader)
      if (directories.length === 0) return []
      const taken = services.take({ directories, runsvdir: declared.runsvdir, state, isAnew: true })
      told(taken.problems)
      const { target, faults } = merge(ofFiles, taken.apps)
      // The first reading tells.
      if (faults.length > 0) return []
      return [{ kind: 'set-target', target, by: { kind: 'daemon' }, why: `read from ${declared.sources.join(', ')}` }]
    },
    read: (request) => {
      const reading = last.then(() => read(request))
      last = reading.catch(() => {})
      return reading
    },
    exit: services.exit,
    rescan: services.rescan,
    close: services.close,
  }
}

/** In a child, unless there are none. */
export function decodeFiles(
  { sources, lenient }: Declared,
  directories: readonly ServicesDirectory[],
  runDirectory: string,
): Promise<DecodeAnswer> {
  const isFile = (path: string): boolean =>
    directories.every((directory) => directory.path !== path && `${directory.path}/` !== path)
  const files = sources.filter(isFile)
  if (files.length === 0 && directories.length > 0) return Promise.resolve({ target: emptyTarget, problems: [] })
  return decodeInChild({ sources: files, lenient, runDirectory })
}

/** Everything that is declared, and what is wrong with it as a whole. */
function merge(files: Target, apps: readonly App[]): { readonly target: Target; readonly faults: readonly Problem[] } {
  if (apps.length === 0) return { target: files, faults: [] }
  const merged: Record<string, App> = { ...files.apps }
  const faults: Problem[] = []
  const fault = (file: string, setting: string, message: string, hint: string) =>
    faults.push({ file, line: 1, column: 1, setting, message, hint, severity: 'error' })
  for (const app of apps) {
    const first = merged[app.name]
    if (first === undefined) merged[app.name] = app
    else {
      const message = `the app '${app.name}' is declared by ${first.source} and by ${app.source}`
      fault(app.source, 'name', message, 'name one of them by a link of another name')
    }
  }
  const target = { apps: merged }
  for (const { setting, message, hint } of validateCounts(target, null)) fault(apps[0]!.source, setting, message, hint)
  return { target, faults }
}

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
    }: Partial<Declared> = JSON.parse(readFileSync(pathOf(stateDirectory), 'utf8'))
    if (!Array.isArray(sources) || sources.length === 0) return null
    const isNumber = Number.isSafeInteger(logTotalBytesMax)
    return {
      sources,
      lenient: lenient === true,
      logTotalBytesMax: isNumber ? logTotalBytesMax : null,
      // Printed and read, it is one that --listen takes, or none.
      listen: listen == null ? null : parseTcpAddress(printTcpAddress(listen)),
      runsvdir: runsvdir === 'inherit' || runsvdir === 'store' ? runsvdir : null,
    }
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    // A damaged file is as good as none: the files can be named again.
    if (isMissing || error instanceof SyntaxError) return null
    throw error
  }
}

function remember(stateDirectory: string, declared: Declared): void {
  writeAtomically(pathOf(stateDirectory), `${JSON.stringify(declared, null, 2)}\n`)
}

function pathOf(stateDirectory: string): string {
  return join(stateDirectory, 'sources.json')
}
