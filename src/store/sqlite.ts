import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { KeptOfEngine } from '../core/containers/model.ts'
import type { Now, Target, UnitId } from '../core/model.ts'
import { emptyTarget } from '../core/revive.ts'
import {
  type Changes,
  type Store,
  type Stored,
  type StoredJob,
  type StoredRelease,
  type StoredUnit,
  type StoredWant,
  StoreError,
} from '../engine/ports.ts'
import { boundary } from '../sys/boundary.ts'
import { noUnitChanges, together, type UnitChanges, unitChanges } from './changes.ts'
import { type HomeIdCopy, homeIdCopy } from './home-id.ts'
import { runMigrations, stateMigrations } from './schema.ts'
import { isDamaged, openSqliteFile, type SqliteFile } from './sqlite-file.ts'

export interface SqliteStore extends Store, Starts {
  /** Tells this daemon's processes from those of others on the machine; the same for ever. */
  readonly homeId: string
}

/** What held mode asks: does this daemon die again and again? Never throws. */
export interface Starts {
  /** To be called once, at our start. */
  noteStart(now: Now): void
  /** We end because we were asked to. */
  noteCleanEnd(): void
  /** Earlier starts without a clean end, within this time before ours, in the same boot of the host. */
  deathsWithin(windowMs: number): number
}

export interface SqliteStoreOptions {
  /** For `state.db`: on a disk. */
  readonly stateDirectory: string
  /** For `run.db`: may be emptied at a reboot. */
  readonly runDirectory: string
  readonly warn?: (message: string) => void
  /** For looking at a copy: what would be moved aside, or could not be opened, is thrown as a StoreError. */
  readonly isStrict?: boolean
}

/**
 * Opens the store. Never throws: what is damaged is moved aside, what cannot be opened makes each commit throw
 * StoreError until it can. The order of the two commits of a turn, and why a death in between does no harm, is in
 * docs/decisions/003-two-databases.md.
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { stateDirectory, runDirectory, warn = () => {}, isStrict = false } = options
  const opening: string[] = []
  let report = (message: string): void => void opening.push(message)
  const state = openSqliteFile({
    path: join(stateDirectory, 'state.db'),
    migrations: stateMigrations,
    synchronous: 'FULL',
    warn: (message) => report(message),
    isStrict,
  })
  const run = openSqliteFile({
    path: join(runDirectory, 'run.db'),
    migrations: runMigrations,
    synchronous: 'NORMAL',
    warn: (message) => report(message),
    isStrict,
  })

  const copy = homeIdCopy(stateDirectory)
  let content: Content | null = readContent(state, run, copy, opening)
  if (isStrict && opening.length > 0) throw new StoreError('DAMAGED', opening.join('; '))
  const { homeId } = content.state
  const position = positionOf(content)
  report = warn

  return {
    homeId,
    load: () => {
      const { state: kept, run: running } = content ?? readContent(state, run, copy, opening)
      content = null
      return { stored: storedOf(kept, running, position.owed), warnings: opening.splice(0) }
    },
    commit: (changes) => {
      content = null
      commit({ state, run, position, changes })
    },
    close: () => {
      state.close()
      run.close()
    },
    ...startsIn(run, warn),
  }
}

// ---- commit -------------------------------------------------------------------------------------------------

/** Where the two files stand to each other. */
interface Position {
  /** The boot id in run.db. */
  bootId: string | null
  /** Identity of run.db: a redo for another one means nothing. */
  runFile: string
  /** The last turn with a part in both files, as run.db knows it. */
  applied: number
  /** As state.db knows it; ahead of `applied` while run.db could not be written. */
  turn: number
  /** Committed in state.db, still to be done in run.db. */
  owed: UnitChanges
}

function commit({ state, run, position, changes }: CommitOptions): void {
  const units = unitChanges(changes, position.bootId)
  boundary('store: before the commit')
  const isDurable = hasDurablePart(changes)
  if (isDurable && units !== noUnitChanges) knowRunFile(run, position)
  if (isDurable) commitState({ state, run, position, changes }, units)
  boundary('store: between the commits')
  try {
    commitUnits(run, position, isDurable ? position.owed : together(position.owed, units))
  } catch (error) {
    // What state.db took is committed, its redo with it; run.db gets it with the next commit, or after our death.
    if (!isDurable || !(error instanceof StoreError)) throw error
  }
  boundary('store: after the commit')
}

interface CommitOptions {
  readonly state: SqliteFile
  readonly run: SqliteFile
  readonly position: Position
  readonly changes: Changes
}

function hasDurablePart({ target, runsReserved, releases, engineKept, wants, jobs }: Changes): boolean {
  const isAnyFact = [target, runsReserved, releases, engineKept].some((fact) => fact !== undefined)
  return isAnyFact || wants.length + jobs.length > 0
}

