import type { Step, Unit, UnitId } from '../../src/core/model.ts'
import type { Scene, Watch } from './scene.ts'
import { hold } from './violation.ts'

type SignalStep = Extract<Step, { kind: 'signal' }>

/** Loggers, which read what their writers print to the last word. `isOwed`: a post_stop hook of it is due. */
export function createLoggerWatch(isOwed: (unit: UnitId) => boolean): Watch {
  return {
    news({ before, units }) {
      for (const unit of units.values()) takenLoggerReplaces(unit, before.get(unit.id))
    },
    step(step, scene) {
      if (step.kind !== 'signal' || step.purpose !== 'ladder') return
      const unit = scene.units.get(step.unit)
      const { stdin } = unit?.spec.process ?? { stdin: null }
      if (unit === undefined || stdin === null) return
      if (stdin.kind !== 'output') {
        hold(step.signal !== 'EOF', endName, () => `${step.unit} reads nothing that could end`)
        return
      }
      if (step.isForGood === true) writerHasEnded(step, stdin.unit, scene, isOwed)
      else if (scene.before.get(step.unit)?.phase !== 'stopping') writerEndsFirst(unit, stdin.unit, scene)
    },
    after() {},
    lifeBegins() {},
  }
}

/** Nobody reads its pipe any more, and another one it gets with its next run. */
function takenLoggerReplaces(unit: Unit, before: Unit | undefined): void {
  const isLogged = ({ spec }: Unit) => spec.process.logger?.kind === 'unit'
  if (before?.run == null || before.run.role === 'post' || unit.run?.n !== before.run.n || !unit.isDeclared) return
  const name = 'a service whose logger is taken away is replaced'
  const isKept = isLogged(before) && !isLogged(unit) && unit.endRunsUpTo < before.run.n
  hold(!isKept, name, () => `${unit.id} run ${before.run?.n}: ${unit.phase}`)
}

const endName = 'a logger is ended for good after its writer, and its hook'

function writerHasEnded(step: SignalStep, writer: UnitId, scene: Scene, isOwed: (unit: UnitId) => boolean): void {
  const { units, world, state } = scene
  const known = units.get(writer)
  const told = () => `${step.unit} gets ${step.signal} (${step.why}), and ${writer} is ${known?.phase}`
  hold(known === undefined || (known.run === null && known.after === null), endName, told)
  hold(!isOwed(writer), endName, () => `${step.unit} gets ${step.signal}, and the hook of ${writer} is due`)
  for (const process of world.processes.values()) {
    const isFound = state.found.some(({ unit, run }) => unit === process.unit && run === process.run)
    const isIts = process.unit === writer && !process.isImpostor && !isFound
    hold(!isIts, endName, () => `${step.unit} gets ${step.signal}, and pid ${process.identity.pid} of ${writer} lives`)
  }
}

/** What is to be down for good, or with the daemon, takes the last words of what has to end as well. */
function writerEndsFirst(unit: Unit, id: UnitId, { units, isEnding }: Scene): void {
  const writer = units.get(id)
  const { logger } = writer?.spec.process ?? { logger: null }
  if (writer === undefined || logger?.kind !== 'unit' || logger.unit !== unit.id || writer.phase === 'unresolved')
    return
  if (unit.run?.role !== 'main' || (unit.isDeclared && !isEnding)) return
  const isToEnd = isEnding || !writer.isDeclared || writer.want.kind === 'down'
  const lives = writer.run !== null || writer.after !== null
  hold(!isToEnd || !lives, endName, () => `${unit.id} is stopped, and ${id} is ${writer.phase}`)
}
