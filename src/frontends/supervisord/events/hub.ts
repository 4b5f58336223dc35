import { earlyOutputsMax } from '../../../core/limits.ts'
import type { App, Dialect, UnitId } from '../../../core/model.ts'
import { unitParts } from '../../../core/target/units.ts'
import type { LogLevel } from '../../../dialects/supervisord/settings.ts'
import type { Clock, Dialogue, DialoguePort, EnginePort, OutputNews } from '../../../engine/ports.ts'
import type { EventHub, ProcessEvent, ProcessTable, ProcessView } from '../contract.ts'
import { type HubState, hubStateVersion, type SavedPool } from './hub-state.ts'
import { createListener, type Listener } from './listener.ts'
import {
  groupPayload,
  outputEventName,
  outputPayload,
  remotePayload,
  stateEventName,
  statePayload,
  tickPayload,
} from './payloads.ts'
import { createPool, envelope, type Pool, type PoolDeclared, type Waiting } from './pool.ts'
import { printedResult } from './printed.ts'
import { createTicks, tickPeriods } from './ticks.ts'

export interface EventHubParts {
  readonly engine: Pick<EnginePort, 'snapshot' | 'subscribe'>
  /** Of all apps. It shows a turn before we hear of that: to be made before us. */
  readonly table: ProcessTable
  readonly dialogues: DialoguePort
  /** Its alarm by the wall clock is ours alone. */
  readonly clock: Pick<Clock, 'now' | 'armWall'>
  readonly identifier: () => string
  /** Into the activity log. */
  readonly log: (level: LogLevel, message: string) => void
  /** To the daemon's own standard output. */
  readonly print: (text: string) => void
  /** What the image before us saved. */
  readonly saved?: HubState | null
}

