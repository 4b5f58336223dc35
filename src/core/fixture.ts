import { advance } from './advance.ts'
import { begin } from './begin.ts'
import type { EngineStep } from './containers/model.ts'
import type {
  Command,
  Dependency,
  Event,
  Exit,
  Now,
  RestartPolicy,
  Run,
  Service,
  State,
  Step,
  StopRung,
  Target,
  Transition,
  Unit,
  Who,
} from './model.ts'
import { observe } from './observe.ts'
import { plan } from './plan.ts'
import { storedRelease } from './release/stored.ts'
import { revive, type Stored, storedJob, storedUnit } from './revive.ts'
import { noChecks, noHooks, noLabels, plainEnd, plainProcess } from './target/plain.ts'

/** What the tests of the core are made of: one app `a`, a script of turns, and steps told as sentences. */

export const ann: Who = { kind: 'user', uid: 1000, name: 'ann' }

export function at(bootMs: number): Now {
  return { bootId: 'boot', bootMs, wallMs: 1_000_000 + bootMs }
}

export const policy: RestartPolicy = {
  when: 'always',
  successExits: [0],
  stableMs: 10_000,
  early: 'by-policy',
  backoff: { shape: 'exponential', firstMs: 200, factor: 2, maxMs: 30_000, jitter: 0, freeRestarts: 1 },
  budget: null,
}

export function service(name: string, settings: Partial<Service> = {}): Service {
  return {
    name,
    kind: 'process',
    ...plainEnd,
    process: { ...plainProcess, command: [name] },
    instances: [{ n: 1 }],
    autostart: true,
    restart: policy,
    stop: [
      { signal: 'TERM', scope: 'main', waitMs: 10_000 },
      { signal: 'KILL', scope: 'tree', waitMs: 5_000 },
    ],
    dependsOn: [],
    priority: 999,
    manualStop: 'until-started',
    checks: noChecks,
    hooks: noHooks,
    schedule: null,
    once: null,
    labels: noLabels,
    ...settings,
  }
}

export function needs(name: string, condition: Dependency['condition'] = 'started'): Service['dependsOn'][number] {
  return { service: name, condition, required: true, restart: false }
}

export function targetOf(...services: readonly Service[]): Target {
  const keyed = Object.fromEntries(services.map((one) => [one.name, one]))
  return { apps: { a: { name: 'a', source: '/a.yaml', dialect: 'compose', priority: 999, services: keyed } } }
}

export function setTarget(...services: readonly Service[]): Event {
  return asked({ kind: 'set-target', target: targetOf(...services), by: { kind: 'daemon' }, why: 'up' })
}

export function asked(command: Command): Event {
  return { kind: 'command', id: 1, command }
}

export function ask(kind: 'start' | 'stop' | 'restart' | 'run', ...names: readonly string[]): Event {
  return asked({ kind, units: names.map(idOf), by: ann })
}