function commitState({ state, position, changes }: CommitOptions, units: UnitChanges): void {
  const hasUnits = units !== noUnitChanges
  const owed = together(position.owed, units)
  const turn = position.turn + (hasUnits ? 1 : 0)
  state.transact(() => {
    if (changes.target !== undefined) setFact(state, 'target', JSON.stringify(changes.target))
    if (changes.runsReserved !== undefined) setFact(state, 'runs', String(changes.runsReserved))
    if (changes.releases !== undefined) setFact(state, 'releases', JSON.stringify(changes.releases))
    if (changes.engineKept !== undefined) setFact(state, 'engine', JSON.stringify(changes.engineKept))
    for (const { unit, want } of changes.wants) {
      if (want === null) state.run('DELETE FROM wants WHERE unit = ?', unit)
      else state.run(putWant, unit, JSON.stringify(want))
    }
    for (const { unit, job } of changes.jobs) {
      if (job === null) state.run('DELETE FROM jobs WHERE unit = ?', unit)
      else state.run(putJob, unit, JSON.stringify(job))
    }
    if (hasUnits) setFact(state, 'redo', JSON.stringify(redoOf(position, turn, owed)))
  })
  position.owed = owed
  position.turn = turn
}

/** Where run.db could not be opened so far: without knowing it, a redo for it would be worth nothing. */
function knowRunFile(run: SqliteFile, position: Position): void {
  if (position.runFile !== '') return
  position.runFile = factOf(run, 'file') ?? ''
  position.applied = Number(factOf(run, 'applied') ?? 0)
  position.turn = Math.max(position.turn, position.applied)
}

function commitUnits(run: SqliteFile, position: Position, units: UnitChanges): void {
  if (units === noUnitChanges) return
  run.transact(() => {
    if (units.bootId !== position.bootId) setFact(run, 'boot', units.bootId)
    if (position.turn !== position.applied) setFact(run, 'applied', String(position.turn))
    for (const [id, unit] of units.rows) {
      if (unit === null) run.run('DELETE FROM units WHERE id = ?', id)
      else run.run(putUnit, id, JSON.stringify(unit))
    }
  })
  position.bootId = units.bootId
  position.applied = position.turn
  position.owed = noUnitChanges
}

// A changed row keeps its place, as in a Map. Columns are named, since a newer program may have added some.
const putUnit = 'INSERT INTO units (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body'
const putWant = 'INSERT INTO wants (unit, want) VALUES (?, ?) ON CONFLICT (unit) DO UPDATE SET want = excluded.want'
const putJob = 'INSERT INTO jobs (unit, body) VALUES (?, ?) ON CONFLICT (unit) DO UPDATE SET body = excluded.body'

function setFact(file: SqliteFile, key: Fact, value: string): void {
  file.run(
    'INSERT INTO facts (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    value,
  )
}

type Fact = 'home' | 'target' | 'runs' | 'releases' | 'engine' | 'redo' | 'boot' | 'applied' | 'file'

// ---- the redo: what state.db took of a turn for run.db ------------------------------------------------------------

interface Redo {
  readonly runFile: string
  /** To be done when run.db stands exactly here. */
  readonly after: number
  readonly turn: number
  readonly bootId: string
  readonly rows: readonly (readonly [UnitId, StoredUnit | null])[]
}

function redoOf(position: Position, turn: number, owed: UnitChanges): Redo {
  return { runFile: position.runFile, after: position.applied, turn, bootId: owed.bootId, rows: [...owed.rows] }
}

function positionOf({ state, run }: Content): Position {
  const { redo } = state
  const isOwed = redo !== null && redo.runFile === run.file && redo.after === run.applied
  return {
    bootId: run.bootId,
    runFile: run.file,
    applied: run.applied,
    turn: Math.max(redo?.turn ?? 0, run.applied),
    owed: isOwed ? { bootId: redo.bootId, rows: new Map(redo.rows) } : noUnitChanges,
  }
}

// ---- load ---------------------------------------------------------------------------------------------------

interface Content {
  readonly state: StateContent
  readonly run: RunContent
}

interface StateContent {
  homeId: string
  target: Target | null
  runsReserved: number | null
  releases: readonly StoredRelease[] | null
  engineKept: KeptOfEngine | null
  redo: Redo | null
  readonly wants: StoredWant[]
  readonly jobs: StoredJob[]
}

interface RunContent {
  homeId: string | null
  file: string
  bootId: string | null
  applied: number
  readonly units: Map<UnitId, StoredUnit>
}

