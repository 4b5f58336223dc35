import { nextWake } from '../../../src/core/advance.ts'
import { belongingsOf, outgoingId } from '../../../src/core/containers/among.ts'
import { specLabel, unitLabel } from '../../../src/core/containers/marks.ts'
import type { ContainerSettings } from '../../../src/core/containers/model.ts'
import { storedForm } from '../../../src/core/fixture.ts'
import type { Event, Now, State, Step, Target, Unit } from '../../../src/core/model.ts'
import { plan } from '../../../src/core/plan.ts'
import { revive } from '../../../src/core/revive.ts'
import {
  type ContainerStep,
  createFakeContainerEngine,
  type FakeContainerEngine,
  promptly,
  type Treatment,
} from '../../../src/drivers/fake/container-engine.ts'
import { createEngineWorld, type EngineWorld } from '../../../src/drivers/fake/engine/engine-world.ts'
import { livesOn } from '../../../src/drivers/fake/engine/script.ts'
import { turn } from '../../../src/engine/turn.ts'
import { hold } from '../violation.ts'
import { home } from './dock.ts'
import { isAsDeclared } from './watch.ts'

/**
 * One small world, gone through in every order: which of the steps under way is done next, when its news come, when somebody
 * declares something else, and one thing that goes wrong at any point. Whatever the order, it ends as declared.
 */
export interface Small {
  /** What is declared first. */
  readonly first: Target
  /** What is declared after that, at any point. */
  readonly next: Target
  readonly publish: (world: EngineWorld) => void
  /** What may go wrong, once. */
  readonly faults: readonly SmallFault[]
  /** With more situations than these the test says so by failing. */
  readonly situationsMax: number
}

/** lost: done, and the answer is lost. refused: not done. dies: the daemon dies, what is under way is done or not. */
export type SmallFault = 'lost' | 'refused' | 'dies'

export interface Explored {
  /** Situations that differ in more than when they were met: from each of them everything that may happen next was tried. */
  readonly situations: number
  /** Ways to an end. */
  readonly paths: number
}

/** One thing that may happen next. */
interface Choice {
  readonly text: string
  readonly happens: () => void
}

export function explore(small: Small): Explored {
  const met = new Set<string>()
  let paths = 0
  /** By how many choices there were, which is taken at each point: counted on like the digits of a number. */
  const digits: { taken: number; readonly of: number }[] = []
  for (;;) {
    if (goOn(openRun(small), digits, met)) paths += 1
    hold(met.size <= small.situationsMax, 'all situations are gone through', () => `${met.size} and more`)
    while (digits.length > 0 && digits.at(-1)!.taken + 1 === digits.at(-1)!.of) digits.pop()
    const last = digits.at(-1)
    if (last === undefined) return { situations: met.size, paths }
    last.taken += 1
  }
}

/** By the digits, and from there by the first choices. False: it came to where another way has been before. */
function goOn(run: SmallRun, digits: { taken: number; readonly of: number }[], met: Set<string>): boolean {
  const told: string[] = []
  for (let depth = 0; ; depth++) {
    if (depth === digits.length) {
      const situation = run.situation()
      if (met.has(situation)) return false
      met.add(situation)
    }
    const choices = run.choices()
    if (choices.length === 0) break
    hold(depth < 80, 'it comes to rest', () => told.join(', '))
    if (depth === digits.length) digits.push({ taken: 0, of: choices.length })
    const choice = choices[digits[depth]!.taken]!
    told.push(choice.text)
    guarded(told, choice.happens)
  }
  guarded(told, run.finish)
  return true
}

function guarded(told: readonly string[], happens: () => void): void {
  try {
    happens()
  } catch (error) {
    const { message } = error as Error
    throw new Error(`${message}\nafter: ${told.join('\n       ')}`, { cause: error })
  }
}

interface SmallRun {
  choices(): readonly Choice[]
  /** Nothing is left to choose: all goes well from here on. */
  finish(): void
  /** Everything that what follows depends on; of times only their order. */
  situation(): string
}

