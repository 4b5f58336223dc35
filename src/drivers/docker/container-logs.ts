import type { ContainerEngine, EngineContainer } from '../../core/containers/model.ts'
import type { Now, Unit } from '../../core/model.ts'
import type { LogAppendPort, Snapshot } from '../../engine/ports.ts'
import { refsOf } from '../process/stream-refs.ts'
import type { EngineClient } from './client.ts'
import { openCursors } from './container-logs-cursor.ts'
import { createFollow, type Follow } from './container-logs-follow.ts'
import { isBefore, type LogMessage, parseStamp } from './container-logs-messages.ts'
import type { FollowedContainer } from './container-logs-take.ts'

/**
 * What containers print, taken from the engine into the same logs as that of processes.
 *
 * Nothing is lost and nothing doubled, over deaths of ours at any moment, restarts of the engine, and rotations of our logs:
 *
 * 1. The engine keeps what a container prints as a sequence of messages, and tells it in the same order each time. Asked for
 *    what is not older than some time, it leaves out what is, and nothing else. So a message is named, whatever time was asked
 *    for, by its own time and how many of the same time stand before it (container-logs-position.ts). To go on, we ask from
 *    a time before anything that can be missing, count up to the last stored message, and take what follows.
 * 2. That time is 5 s before the last message, because the engine's two readers of a container get in each other's way; no
 *    later than the beginning of a line that goes on, because its later pieces have the time of its first; and earlier by as
 *    much as the clock was set back.
 * 3. Bytes are announced in the cursor before they are written: where they will stand, and the position after them
 *    (container-logs-cursor.ts). Writing goes on only at the end of a log, and one write at a time, so after a death the size
 *    of the file tells how many of the announced bytes it has. Those that are missing come again, those that are there are
 *    skipped. A log that is elsewhere by now was rotated, which happens only to logs with nothing missing.
 * 4. What the engine tells while it follows may stop short of the end, so after each end everything is looked at once more,
 *    before the output counts as complete.
 *
 * What the engine does not have cannot be taken: what its own log driver dropped, or removed before we came back (then a line
 * in the log says so). A terminal or a pipe as a log cannot tell what it got: there a death may lose a piece.
 */
export interface ContainerLogs {
  /** To be called after each turn. */
  sync(snapshot: Snapshot): void
  /**
   * Resolves when everything that this container has printed is stored, after 5 s in any case (false: not all of it): to be
   * waited for before a container is removed, because its output goes with it.
   */
  drained(id: string): Promise<boolean>
  /** At once: what is missing comes with the next daemon. */
  close(): void
}

const drainMsMax = 5_000

/**
 * Has to be made before anything else is written to the logs (see openCursors). `directory`: for cursors, made when
 * needed; it has to outlive the host's boot, as the containers do. Throws the system's error where it cannot be read.
 */
