import { ann, type Play, play } from '../../../core/fixture.ts'
import type { App, Command, Event, Service, UnitId } from '../../../core/model.ts'
import { plainProcess } from '../../../core/target/plain.ts'
import type { GroupSettings, SupervisordSettings } from '../../../dialects/supervisord/settings.ts'
import type { EnginePort, StreamRef } from '../../../engine/ports.ts'
import { xmlArray, xmlBoolean, xmlInt, xmlString, xmlStruct } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import { engineOf, type FakeEngine } from '../../native/fixture.ts'
import { type GroupsPort, type Mood, type ProcessTable, RpcFault, type RpcMethods } from '../contract.ts'
import { groupApp, plainPolicy, program, targetOf } from '../table/fixture.ts'
import { createProcessTable } from '../table/table.ts'
import { createRpcMethods } from './methods.ts'
import type { RpcParts } from './parts.ts'

/** What the tests of this folder are made of: the methods over a real table and the core's play. */
export interface Scene {
  readonly play: Play
  readonly engine: FakeEngine
  readonly table: ProcessTable
  /** Commands that were taken, without those that declare. */
  readonly commands: readonly Command[]
  /** What was told to listeners and asked of the daemon. */
  readonly told: readonly string[]
  readonly rpc: Rpc
  mood: Mood
  /** The processes of these units were made. */
  spawned(bootMs: number, ...units: readonly UnitId[]): void
  exited(bootMs: number, ...units: readonly UnitId[]): void
}

/** Plain values both ways; a fault is told as `10 BAD_NAME: x`. */
export type Rpc = (method: string, ...params: readonly unknown[]) => Promise<unknown>

export const noSettings: SupervisordSettings = {
  ...{ source: '/etc/supervisord.conf', hasMain: true, identifier: 'supervisor', logfile: null, logfileBytesMax: 0 },
  ...{ logfileBackupsMax: 0, loglevel: 'info', pidfile: null, umask: 0o22, nodaemon: false, silent: false },
  ...{ minfds: 1024, minprocs: 200, nocleanup: false, childlogdir: null, user: null, directory: null, servers: [] },
  ...{ hasRpcInterface: true, groups: [], notices: [], error: null },
}

/** It is not started by itself; its program can be found. */
export function off(name: string, settings: Partial<Service> = {}): Service {
  const process = { ...plainProcess, command: ['/bin/sleep', '1'] }
  return program(name, { autostart: false, process, ...settings })
}

/** The same, and RUNNING at once when it was made. */
export function quick(name: string, settings: Partial<Service> = {}): Service {
  return off(name, { restart: { ...plainPolicy, stableMs: 0 }, ...settings })
}

/** Each in a group of its own name. */
export function alone(...services: readonly Service[]): readonly App[] {
  return services.map((service) => groupApp(service.name, service.priority, service))
}

export function sceneOf(apps: readonly App[], more: Partial<RpcParts> = {}, from: Play = play()): Scene {
  const engine = engineOf(from)
  const table = createProcessTable({ engine, settings: () => [], logPathOf })
  const commands: Command[] = []
  engine.subscribe((_snapshot, _transitions, taken) => {
    commands.push(...taken.filter(({ kind }) => kind !== 'set-target'))
  })
  const told: string[] = []
  const methods = createRpcMethods({ ...partsOf(engine, table, told, () => scene.mood), ...more })
  const scene: Scene = {
    ...{ play: from, engine, table, commands, told, rpc: rpcOf(methods), mood: 'RUNNING' },
    spawned: (bootMs, ...units) => engine.turn(bootMs, ...units.map((unit) => spawnedEvent(from, unit))),
    exited: (bootMs, ...units) => engine.turn(bootMs, ...units.map((unit) => exitedEvent(from, unit))),
  }
  engine.turn(0, targetOf(...apps))
  return scene
}

export function logPathOf({ unit, stream, spec }: StreamRef): string | null {
  if (spec.path === 'none') return null
  return spec.path ?? `/logs/${unit}.${stream}`
}

export function partsOf(
  engine: EnginePort,
  table: ProcessTable,
  told: string[] = [],
  mood: () => Mood = () => 'RUNNING',
): RpcParts {
  return {
    engine,
    table,
    groups: groupsOf([]),
    daemon: {
      mood,
      identifier: () => 'supervisor',
      shutdown: () => told.push('shutdown'),
      restart: () => told.push('restart'),
      activity: {
        write() {},
        path: () => null,
        clear: () => null,
        reopen() {},
        close() {},
      },
    },
    hub: { remote: (type, data) => told.push(`${type}: ${data}`) },
    stdin: { write: () => 'no-pipe' },
    logs: { catchUp() {}, reopen() {}, clear: () => null },
    environment: { PATH: '/usr/bin:/bin' },
    nowWallMs: () => engine.snapshot().now.wallMs,
  }
}

export function groupsOf(groups: readonly GroupSettings[], more: Partial<GroupsPort> = {}): GroupsPort {
  return {
    settings: () => [{ ...noSettings, groups }],
    offered: () => groups,
    reread: () => Promise.resolve({ kind: 'read', added: [], changed: [], removed: [] }),
    add: () => Promise.resolve('unknown'),
    remove: () => Promise.resolve('unknown'),
    ...more,
  }
}

export function rpcOf(methods: RpcMethods, signal: AbortSignal = new AbortController().signal): Rpc {
  return async (method, ...params) => {
    try {
      return plain(await methods.call(method, params.map(valueFrom), { who: ann, signal }))
    } catch (error) {
      if (error instanceof RpcFault) return `${error.code} ${error.message}`
      throw error
    }
  }
}

export function spawnedEvent(scene: Play, unit: UnitId): Event {
  const n = scene.state.units.get(unit)?.run?.n ?? 0
  const identity = { pid: 100 + n, startTicks: n, bootId: 'boot', pidNamespace: 'test' }
  return { kind: 'spawned', unit, run: n, identity }
}

function exitedEvent(scene: Play, unit: UnitId): Event {
  return { kind: 'exited', unit, run: scene.state.units.get(unit)?.run?.n ?? 0, exit: { kind: 'code', code: 0 } }
}

function valueFrom(value: unknown): XmlRpcValue {
  if (typeof value === 'string') return xmlString(value)
  if (typeof value === 'boolean') return xmlBoolean(value)
  if (typeof value === 'number') return Number.isInteger(value) ? xmlInt(value) : { kind: 'double', value }
  if (Array.isArray(value)) return xmlArray(value.map(valueFrom))
  if (value instanceof Uint8Array) return { kind: 'base64', value }
  const members = Object.entries(value as object).map(([name, member]) => [name, valueFrom(member)] as const)
  return xmlStruct(Object.fromEntries(members))
}

function plain(value: XmlRpcValue): unknown {
  if (value.kind === 'array') return value.values.map(plain)
  if (value.kind === 'struct') return Object.fromEntries(value.members.map(([name, one]) => [name, plain(one)]))
  return value.value
}