function openRun({ first, next, publish, faults }: Small): SmallRun {
  const world = createEngineWorld({ scriptOf: () => livesOn })
  publish(world)
  world.takeNotes()
  let bootMs = 1_000
  const now = (): Now => ({ bootId: 'boot', bootMs, wallMs: 1_750_000_000_000 + bootMs })
  let state: State = revive(null, now())
  let underWay: Step[] = []
  let stream: Event[] = []
  let treatment: Treatment = promptly
  let engine = listen()
  let isDeclared = false
  let faultsLeft = faults.length > 0 ? 1 : 0

  function listen(): { readonly driver: FakeContainerEngine; readonly wake: () => void; readonly end: () => void } {
    const abort = new AbortController()
    let wake = () => {}
    const clock = {
      now,
      arm: (_at: number | null, task: () => void) => {
        wake = task
      },
    }
    const driver = createFakeContainerEngine({ world, clock, home, treat: () => treatment })
    driver.events((event) => stream.push(event), abort.signal)
    return { driver, wake: () => wake(), end: () => abort.abort() }
  }

  function take(events: readonly Event[]): void {
    const result = turn(state, events, now())
    state = result.state
    underWay.push(...result.steps.filter(({ kind }) => kind !== 'forget' && kind !== 'observe'))
    const observes = result.steps.some(({ kind }) => kind === 'observe')
    judge(state, world)
    const left = plan(state, now()).filter(({ kind }) => kind !== 'observe')
    hold(left.length === 0, 'a turn leaves nothing to do', () => left.map(textOf).join(', '))
    if (observes) take([{ kind: 'observed', takenBootMs: bootMs, alive: [] }])
  }

  /** The step is done and answered at once; what the engine tells of it besides waits to be heard. */
  function perform(step: Step, how: Treatment): readonly Event[] {
    const outcomes: Event[] = []
    treatment = how
    bootMs += 1
    engine.driver.perform([step as ContainerStep], (event) => outcomes.push(event))
    bootMs += 1
    engine.wake()
    return outcomes
  }

  function finishStep(step: Step, how: Treatment = atOnce): void {
    underWay = underWay.filter((one) => one !== step)
    take(perform(step, how))
  }

  function declare(target: Target): void {
    take([{ kind: 'command', id: 1, command: { kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' } }])
  }

  function die(isDone: boolean): void {
    for (const step of underWay) if (isDone) perform(step, atOnce)
    engine.end()
    underWay = []
    stream = []
    bootMs += 1
    state = revive(JSON.parse(JSON.stringify(storedForm(state))), now())
    engine = listen()
    take([])
  }

  function fail(choice: Choice): Choice {
    return {
      text: choice.text,
      happens: () => {
        faultsLeft -= 1
        choice.happens()
      },
    }
  }

  function faultsNow(): readonly Choice[] {
    return faultsLeft === 0 ? [] : faults.flatMap(waysOf).map(fail)
  }

  function waysOf(fault: SmallFault): readonly Choice[] {
    if (fault === 'dies') {
      return [
        { text: 'dies, nothing done', happens: () => die(false) },
        { text: 'dies, all done', happens: () => die(true) },
      ]
    }
    const how = fault === 'lost' ? lost : refused
    return underWay.map((step) => ({ text: `${fault}: ${textOf(step)}`, happens: () => finishStep(step, how) }))
  }

  declare(first)
  return {
    situation: () => textOfAll({ ...{ state, underWay, stream, isDeclared, faultsLeft }, world: worldOf(world) }),
    choices() {
      if (underWay.length === 0 && stream.length === 0 && isDeclared) return []
      const steps = underWay.map((step) => ({ text: textOf(step), happens: () => finishStep(step) }))
      const heard: Choice = {
        text: 'what the engine tells is heard',
        happens: () => {
          const events = stream
          stream = []
          take(events)
        },
      }
      const declared: Choice = {
        text: 'something else is declared',
        happens: () => {
          isDeclared = true
          declare(next)
        },
      }
      return [...steps, ...(stream.length > 0 ? [heard] : []), ...(isDeclared ? [] : [declared]), ...faultsNow()]
    },
    finish() {
      for (let rounds = 0; ; rounds++) {
        hold(rounds < 200, 'it comes to rest', () => `still ${underWay.map(textOf).join(', ')}`)
        bootMs += 1
        world.elapse(bootMs)
        engine.wake()
        const [step] = underWay
        if (step !== undefined) finishStep(step)
        else if (stream.length > 0) take(stream.splice(0))
        else {
          const nextBootMs = earliest(nextWake(state, now()), world.nextBootMs())
          if (nextBootMs === null) break
          bootMs = Math.max(bootMs, nextBootMs)
          world.elapse(bootMs)
          engine.wake()
          take(stream.splice(0))
        }
      }
      checkAtTarget(state, world)
    },
  }
}

/** What of the world is not told in the state. */
function worldOf({ containers, networks, volumes, images, files }: EngineWorld): unknown {
  return [containers, networks, volumes, images.all(), files.all()]
}

const isoTime = /"\d{4}-\d\d-\d\dT[^"]*Z"/g
const bootTime = /(?<=[:,[])\d{4,6}(?=[,\]}])/g

function textOfAll(all: unknown): string {
  const text = JSON.stringify(all, (key, value: unknown) => {
    if (skipped.has(key)) return undefined
    if (key === 'settings' && value !== null) return settingsText(value as ContainerSettings)
    return value instanceof Map ? [...value] : value
  })
  return ranked(ranked(text, isoTime), bootTime)
}

/** What follows from the rest, or changes nothing. */
const skipped: ReadonlySet<string> = new Set([
  ...['version', 'nextTransition', 'sinceWallMs', 'reason', 'why', 'script', 'pid', 'target', 'spec', 'config'],
])

/** All that is different between the containers of these worlds. */
function settingsText({ environment, labels, memoryBytes, restart, networks }: ContainerSettings): string {
  return [environment?.LEVEL, labels?.[specLabel], memoryBytes, restart?.name, networks?.length].join(' ')
}

/** Each time by its place among all of them. */
function ranked(text: string, pattern: RegExp): string {
  const places = [...new Set(text.match(pattern) ?? [])].sort()
  return text.replace(pattern, (time) => `#${places.indexOf(time)}`)
}

const atOnce: Treatment = { effectMs: 1, answerMs: 1, failure: null }
const lost: Treatment = { effectMs: 1, answerMs: 1, failure: { code: 'ECONNRESET', message: 'cut', retry: true } }
const refused: Treatment = {
  ...{ effectMs: null, answerMs: 1, isItsWord: true },
  failure: { code: 'ENGINE', message: 'out of order', retry: true },
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b)
}

function textOf(step: Step): string {
  const about = 'resource' in step ? step.resource : 'unit' in step ? step.unit : ''
  return `${step.kind === 'signal' ? `SIG${step.signal}` : step.kind} ${about} (${step.why})`
}

/** What holds whatever the order. */
function judge(state: State, world: EngineWorld): void {
  for (const unit of state.units.values()) {
    const ours = [...world.containers.values()].filter((one) => one.settings.labels[unitLabel] === unit.id)
    const living = ours.filter(({ id }) => world.isLive(id))
    const isHandedOver = state.units.has(outgoingId(unit.id))
    const told = () => `${unit.id}: ${living.map(({ name }) => name).join(', ')}`
    hold(living.length <= (isHandedOver ? 2 : 1), 'at most one live container per slot', told)
  }
}

function checkAtTarget(state: State, world: EngineWorld): void {
  const { byUnit, doubles, orphans } = belongingsOf(state)
  const name = 'it ends as declared'
  const left = [...doubles.map((one) => one.container), ...orphans].map((one) => `${one.name} ${one.state}`)
  hold(
    left.length === 0,
    name,
    () => `containers of no unit: ${left.join(', ')}; ${JSON.stringify([...state.containerEngine.work])}`,
  )
  for (const unit of state.units.values()) {
    hold(unit.isDeclared, name, () => `${unit.id} is left`)
    hold(unit.phase === 'up', name, () => `${unit.id} is ${unit.phase}: ${unit.reason}`)
    const container = world.containers.get(byUnit.get(unit.id)?.id ?? '')
    const isSame = container?.state === 'running' && isAsMeant(unit, state, world)
    hold(isSame, name, () => `${unit.id} has ${container?.name} ${container?.state}, not as declared`)
  }
  const count = [...world.containers.values()].length
  hold(count === state.units.size, name, () => `${count} containers of ${state.units.size} units`)
  const { work, observe } = state.containerEngine
  // Whoever has no containers asks for nothing.
  const isAsked = observe !== null && state.units.size > 0
  hold(work.size === 0 && !isAsked, name, () => `still ${[...work.keys()].join(', ')} ${JSON.stringify(observe)}`)
}

function isAsMeant(unit: Unit, state: State, world: EngineWorld): boolean {
  const spec = unit.spec.container
  const container = world.containers.get(unit.container?.id ?? '')
  const idOf = (service: string) => state.units.get(`${unit.app}/${service}/1`)?.container?.id ?? null
  return spec !== undefined && container !== undefined && isAsDeclared(spec, container, world, idOf)
}