function storedOf(state: StateContent, run: RunContent, owed: UnitChanges): Stored | null {
  const units = new Map(run.units)
  for (const [id, unit] of owed.rows) {
    if (unit === null) units.delete(id)
    else units.set(id, unit)
  }
  const { releases, engineKept } = state
  const kept = state.wants.length + state.jobs.length + units.size
  const facts = [state.target, state.runsReserved, releases, engineKept]
  if (facts.every((fact) => fact === null) && kept === 0) return null
  // Where state.db was lost, the runs that are known still say which numbers were used.
  const runs = [...units.values()].flatMap(({ run, end }) => [run?.n ?? 0, end.run ?? 0])
  return {
    bootId: (owed === noUnitChanges ? run.bootId : owed.bootId) ?? '',
    target: state.target ?? emptyTarget,
    units: [...units.values()],
    wants: state.wants,
    jobs: state.jobs,
    runsReserved: runs.reduce((most, n) => Math.max(most, n + 1), state.runsReserved ?? 1),
    ...(releases === null ? {} : { releases }),
    ...(engineKept === null ? {} : { engineKept }),
  }
}

/** What can be read. A file with a damaged part is moved aside, and what of it could be read goes into the new one. */
function readContent(stateFile: SqliteFile, runFile: SqliteFile, copy: HomeIdCopy, warnings: string[]): Content {
  const state: StateContent = {
    homeId: '',
    target: null,
    runsReserved: null,
    releases: null,
    engineKept: null,
    redo: null,
    wants: [],
    jobs: [],
  }
  const run: RunContent = { homeId: null, file: '', bootId: null, applied: 0, units: new Map() }
  const stateDamage = readAll(() => readState(stateFile, state))
  const runDamage = readAll(() => readRun(runFile, run))
  if (stateDamage !== null) {
    warnings.push(`${stateDamage}; moved to ${stateFile.moveAside('corrupt')}, keeping what could be read of it`)
    tryTo(() => stateFile.transact(() => writeState(stateFile, state)), warnings)
  }
  if (runDamage !== null) {
    warnings.push(`${runDamage}; moved to ${runFile.moveAside('corrupt')}, keeping what could be read of it`)
    tryTo(() => runFile.transact(() => writeRun(runFile, run)), warnings)
    run.file = factOf(runFile, 'file') ?? ''
  }
  agreeOnHome(stateFile, state, runFile, run, run.homeId ?? copy.read(), warnings)
  keepCopy(copy, state.homeId, warnings)
  return { state, run }
}

/** Both files hold the home id: who lost it could no longer tell which of the running processes are its own. */
function agreeOnHome(
  stateFile: SqliteFile,
  state: StateContent,
  runFile: SqliteFile,
  run: RunContent,
  earlier: string | null,
  warnings: string[],
): void {
  const isFresh = state.target === null && state.runsReserved === null
  if (earlier !== null && (isFresh || state.homeId === '') && earlier !== state.homeId) {
    tryTo(() => stateFile.transact(() => setFact(stateFile, 'home', earlier)), warnings)
    state.homeId = earlier
  }
  if (state.homeId === '') state.homeId = `${unstoredHome}${process.pid}`
  else if (run.homeId !== state.homeId)
    tryTo(() => runFile.transact(() => setFact(runFile, 'home', state.homeId)), warnings)
}

function keepCopy(copy: HomeIdCopy, homeId: string, warnings: string[]): void {
  if (copy.read() === homeId || homeId.startsWith(unstoredHome)) return
  try {
    copy.write(homeId)
  } catch (cause) {
    warnings.push(`the copy of the home id cannot be written (${cause}); the databases still have it`)
  }
}

/** Nothing can be stored: what is started now is known to this daemon alone. */
const unstoredHome = 'unstored-'

function readState(file: SqliteFile, into: StateContent): string | null {
  into.homeId = factOf(file, 'home') ?? ''
  const damage: string[] = []
  const runs = Number(factOf(file, 'runs') ?? Number.NaN)
  into.runsReserved = Number.isSafeInteger(runs) ? runs : null
  into.target = parsed<Target>(factOf(file, 'target'), 'apps', () => damage.push('the target'))
  into.releases = parsed<readonly StoredRelease[]>(factOf(file, 'releases'), 'length', () =>
    damage.push('the releases'),
  )
  const engineDamaged = () => damage.push('what is known of images')
  into.engineKept = parsed<KeptOfEngine>(factOf(file, 'engine'), 'ownImages', engineDamaged)
  into.redo = parsed<Redo>(factOf(file, 'redo'), 'rows', () => damage.push('the redo'))
  for (const { unit, want } of file.rows('SELECT unit, want FROM wants ORDER BY rowid')) {
    const value = parsed<StoredWant['want']>(String(want), 'kind', () => damage.push(`the wish for ${unit}`))
    if (value !== null) into.wants.push({ unit: String(unit), want: value })
  }
  for (const { unit, body } of file.rows('SELECT unit, body FROM jobs ORDER BY rowid')) {
    const job = parsed<StoredJob['job']>(String(body), 'history', () => damage.push(`the job ${unit}`))
    if (job !== null) into.jobs.push({ unit: String(unit), job })
  }
  return damage.length === 0 ? null : `state.db: ${damage.slice(0, 3).join(', ')} cannot be read`
}

