import type { App, Dialect, ListenerPool, UnitId } from '../../../core/model.ts'
import { revive } from '../../../core/revive.ts'
import type { LogLevel } from '../../../dialects/supervisord/settings.ts'
import type { Dialogue, Listener, Snapshot } from '../../../engine/ports.ts'
import type { EventHub, ProcessEvent, ProcessState, ProcessTable, ProcessView } from '../contract.ts'
import { createEventHub, type EventHubParts } from './hub.ts'

/** What the tests of this folder are made of: a hub between made-up processes and made-up listeners. */

export function view(group: string, state: ProcessState, more: Partial<ProcessView> = {}): ProcessView {
  return {
    ...{
      unit: `${group}/${group}/1`,
      group,
      dialect: 'supervisord',
      name: group,
      state,
      startWallMs: null,
      stopWallMs: null,
    },
    ...{ spawnError: '', exitStatus: 0, pid: 0, tries: 0, startsecs: 1, stdoutPath: null, stderrPath: null },
    ...more,
  }
}

type StateEvent = Extract<ProcessEvent, { kind: 'state' }>

export function stateEvent(process: ProcessView, from: ProcessState, more: Partial<StateEvent> = {}): StateEvent {
  return { kind: 'state', atWallMs: 0, process, from, isExpected: false, how: '', pid: process.pid, ...more }
}

/** A group of listeners. */
export function poolApp(name: string, listener: Partial<ListenerPool> = {}, dialect: Dialect = 'supervisord'): App {
  const settings = { events: ['EVENT'], bufferMax: 10, result: 'ok', ...listener } as const
  return { name, source: '/s.conf', dialect, priority: -1, services: {}, listener: settings }
}

export interface FakeListener {
  readonly dialogue: Dialogue
  says(text: string): void
  /** What was written to it since it was asked last. */
  reads(): string
  ends(): void
  /** So many bytes are taken from now on. */
  takes(bytes: number): void
  isGone: boolean
}

export function fakeListener(unit: UnitId, run = 1): FakeListener {
  let written = Buffer.alloc(0)
  let room = Number.POSITIVE_INFINITY
  const on = { writable: () => {}, output: (_: Uint8Array) => {}, end: () => {} }
  const dialogue: Dialogue = {
    ...{ unit, run },
    write(bytes) {
      if (listener.isGone) return 'gone'
      const taken = bytes.subarray(0, room)
      written = Buffer.concat([written, taken])
      room -= taken.length
      return taken.length
    },
    onWritable: (again) => void Object.assign(on, { writable: again }),
    onOutput: (taken) => void Object.assign(on, { output: taken }),
    onEnd: (ended) => void Object.assign(on, { end: ended }),
  }
  const listener: FakeListener = {
    dialogue,
    isGone: false,
    says: (text) => on.output(Buffer.from(text)),
    reads() {
      const text = written.toString()
      written = Buffer.alloc(0)
      return text
    },
    ends: () => on.end(),
    takes(bytes) {
      const wasFull = room === 0
      room = bytes
      if (wasFull) on.writable()
    },
  }
  return listener
}

export interface FakeClock {
  readonly clock: EventHubParts['clock']
  setTo(wallSeconds: number): void
  armedAt(): number | null
}

export function fakeClock(wallSeconds: number): FakeClock {
  let wallMs = wallSeconds * 1_000
  let armed: { readonly wallMs: number; readonly wake: () => void } | null = null
  return {
    clock: {
      now: () => ({ bootId: 'boot', bootMs: 0, wallMs }),
      armWall(at, wake) {
        armed = at === null ? null : { wallMs: at, wake }
      },
    },
    // Set by hand it wakes as well, due or not.
    setTo(seconds) {
      wallMs = seconds * 1_000
      const before = armed
      armed = null
      before?.wake()
    },
    armedAt: () => (armed === null ? null : armed.wallMs / 1_000),
  }
}

export interface Scene {
  readonly hub: EventHub
  readonly time: FakeClock
  readonly lines: readonly string[]
  readonly printed: readonly string[]
  declare(...apps: readonly App[]): void
  /** The process as it is from now on, and the event that tells it. */
  becomes(process: ProcessView, from: ProcessState, more?: Partial<StateEvent>): void
  /** Its process was made. */
  spawned(process: ProcessView): void
  group(change: 'added' | 'removed', group: string, dialect?: Dialect): void
  /** A listener that is RUNNING, and has said nothing so far. */
  listener(group: string, more?: Partial<ProcessView>, run?: number): FakeListener
  /** The process as it is from now on. */
  put(process: ProcessView): void
}

export function sceneOf(apps: readonly App[], more: Partial<EventHubParts> = {}): Scene {
  const time = fakeClock(1_000)
  const lines: string[] = []
  const printed: string[] = []
  const processes = new Map<UnitId, ProcessView>()
  const subscribers = new Set<(event: ProcessEvent) => void>()
  const turns = new Set<Listener>()
  let snapshot: Snapshot = snapshotOf(apps)
  let begun: (dialogue: Dialogue) => void = () => {}
  const of = (group: string) => [...processes.values()].filter((one) => one.group === group)
  const table: ProcessTable = {
    groups: () =>
      [...Map.groupBy(processes.values(), (one) => one.group)].map(([name, all]) => ({ name, processes: all })),
    group: (name) => of(name),
    process: (group, name) => of(group).find((one) => one.name === name) ?? null,
    byUnit: (unit) => processes.get(unit) ?? null,
    subscribe(listener) {
      subscribers.add(listener)
      return () => subscribers.delete(listener)
    },
  }
  const tell = (event: ProcessEvent): void => {
    for (const listener of subscribers) listener(event)
  }
  const hub = createEventHub({
    table,
    engine: {
      snapshot: () => snapshot,
      subscribe(listener) {
        turns.add(listener)
        return () => turns.delete(listener)
      },
    },
    dialogues: {
      subscribe(listener) {
        begun = listener
        return () => {
          begun = () => {}
        }
      },
    },
    clock: time.clock,
    identifier: () => 'rec',
    log: (level: LogLevel, message) => void lines.push(`${level} ${message}`),
    print: (text) => void printed.push(text),
    ...more,
  })
  const put = (process: ProcessView): void => void processes.set(process.unit, process)
  return {
    ...{ hub, time, lines, printed, put },
    declare(...declared) {
      snapshot = snapshotOf(declared)
      for (const listener of turns) listener(snapshot, [], [])
    },
    becomes(process, from, rest) {
      put(process)
      tell(stateEvent(process, from, rest))
    },
    spawned(process) {
      put(process)
      tell({ kind: 'spawned', atWallMs: 0, process, pid: process.pid })
    },
    group: (change, group, dialect = 'supervisord') => tell({ kind: 'group', change, group, dialect }),
    listener(group, rest = {}, run = 1) {
      const process = view(group, 'RUNNING', rest)
      put(process)
      const listener = fakeListener(process.unit, run)
      begun(listener.dialogue)
      return listener
    },
  }
}

export function snapshotOf(apps: readonly App[]): Snapshot {
  const now = { bootId: 'boot', bootMs: 0, wallMs: 0 }
  const target = { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
  return { state: { ...revive(null, now), target }, now, storeTrouble: null }
}

/** An event as a listener reads it. */
export function sent(serial: number, poolSerial: number, pool: string, name: string, payload: string): string {
  const numbers = `serial:${serial} pool:${pool} poolserial:${poolSerial}`
  return `ver:3.0 server:rec ${numbers} eventname:${name} len:${[...payload].length}\n${payload}`
}
