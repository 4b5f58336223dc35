import type { Command, Event, Step, Unit, UnitId } from '../../src/core/model.ts'
import { processText } from './oracle.ts'
import type { Scene, Watch } from './scene.ts'
import { hold } from './violation.ts'

type SpawnStep = Extract<Step, { kind: 'spawn' }>

/** One that was asked for as the last one. */
interface Last {
  /** due: its first process is still to come. over: nothing follows. */
  at: 'due' | 'running' | 'over'
  attempt: number
}

/** Runs after which nothing follows until somebody asks for it. Services with a schedule have times of their own. */
export function createLastRunWatch(): Watch {
  const lasts = new Map<UnitId, Last>()

  function ask(command: Command, scene: Scene): void {
    switch (command.kind) {
      case 'set-target':
        for (const unit of lasts.keys()) if (isOther(unit, scene)) lasts.delete(unit)
        // Gone and back in one turn: who knows.
        if (scene.events.filter((event) => isOfKind(event, 'set-target')).length > 1) lasts.clear()
        return
      case 'shutdown':
        lasts.clear()
        return
      case 'signal':
      case 'stop':
      case 'purge':
      case 'override-locks':
      case 'own-images':
        return
      default:
        for (const unit of scene.before.values()) if (isRestartedAlong(unit, command)) lasts.delete(unit.id)
        for (const id of command.units) lasts.delete(id)
    }
  }

  /** Of several commands in one turn nobody outside knows which one met what. */
  function begin(scene: Scene): void {
    const { events, before, units } = scene
    const commands = events.flatMap((event) => (event.kind === 'command' ? [event.command] : []))
    const [command] = commands
    // A daemon that ends leaves it to the next one.
    if (command?.kind !== 'run' || command.isLast !== true || commands.length > 1 || scene.isEnding) return
    for (const id of command.units) {
      const was = before.get(id)
      const unit = units.get(id)
      if (was === undefined || unit === undefined || isTouched(id, events)) continue
      if (was.phase === 'unresolved' || !unit.isDeclared || unit.spec.schedule !== null) continue
      if (was.run !== null && was.run.n <= was.endRunsUpTo) continue
      // The next daemon runs it once more.
      if (unit.spec.process.stdin.kind === 'events') continue
      const isEnding = was.phase === 'stopping' || was.phase === 'finishing' || was.after !== null
      const isUnderWay = was.run !== null || was.phase === 'preparing'
      lasts.set(id, { at: isEnding ? 'over' : isUnderWay ? 'running' : 'due', attempt: was.attempt })
    }
  }

  function spawn(step: SpawnStep, scene: Scene): void {
    const last = lasts.get(step.unit)
    if (last === undefined || step.role === 'post') return
    const isItsOwn = last.at === 'running' && step.attempt === last.attempt
    hold(last.at === 'due' || isItsOwn, name, () => `${step.unit}: ${step.role} run ${step.run} follows (${step.why})`)
    last.at = 'running'
    last.attempt = step.attempt
    const isJob = step.spec.once !== null || scene.units.get(step.unit)?.want.kind !== 'once'
    hold(isJob || !step.isRecorded, 'a last run is no job', () => `${step.unit}: run ${step.run} is written down`)
  }

  return {
    news(scene) {
      for (const event of scene.events) if (event.kind === 'command') ask(event.command, scene)
      begin(scene)
      for (const [id, last] of lasts) {
        if (last.at !== 'running' || !isOver(last.attempt, scene.before.get(id), scene.units.get(id))) continue
        // Where no process came of it, it is still to come.
        const isUnborn = scene.events.some((event) => event.kind === 'not-started' && event.unit === id)
        last.at = isUnborn ? 'due' : 'over'
      }
      for (const event of scene.events) if (event.kind === 'found') lasts.delete(event.unit)
    },
    step(step, scene) {
      if (step.kind === 'spawn') spawn(step, scene)
      else if (step.kind === 'forget') lasts.delete(step.unit)
    },
    after({ units }) {
      for (const id of lasts.keys()) if (units.get(id)?.phase === 'unresolved') lasts.delete(id)
    },
    lifeBegins({ isStateLost, isReboot }) {
      if (isStateLost || isReboot) lasts.clear()
    },
  }
}

/** The main run has ended, or its pre_start hook without one to follow. */
function isOver(attempt: number, before: Unit | undefined, unit: Unit | undefined): boolean {
  if (before?.run == null || unit?.run?.n === before.run.n) return false
  const goesOn =
    unit?.attempt === attempt && (unit.run === null ? unit.phase === 'preparing' : unit.run.role === 'main')
  return !goesOn
}

const name = 'after a last run nothing is started until somebody asks for it'

/** It is declared as something else, or was not, or is no more: its run may be replaced. */
function isOther(id: UnitId, { before, units }: Scene): boolean {
  const [was, is] = [before.get(id), units.get(id)]
  if (was === undefined || is === undefined || !was.isDeclared || !is.isDeclared) return true
  const isLogged = ({ spec }: Unit) => spec.process.logger?.kind === 'unit'
  const isReplaced = processText(was.spec.process) !== processText(is.spec.process)
  // A stop that wants what is declared leaves no wish, so that another declaration counts.
  const isDeclaredAnew = is.spec.autostartAgain && was.spec.autostart !== is.spec.autostart
  return isReplaced || isDeclaredAnew || (isLogged(was) && !isLogged(is)) || is.spec.schedule !== null
}

function isRestartedAlong(
  { app, spec }: Unit,
  command: Extract<Command, { kind: 'start' | 'restart' | 'run' }>,
): boolean {
  const services = new Set(command.units.map((id) => id.slice(0, id.lastIndexOf('/'))))
  return command.kind === 'restart' && spec.dependsOn.some((edge) => services.has(`${app}/${edge.service}`))
}

function isOfKind(event: Event, kind: Command['kind']): boolean {
  return event.kind === 'command' && event.command.kind === kind
}

/** Something else of it was told in the same turn. */
function isTouched(id: UnitId, events: Scene['events']): boolean {
  return events.some((event) => event.kind !== 'command' && (!('unit' in event) || event.unit === id))
}
