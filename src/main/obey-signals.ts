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

/**
 * SIGTERM and SIGINT end everything in order, SIGHUP reads the files again and reports, SIGALRM looks at the service
 * directories. As runsvdir, SIGHUP ends everything as well. `exitCode`: what the daemon is to end with then.
 */
export function obeySignals({
  engine,
  sources,
  foreground,
  isRunsvdir,
  warn,
}: Conversation & { readonly isRunsvdir: boolean }): { exitCode(): number | null } {
  let exitCode: number | null = null
  const stop = (signal: string) => (): void => {
    if (engine.snapshot().state.mode.kind === 'stopping') {
      foreground.say(waitingFor(engine))
      return
    }
    foreground.say(`${signal}: stopping everything in order; again tells what is waited for`)
    engine
      .command({ kind: 'shutdown', by: { kind: 'daemon' }, why: signal })
      .catch((error: Error) => warn(error.message))
  }
  process.on('SIGTERM', stop('SIGTERM'))
  process.on('SIGINT', stop('SIGINT'))
  process.on('SIGALRM', sources.rescan)
  if (isRunsvdir) {
    process.on('SIGHUP', () => {
      exitCode = runsvdirHungUp
      stop('SIGHUP')()
    })
    return { exitCode: () => exitCode }
  }
  process.on('SIGHUP', () => {
    sources
      .read({ sources: null, lenient: null, apply: false, by: { kind: 'daemon' } })
      .then((report) => foreground.say(reloadText(report)))
      .catch((error: Error) => warn(error.message))
  })
  return { exitCode: () => exitCode }
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
