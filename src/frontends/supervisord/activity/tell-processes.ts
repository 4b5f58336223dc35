import type { UnitId } from '../../../core/model.ts'
import type { ActivityLog, Mood, ProcessEvent, ProcessState, ProcessTable, ProcessView } from '../contract.ts'

export interface TellingParts {
  readonly table: ProcessTable
  readonly log: Pick<ActivityLog, 'write'>
  readonly mood: () => Mood
}

/** As long as something takes its time to stop, supervisord says so about as often. */
const stopReportMs = 2_000
const shutdownReportMs = 3_000

/** What happens to processes, as supervisord tells it in its log. Returns the way to stop it. */
export function tellProcesses({ table, log, mood }: TellingParts): () => void {
  const stopping = new Map<UnitId, ReturnType<typeof setInterval>>()
  let shutdown: ReturnType<typeof setInterval> | null = null

  const unsubscribe = table.subscribe((event) => {
    if (event.kind === 'group') return
    const isEnding = mood() !== 'RUNNING'
    for (const [level, message] of linesOf(event, isEnding)) log.write(level, message)
    if (event.kind === 'signalled' && event.isFirst) report(event.process, isEnding)
    else if (event.kind === 'state') forget(event.process.unit)
  })

  function report({ unit, name }: ProcessView, isEnding: boolean): void {
    if (isEnding) shutdown ??= repeated(tellDying, shutdownReportMs)
    else
      stopping.set(
        unit,
        repeated(() => log.write('info', `waiting for ${name} to stop`), stopReportMs),
      )
  }

  function forget(unit: UnitId): void {
    clearInterval(stopping.get(unit))
    stopping.delete(unit)
  }

  function tellDying(): void {
    const names = mood() === 'RUNNING' ? [] : dying(table)
    if (names.length > 0) log.write('info', `waiting for ${names.join(', ')} to die`)
    else endShutdown()
  }

  function endShutdown(): void {
    if (shutdown !== null) clearInterval(shutdown)
    shutdown = null
  }

  return () => {
    unsubscribe()
    for (const unit of [...stopping.keys()]) forget(unit)
    endShutdown()
  }
}

/** At once, and then again and again. It keeps nobody alive. */
function repeated(act: () => void, everyMs: number): ReturnType<typeof setInterval> {
  act()
  return setInterval(act, everyMs).unref()
}

function dying(table: ProcessTable): readonly string[] {
  return table.groups().flatMap(({ processes }) => processes.filter(isUnstopped).map(({ name }) => name))
}

function isUnstopped({ state }: ProcessView): boolean {
  return !stopped.has(state)
}

const stopped: ReadonlySet<ProcessState> = new Set(['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'])

type Line = readonly ['debug' | 'info' | 'warn', string]

function linesOf(event: Exclude<ProcessEvent, { kind: 'group' }>, isEnding: boolean): readonly Line[] {
  const { name } = event.process
  switch (event.kind) {
    case 'spawned':
      return [['info', `spawned: '${name}' with pid ${event.pid}`]]
    case 'signalled': {
      const { pid, signal, isFirst, isGroup } = event
      const sent: Line = [
        'debug',
        `killing ${name} (pid ${pid}) ${isGroup ? 'process group ' : ''}with signal ${signal}`,
      ]
      return isFirst ? [sent] : [['warn', `killing '${name}' (${pid}) with ${signal}`], sent]
    }
    case 'state':
      return stateLines(event, isEnding)
  }
}

function stateLines(event: Extract<ProcessEvent, { kind: 'state' }>, isEnding: boolean): readonly Line[] {
  const { how, isExpected, from, process } = event
  const { name, startsecs, spawnError } = process
  switch (process.state) {
    case 'RUNNING': {
      const stayed = `process has stayed up for > than ${startsecs} seconds (startsecs)`
      return from === 'STARTING' ? [['info', `success: ${name} entered RUNNING state, ${stayed}`]] : []
    }
    case 'BACKOFF':
      return [how === '' ? ['info', `spawnerr: ${spawnError}`] : ['warn', `exited: ${name} (${how}; not expected)`]]
    case 'EXITED':
      return isExpected
        ? [['info', `exited: ${name} (${how}; expected)`]]
        : [['warn', `exited: ${name} (${how}; not expected)`]]
    case 'STOPPED':
      if (from === 'BACKOFF') return [['debug', `Attempted to kill ${name}, which is in BACKOFF state.`]]
      return how === '' ? [] : [[isExpected ? 'info' : 'warn', `stopped: ${name} (${how})`]]
    case 'FATAL':
      // Who gives up only because the daemon ends is not told of.
      if (isEnding) return []
      return [['info', `gave up: ${name} entered FATAL state, too many start retries too quickly`]]
    case 'STARTING':
    case 'STOPPING':
    case 'UNKNOWN':
      return []
  }
}