/** Tells the listeners of each pool what happens, one event at a time to each. */
export function createEventHub(parts: EventHubParts): EventHub {
  const { engine, table, log, saved = null } = parts
  const pools = new Map<string, Pool>()
  const listeners = new Map<UnitId, Listener>()
  /** The last process of each unit: of its output something may come when it has ended. */
  const pids = new Map<UnitId, number>()
  /** What was printed before the table shows the process that printed it. */
  const early = new Map<UnitId, OutputNews[]>()
  let nextSerial = saved?.nextSerial ?? 0
  /** Of pools that have not come back yet. */
  let carried: readonly SavedPool[] = saved?.pools ?? []
  let seen: Readonly<Record<string, App>> | null = null

  // ---- pools

  function sync(): void {
    const { apps } = engine.snapshot().state.target
    if (apps === seen) return
    seen = apps
    for (const name of pools.keys()) if (apps[name]?.listener === undefined) pools.delete(name)
    for (const app of Object.values(apps)) open(app)
    // Whoever is not declared by now has gone.
    if (Object.keys(apps).length > 0) carried = []
    wantTicks()
  }

  function open(app: App | undefined): void {
    if (app?.listener === undefined) return
    const declared = { settings: app.listener, dialect: app.dialect }
    const pool = pools.get(app.name)
    if (pool !== undefined) pool.configure(declared)
    else pools.set(app.name, newPool(app.name, declared))
  }

  function newPool(name: string, declared: PoolDeclared): Pool {
    const before = carried.find((one) => one.name === name)
    return createPool({ name, declared, log, saved: before === undefined ? null : restored(before) })
  }

  function wantTicks(): void {
    const isWanted = (period: number) => pools.values().some((pool) => pool.wants(`TICK_${period}`, null))
    ticks.want(tickPeriods.filter(isWanted))
  }

  // ---- what happens

  /** `payload` is asked for only where somebody wants to know. `of`: of an app of which dialect it tells; null: of none. */
  function publish(name: string, of: Dialect | null, payload: () => string): void {
    const wanting = [...pools.values()].filter((pool) => pool.wants(name, of))
    if (wanting.length === 0) return
    const event = { serial: nextSerial, name, payload: Buffer.from(payload()) }
    nextSerial += 1
    for (const pool of wanting) pool.accept(event)
    for (const pool of wanting) dispatch(pool)
  }

  function hear(event: ProcessEvent): void {
    switch (event.kind) {
      case 'state': {
        sync()
        noteProcess(event)
        publish(stateEventName(event), event.process.dialect, () => statePayload(event))
        const pool = pools.get(event.process.group)
        if (pool !== undefined) dispatch(pool)
        return
      }
      case 'group':
        hearOfGroup(event)
        return
      case 'spawned':
        noteProcess(event)
        return
      case 'signalled':
        return
    }
  }

  function noteProcess({ process, pid }: Extract<ProcessEvent, { kind: 'state' | 'spawned' }>): void {
    const { unit } = process
    if (pid !== 0) pids.set(unit, pid)
    if (!isComing(process)) publishEarly(process)
  }

  /** Groups come one after the other: a pool hears of itself and of those after it, and not of its own end. */
  function hearOfGroup({ group, change, dialect }: Extract<ProcessEvent, { kind: 'group' }>): void {
    if (change === 'removed') pools.delete(group)
    else open(engine.snapshot().state.target.apps[group])
    wantTicks()
    for (const unit of [...pids.keys(), ...early.keys()]) {
      if (table.byUnit(unit) !== null) continue
      pids.delete(unit)
      early.delete(unit)
    }
    publish(`PROCESS_GROUP_${change === 'added' ? 'ADDED' : 'REMOVED'}`, dialect, () => groupPayload(group))
  }

  function output(news: OutputNews): void {
    const process = table.byUnit(news.unit)
    if (process === null) return
    const held = early.get(news.unit) ?? []
    if (isComing(process) && held.length < earlyOutputsMax) {
      early.set(news.unit, [...held, news])
      return
    }
    publishEarly(process)
    publishOutput(news, process)
  }

  function publishEarly(process: ProcessView): void {
    const held = early.get(process.unit) ?? []
    early.delete(process.unit)
    for (const news of held) publishOutput(news, process)
  }

  function publishOutput(news: OutputNews, process: ProcessView): void {
    const pid = isComing(process) ? 0 : (pids.get(news.unit) ?? process.pid)
    publish(outputEventName(news), process.dialect, () => outputPayload(news, { ...process, pid }))
  }

  // ---- who is told

  function begun(dialogue: Dialogue): void {
    const { unit } = dialogue
    const { app, service } = unitParts(unit)
    const listener: Listener = createListener({
      dialogue,
      name: () => table.byUnit(unit)?.name ?? service,
      log,
      accepts: (result) => isAccepted(pools.get(app), result),
      rejected: (waiting) => pools.get(app)?.putBack(waiting),
      changed,
      ended() {
        if (listeners.get(unit)?.run === dialogue.run) listeners.delete(unit)
        changed()
      },
    })
    listeners.set(unit, listener)
    changed()

    function changed(): void {
      const pool = pools.get(app)
      if (pool !== undefined) dispatch(pool)
    }
  }

  function isAccepted(pool: Pool | undefined, result: Uint8Array): boolean {
    switch (pool?.settings.result) {
      case 'ok':
        return Buffer.from(result).equals(okResult)
      case 'print':
        parts.print(printedResult(result))
        return true
      default:
        return true
    }
  }

  /** To whoever is ready, the oldest first. */
  function dispatch(pool: Pool): void {
    for (let waiting = pool.take(); waiting !== null; waiting = pool.take()) {
      if (isSent(pool, waiting)) continue
      pool.untake(waiting)
      return
    }
  }

  function isSent(pool: Pool, waiting: Waiting): boolean {
    for (const { unit, name, state } of table.group(pool.name) ?? []) {
      const listener = listeners.get(unit)
      if (state !== 'RUNNING' || listener?.isReady() !== true) continue
      const outcome = listener.send(waiting, envelope(waiting, { server: parts.identifier(), pool: pool.name }))
      if (outcome === 'sent') {
        log('debug', `event ${waiting.serial} sent to listener ${name}`)
        return true
      }
      const why = 'listener state unchanged'
      log('debug', `epipe occurred while sending event ${waiting.serial} to listener ${name}, ${why}`)
    }
    return false
  }

  function save(): HubState {
    const busy = [...listeners].flatMap(([unit, listener]) => {
      const waiting = listener.busyWith()
      return waiting === null ? [] : [{ pool: unitParts(unit).app, waiting }]
    })
    return {
      version: hubStateVersion,
      nextSerial,
      ticks: ticks.times(),
      pools: [...pools.values()].map((pool) => {
        const untold = busy.filter((one) => one.pool === pool.name).map(({ waiting }) => waiting)
        untold.sort((a, b) => a.poolSerial - b.poolSerial)
        const waiting = [...untold, ...pool.waiting()].map(({ payload, ...event }) => ({
          ...event,
          payload: Buffer.from(payload).toString(),
        }))
        return { name: pool.name, nextSerial: pool.nextSerial(), waiting }
      }),
    }
  }

  const ticks = createTicks({
    clock: parts.clock,
    fire: (period, when) => publish(`TICK_${period}`, null, () => tickPayload(when)),
    saved: saved?.ticks ?? {},
  })
  sync()
  const stops = [table.subscribe(hear), engine.subscribe(sync), parts.dialogues.subscribe(begun)]

  return {
    remote: (type, data) => publish('REMOTE_COMMUNICATION', null, () => remotePayload(type, data)),
    daemon: (state) => publish(`SUPERVISOR_STATE_CHANGE_${state}`, null, () => ''),
    output,
    save,
    close() {
      for (const stop of stops) stop()
      ticks.close()
    },
  }
}

const okResult = Buffer.from('OK')

/** Its process is on its way, and not known yet. */
function isComing({ state, pid }: ProcessView): boolean {
  return state === 'STARTING' && pid === 0
}

function restored({ nextSerial, waiting }: SavedPool) {
  return { nextSerial, waiting: waiting.map((event) => ({ ...event, payload: Buffer.from(event.payload) })) }
}