export function shutdown(): Event {
  return asked({ kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM' })
}

/** runit's `once`. */
export function askLast(...names: readonly string[]): Event {
  return asked({ kind: 'run', units: names.map(idOf), by: ann, isLast: true })
}

/** As runit has it: SIGTERM, SIGCONT at once, and nothing more. */
export const runitLadder: readonly StopRung[] = [
  { signal: 'TERM', scope: 'main', waitMs: 0 },
  { signal: 'CONT', scope: 'main', waitMs: 0 },
]

/** A service directory as it is decoded: what it says of `down` counts once, and a manual stop ends with the daemon. */
export function directory(name: string, settings: Partial<Service> = {}): Service {
  const runit = { autostartAgain: false, manualStop: 'until-daemon-restart', stop: runitLadder } as const
  return service(name, { ...runit, restart: { ...policy, stableMs: 1_000 }, priority: 1, ...settings })
}

/** The same with a `log/`: its logger is called after it, and ends for good by the end of its input. */
export function logged(
  name: string,
  settings: Partial<Service> = {},
  loggers: Partial<Service> = {},
): readonly [Service, Service] {
  const writer = directory(name, settings)
  const stdin = { kind: 'output', unit: idOf(name) } as const
  const logger = directory(`${name}.log`, {
    process: { ...plainProcess, command: ['log'], stdin },
    retire: [{ signal: 'EOF', scope: 'main', waitMs: 0 }],
    ...loggers,
  })
  return [withLogger(writer), logger]
}

export function withLogger(writer: Service): Service {
  const unit = idOf(`${writer.name}.log`)
  return { ...writer, process: { ...writer.process, logger: { kind: 'unit', unit, stderr: plainProcess.stdout } } }
}

/** `web` is a/web/1, `web/2` is a/web/2. */
export function idOf(name: string): string {
  return name.includes('/') ? `a/${name}` : `a/${name}/1`
}

export function code(value: number): Exit {
  return { kind: 'code', code: value }
}

/** A supervisor's core without its surroundings: turns in, sentences out. */
export interface Play {
  readonly state: State
  readonly transitions: readonly Transition[]
  /** The steps of the turn as sentences. */
  turn(bootMs: number, ...events: readonly Event[]): readonly string[]
  unit(name: string): Unit
  run(name: string): Run
  /** News about the run the unit has now. */
  spawned(name: string): Event
  exited(name: string, exit: Exit): Event
  adopted(name: string): Event
  notStarted(name: string): Event
  signalled(name: string, signal: string, outcome: 'sent' | 'gone' | 'handled'): Event
  spawnFailed(name: string, retry?: boolean): Event
}

export function play(from: State = revive(null, at(0))): Play {
  let state = from
  let transitions: readonly Transition[] = []
  const unit = (name: string): Unit => {
    const found = state.units.get(idOf(name))
    if (found === undefined) throw new Error(`there is no ${idOf(name)}`)
    return found
  }
  const run = (name: string): Run => {
    const found = unit(name).run
    if (found === null) throw new Error(`${idOf(name)} has no run`)
    return found
  }
  return {
    get state() {
      return state
    },
    get transitions() {
      return transitions
    },
    turn(bootMs, ...events) {
      const now = at(bootMs)
      const observed = observe(state, events, now)
      const advanced = advance(observed.state, now)
      const steps = plan(advanced.state, now)
      const begun = begin(advanced.state, steps, now)
      state = begun.state
      transitions = [...observed.transitions, ...advanced.transitions, ...begun.transitions]
      return steps.map(sentence)
    },
    unit,
    run,
    spawned: (name) => ({ kind: 'spawned', unit: idOf(name), run: run(name).n, identity: identityOf(run(name).n) }),
    exited: (name, exit) => ({ kind: 'exited', unit: idOf(name), run: run(name).n, exit }),
    adopted: (name) => ({ kind: 'adopted', unit: idOf(name), run: run(name).n, identity: identityOf(run(name).n) }),
    notStarted: (name) => ({ kind: 'not-started', unit: idOf(name), run: run(name).n }),
    signalled: (name, signal, outcome) => ({ kind: 'signalled', unit: idOf(name), run: run(name).n, signal, outcome }),
    spawnFailed: (name, retry = false) => {
      const failure = { code: retry ? 'EAGAIN' : 'ENOENT', message: 'no such file', retry }
      return { kind: 'spawn-failed', unit: idOf(name), run: run(name).n, ...failure }
    },
  }
}

/** What is stored of it. */
export function storedForm(state: State): Stored {
  const units = [...state.units.values()]
  return {
    bootId: state.bootId,
    target: state.target,
    units: units.map(storedUnit),
    wants: units.flatMap(({ id, want }) => (want.by.kind === 'declared' ? [] : [{ unit: id, want }])),
    jobs: units.flatMap(({ id, job }) => {
      const kept = storedJob(job)
      return kept === null ? [] : [{ unit: id, job: kept }]
    }),
    runsReserved: 1_001,
    releases: [...state.releases.values()].map(storedRelease),
    engineKept: state.containerEngine.kept,
  }
}

/** The daemon died at `bootMs`, and the next one knows what was stored. */
export function afterCrash(scene: Play, bootMs: number): Play {
  return play(revive(JSON.parse(JSON.stringify(storedForm(scene.state))), at(bootMs)))
}

/** The services are up, in dependency order, at `bootMs`. */
export function running(bootMs: number, ...services: readonly Service[]): Play {
  const scene = play()
  scene.turn(bootMs, setTarget(...services))
  for (let round = 0; round < services.length; round++) {
    const starting = [...scene.state.units.values()].filter((unit) => unit.phase === 'starting')
    if (starting.length > 0) scene.turn(bootMs, ...starting.map((unit) => scene.spawned(`${unit.service}/${unit.n}`)))
  }
  return scene
}

export function identityOf(run: number) {
  return { pid: 100 + run, startTicks: run, bootId: 'boot', pidNamespace: 'test' }
}

/** `spawn web: declared`, `TERM web: its configuration changed`. */
export function sentence(step: Step): string {
  switch (step.kind) {
    case 'observe':
      return `observe: ${step.why}`
    case 'signal':
      return `${step.signal} ${shortName(step.unit)}: ${step.why}`
    case 'spawn':
      return `${step.role === 'main' ? 'spawn' : step.role} ${shortName(step.unit)}: ${step.why}`
    case 'probe':
      return `probe ${shortName(step.unit)}: ${step.why}`
    case 'schedule':
      return `schedule ${shortName(step.unit)}: ${step.schedule.cron}`
    case 'forget':
      return `${step.kind} ${shortName(step.unit)}: ${step.why}`
    default:
      return engineSentence(step)
  }
}

/** `pull web:2: …`, `remove-container main: …`. */
function engineSentence(step: EngineStep): string {
  const what = step.kind === 'observe-engine' ? '' : ` ${step.resource.slice(step.resource.indexOf(':') + 1)}`
  return `${step.kind}${what}: ${step.why}`
}

function shortName(unit: string): string {
  const [, name = '', n = ''] = unit.split('/')
  return n === '1' ? name : `${name}/${n}`
}
