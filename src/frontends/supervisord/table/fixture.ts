import { asked, at, code, type Play, play, policy, service } from '../../../core/fixture.ts'
import type { App, Event, Exit, RestartPolicy, Service, Target } from '../../../core/model.ts'
import { engineOf, type FakeEngine } from '../../native/fixture.ts'
import type { ProcessEvent } from '../contract.ts'
import { createProcessTable, type ProcessTableParts, type WholeTable } from './table.ts'

/** What the tests of this folder are made of: the core's play behind a table, with its events as sentences. */
export interface Scene {
  readonly play: Play
  readonly engine: FakeEngine
  readonly table: WholeTable
  readonly events: readonly ProcessEvent[]
  /** A turn. Answers what the table told of it: `web STOPPED->STARTING tries:0`. */
  turn(bootMs: number, ...events: readonly Event[]): readonly string[]
}

/** As a program without any option is decoded. */
export const plainPolicy: RestartPolicy = {
  ...policy,
  when: 'on-failure',
  stableMs: 1_000,
  early: 'always',
  backoff: { shape: 'linear', firstMs: 1_000, factor: 1, maxMs: 3_000, jitter: 0, freeRestarts: 0 },
  budget: { restartsMax: 3, windowMs: null },
}

export function program(name: string, settings: Partial<Service> = {}): Service {
  return service(name, {
    restart: plainPolicy,
    manualStop: 'until-daemon-restart',
    stop: [
      { signal: 'TERM', scope: 'main', waitMs: 10_000 },
      { signal: 'KILL', scope: 'main', waitMs: 10_000 },
    ],
    ...settings,
  })
}

export function groupApp(name: string, priority: number, ...services: readonly Service[]): App {
  const byName = Object.fromEntries(services.map((one) => [one.name, one]))
  return { name, source: '/etc/supervisord.conf', dialect: 'supervisord', priority, services: byName }
}

/** All of them in the group `a`, where the words of the core's fixture find them. */
export function declared(...services: readonly Service[]): Event {
  return targetOf(groupApp('a', 999, ...services))
}

export function targetOf(...apps: readonly App[]): Event {
  const target: Target = { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
  return asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'test' })
}

export function sceneOf(from: Play = play(), more: Partial<ProcessTableParts> = {}): Scene {
  const engine = engineOf(from)
  const logPathOf: ProcessTableParts['logPathOf'] = ({ unit, stream, spec }) =>
    spec.path === 'none' ? null : `/logs/${unit}.${stream}`
  const table = createProcessTable({ engine, settings: () => [], logPathOf, ...more })
  const events: ProcessEvent[] = []
  table.subscribe((event) => {
    if (event.kind !== 'group' && table.byUnit(event.process.unit) !== event.process) {
      throw new Error('the table shows what it tells')
    }
    events.push(event)
  })
  return {
    play: from,
    engine,
    table,
    events,
    turn(bootMs, ...news) {
      const seen = events.length
      engine.turn(bootMs, ...news)
      return events.slice(seen).map(sentenceOf)
    },
  }
}

/** A program `web` that was started at 0, whose run is 1. */
export function started(restart: Partial<RestartPolicy> = {}, settings: Partial<Service> = {}): Scene {
  const scene = sceneOf()
  scene.turn(0, declared(program('web', { restart: { ...plainPolicy, ...restart }, ...settings })))
  scene.turn(0, scene.play.spawned('web'))
  return scene
}

/** It is up since 0, and counts as RUNNING since a second after. */
export function runningScene(restart: Partial<RestartPolicy> = {}, settings: Partial<Service> = {}): Scene {
  const scene = started(restart, settings)
  scene.turn(1_000)
  return scene
}

export function bySignal(signal: string, core = false): Exit {
  return { kind: 'signal', signal, core }
}

export function wallAt(bootMs: number): number {
  return at(bootMs).wallMs
}

/** `at 3.0 s, with code 1`: the end of the run that `web` has now. */
export function exitOf(scene: Scene, exit: Exit | number): Event {
  return scene.play.exited('web', typeof exit === 'number' ? code(exit) : exit)
}

function sentenceOf(event: ProcessEvent): string {
  if (event.kind === 'group') return `group ${event.group} ${event.change}`
  const { name, tries } = event.process
  switch (event.kind) {
    case 'spawned':
      return `${name} spawned ${event.pid}`
    case 'signalled':
      return `${name} ${event.signal} to ${event.isGroup ? 'the group of ' : ''}${event.pid}${event.isFirst ? '' : ' again'}`
    case 'state': {
      const { state } = event.process
      const counted = state === 'STARTING' || state === 'BACKOFF' ? ` tries:${tries}` : ''
      const about = state === 'EXITED' || state === 'STOPPED' ? ` expected:${event.isExpected}` : ''
      const how = event.how === '' ? '' : ` (${event.how})`
      return `${name} ${event.from}->${state}${counted}${about}${event.pid === 0 ? '' : ` pid:${event.pid}`}${how}`
    }
  }
}