export function createContainerLogs(options: {
  readonly client: Pick<EngineClient, 'containers'>
  readonly logs: LogAppendPort
  readonly directory: string
  readonly clock: () => Now
  readonly warn: (text: string) => void
}): ContainerLogs {
  const { client, logs, clock, warn } = options
  const cursors = openCursors(options)
  const follows = new Map<string, Follow>()
  let seen: { readonly units: unknown; readonly engine: unknown } = { units: null, engine: null }
  let clockOffsetMs = offsetOf(clock())
  let isClosed = false

  function sync({ state, now }: Snapshot): void {
    if (isClosed) return
    if (offsetOf(now) < clockOffsetMs - clockBackMs) askAnew()
    clockOffsetMs = offsetOf(now)
    const { units, containerEngine: engine } = state
    if (units === seen.units && engine === seen.engine) return
    seen = { units, engine }
    const isThere = engine.status.kind !== 'absent'
    const running = new Set<string>()
    for (const unit of units.values()) {
      const container = followedOf(unit, engine)
      if (container === null) continue
      follow(container, isThere)
      if (unit.run?.identity?.container !== undefined) running.add(container.id)
    }
    if (engine.isKnown) forgetGone(engine, running)
  }

  function follow(container: FollowedContainer, isThere: boolean): void {
    const { id } = container
    const known = follows.get(id)
    if (known === undefined && container.refs.length === 0) return
    const parts = { containers: client.containers, logs, cursor: cursors.of(id), clock, warn }
    const one = known ?? createFollow(parts, container)
    follows.set(id, one)
    one.update(container, isThere)
  }

  function forgetGone({ containers }: ContainerEngine, running: ReadonlySet<string>): void {
    for (const id of cursors.ids()) {
      if (containers.has(id) || running.has(id)) continue
      const one = follows.get(id)
      if (one === undefined) cursors.remove(id)
      else {
        one.retire(() => {
          follows.delete(id)
          cursors.remove(id)
        })
      }
    }
  }

  /** Whoever follows from a time on is not told what comes with an earlier one. */
  function askAnew(): void {
    for (const one of follows.values()) void one.drain()
  }

  return {
    sync,
    async drained(id) {
      const one = follows.get(id)
      if (one === undefined) return true
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(resolve, drainMsMax, false)
      const isDrained = await Promise.race([one.drain().then(() => true), promise])
      clearTimeout(timer)
      return isDrained
    },
    close() {
      isClosed = true
      for (const one of follows.values()) one.close()
      follows.clear()
    },
  }
}

/** Clocks are adjusted all the time. */
const clockBackMs = 1_000

function offsetOf({ wallMs, bootMs }: Now): number {
  return wallMs - bootMs
}

/** null: it has none, or nothing is known of it yet. */
function followedOf(
  { id: unit, spec, run, container: had, attempt }: Unit,
  engine: ContainerEngine,
): FollowedContainer | null {
  if (spec.container === undefined) return null
  const running = run?.identity?.container
  const id = running?.id ?? had?.id
  if (id === undefined || id === '') return null
  const known = engine.containers.get(id)
  const startedAt = running?.startedAt ?? known?.startedAt ?? had?.startedAt ?? ''
  if (startedAt === '') return null
  const { isTty, environment } = known?.settings ?? spec.container.settings
  const refs = refsOf(unit, spec.process)
  const isMerged = refs.length > 0 && spec.process.stderr === 'stdout'
  const kept = (['stdout', 'stderr'] as const).filter((stream) => refs.some((ref) => ref.stream === stream || isMerged))
  const streams = kept.filter((stream) => isPassed(stream, environment.BALENA_LOGS_LEVEL))
  return {
    id,
    // As if it never ran.
    startedAt: streams.length === 0 ? '' : startedAt,
    runFrom: runFromOf(startedAt, known),
    isRunning: running !== undefined,
    attempt,
    isTty,
    streams,
    refs: streams.length === 0 ? [] : refs,
    isForeign: isForeign(known),
  }
}

/** After the end of the run before it, where there was one. */
function runFromOf(startedAt: string, known: EngineContainer | undefined): string {
  const [began, ended] = [parseStamp(startedAt), parseStamp(known?.finishedAt ?? '')]
  if (began === null || known === undefined) return startedAt
  const isFirst = ended === null || ended.seconds <= 0
  if (isFirst) return firstOfAll
  // Of one that has ended it is the end of this very run.
  return isBefore(ended, began) ? known.finishedAt : new Date((began.seconds - 1) * 1_000).toISOString()
}

const firstOfAll = '1970-01-01T00:00:00Z'

/** Another agent made it, and we took it over. */
function isForeign(known: EngineContainer | undefined): boolean {
  return known !== undefined && known.unit === null
}

/** The variable by which a container says what of its output is wanted; any other value means all of it. */
function isPassed(stream: LogMessage['stream'], level: string | undefined): boolean {
  if (level === 'none') return false
  return stream === 'stderr' || (level !== 'err' && level !== 'error')
}
