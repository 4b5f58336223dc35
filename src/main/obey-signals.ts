import { isContainerUnit } from '../core/containers/among.ts'
import { explain } from '../core/explain.ts'
import type { Engine } from '../engine/engine.ts'
import { bootNow } from '../sys/boot-clock.ts'
import type { ChangeReport } from '../wire/api.ts'
import type { Foreground } from './foreground.ts'
import type { Sources } from './sources.ts'

export interface Conversation {
  readonly engine: Engine
  readonly sources: Sources
  readonly foreground: Foreground
  readonly warn: (text: string) => void
}

export interface Obedience {
  /** What the daemon is to end with; null: as it ends. */
  exitCode(): number | null
  /** Resolves when it is to go and leave everything as it is. */
  readonly left: Promise<void>
}

/**
 * SIGTERM and SIGINT end everything in order, SIGHUP reads the files again and reports, SIGALRM looks at the service
 * directories, SIGUSR2 opens the logs anew, for who has moved them. As runsvdir, SIGHUP ends everything, and SIGTERM us alone: what runs goes on. Of the first process of a container
 * nothing can go on, so there SIGTERM ends everything as well.
 */
export function obeySignals({
  engine,
  sources,
  foreground,
  isRunsvdir,
  reopenLogs,
  warn,
}: Conversation & { readonly isRunsvdir: boolean; readonly reopenLogs: () => void }): Obedience {
  let exitCode: number | null = null
  const left = Promise.withResolvers<void>()
  const obedience: Obedience = { exitCode: () => exitCode, left: left.promise }
  const stop = (signal: string) => (): void => {
    if (engine.snapshot().state.mode.kind === 'stopping') {
      foreground.say(waitingFor(engine))
      return
    }
    // A service manager ends the daemon, and with it what cannot go on without it; whoever types ^C means everything.
    const leaving = signal === 'SIGTERM' ? ({ leavesContainers: true } as const) : {}
    foreground.say(`${signal}: stopping everything in order${leftText(engine, signal)}; again tells what is waited for`)
    engine
      .command({ kind: 'shutdown', by: { kind: 'daemon' }, why: signal, ...leaving })
      .catch((error: Error) => warn(error.message))
  }
  process.on('SIGINT', stop('SIGINT'))
  process.on('SIGALRM', sources.rescan)
  process.on('SIGUSR2', reopenLogs)
  const isLeaving = isRunsvdir && process.pid !== 1
  process.on('SIGTERM', () => {
    if (isLeaving && engine.snapshot().state.mode.kind !== 'stopping') left.resolve()
    else stop('SIGTERM')()
  })
  if (isRunsvdir) {
    process.on('SIGHUP', () => {
      exitCode = runsvdirHungUp
      stop('SIGHUP')()
    })
    return obedience
  }
  process.on('SIGHUP', () => {
    sources
      .read({ sources: null, lenient: null, apply: false, by: { kind: 'daemon' } })
      .then((report) => foreground.say(reloadText(report)))
      .catch((error: Error) => warn(error.message))
  })
  return obedience
}

/** As runit's runsvdir ends then. */
const runsvdirHungUp = 111

function waitingFor(engine: Engine): string {
  const { state } = engine.snapshot()
  const accounts = explain(state, bootNow()).filter(({ unit }) => state.units.get(unit)?.run !== null)
  return ['still waiting for:', ...accounts.map(({ unit, state, next }) => `  ${unit}  ${state}: ${next}`)].join('\n')
}

function reloadText(report: ChangeReport): string {
  const changes = report.changes.map(({ app, service, change, fields }) => {
    const what = change === 'changed' ? fields.map(({ field }) => field).join(', ') : ''
    return `  ${app}/${service}  ${change}${what === '' ? '' : `: ${what}`}`
  })
  const summary =
    report.errors.length > 0
      ? 'SIGHUP: the files have errors; nothing changes'
      : changes.length === 0
        ? 'SIGHUP: nothing differs'
        : 'SIGHUP: these differ; apply them with: holdfast up'
  return [...report.errors, ...report.warnings, summary, ...changes].join('\n')
}

function leftText(engine: Engine, signal: string): string {
  const hasContainers = [...engine.snapshot().state.units.values()].some(isContainerUnit)
  return hasContainers && signal === 'SIGTERM' ? ', and containers go on' : ''
}