function readRun(file: SqliteFile, into: RunContent): string | null {
  into.homeId = factOf(file, 'home')
  into.file = factOf(file, 'file') ?? ''
  into.bootId = factOf(file, 'boot')
  into.applied = Number(factOf(file, 'applied') ?? 0)
  const damage: string[] = []
  for (const { id, body } of file.rows('SELECT id, body FROM units ORDER BY rowid')) {
    const unit = parsed<StoredUnit>(String(body), 'phase', () => damage.push(String(id)))
    if (unit !== null) into.units.set(String(id), unit)
  }
  return damage.length === 0 ? null : `run.db: ${damage.length} units cannot be read (${damage.slice(0, 3).join(', ')})`
}

function writeState(file: SqliteFile, content: StateContent): void {
  const { homeId, target, runsReserved, releases, engineKept, wants, jobs } = content
  if (homeId !== '') setFact(file, 'home', homeId)
  if (target !== null) setFact(file, 'target', JSON.stringify(target))
  if (runsReserved !== null) setFact(file, 'runs', String(runsReserved))
  if (releases !== null) setFact(file, 'releases', JSON.stringify(releases))
  if (engineKept !== null) setFact(file, 'engine', JSON.stringify(engineKept))
  for (const { unit, want } of wants) file.run(putWant, unit, JSON.stringify(want))
  for (const { unit, job } of jobs) file.run(putJob, unit, JSON.stringify(job))
}

function writeRun(file: SqliteFile, { homeId, bootId, units }: RunContent): void {
  if (homeId !== null) setFact(file, 'home', homeId)
  if (bootId !== null) setFact(file, 'boot', bootId)
  for (const [id, unit] of units) file.run(putUnit, id, JSON.stringify(unit))
}

/** Null when all could be read, or when there is nothing to read because the file cannot be opened; else what is damaged. */
function readAll(read: () => string | null): string | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return isDamaged(error) ? error.message : null
  }
}

function factOf(file: SqliteFile, key: Fact): string | null {
  for (const { value } of file.rows('SELECT value FROM facts WHERE key = ?', key)) return String(value)
  return null
}

/** Written by us as JSON; one field tells whether it still is what it was. */
function parsed<T>(text: string | null, field: keyof T, damaged: () => void): T | null {
  if (text === null) return null
  try {
    const value: T = JSON.parse(text)
    if (value !== null && typeof value === 'object' && field in value) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  damaged()
  return null
}

function tryTo(write: () => void, warnings: string[]): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    warnings.push(error.message)
  }
}

// ---- starts -------------------------------------------------------------------------------------------------

function startsIn(run: SqliteFile, warn: (message: string) => void): Starts {
  let ours: { readonly id: number; readonly now: Now } | null = null
  const guarded = <T>(otherwise: T, ask: () => T): T => {
    try {
      return ask()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      warn(`${error.message}; repeated deaths of the daemon cannot be counted`)
      return otherwise
    }
  }
  return {
    noteStart: (now) => {
      assert(ours === null, 'a start is noted once')
      guarded(undefined, () =>
        run.transact(() => {
          run.run('INSERT INTO starts (boot, boot_ms, wall_ms) VALUES (?, ?, ?)', now.bootId, now.bootMs, now.wallMs)
          run.run(`DELETE FROM starts WHERE id <= (SELECT max(id) FROM starts) - ${startsKept}`)
          for (const { id } of run.rows('SELECT max(id) AS id FROM starts')) ours = { id: Number(id), now }
        }),
      )
    },
    noteCleanEnd: () => {
      if (ours === null) return
      const { id } = ours
      guarded(undefined, () => run.transact(() => run.run('UPDATE starts SET is_clean = 1 WHERE id = ?', id)))
    },
    deathsWithin: (windowMs) => {
      if (ours === null) return 0
      const { id, now } = ours
      const values = [id, now.bootId, now.bootMs - windowMs, now.bootMs] as const
      return guarded(0, () => {
        for (const { deaths } of run.rows(countDeaths, ...values)) return Number(deaths)
        return 0
      })
    },
  }
}

const countDeaths =
  'SELECT count(*) AS deaths FROM starts WHERE id < ? AND boot = ? AND boot_ms BETWEEN ? AND ? AND is_clean = 0'

/** More deaths than this say nothing new. */
const startsKept = 32
