import { engineAbsentMs, engineAbsentMsMax } from '../../core/limits.ts'
import type { Now } from '../../core/model.ts'
import type { LogAppendPort } from '../../engine/ports.ts'
import { isSameLog } from '../process/stream-refs.ts'
import type { ContainerCalls } from './container-calls.ts'
import { type Cursor, clockOf } from './container-logs-cursor.ts'
import { parseStamp } from './container-logs-messages.ts'
import { positionAtRest } from './container-logs-position.ts'
import { type OutputStore, openOutputStore } from './container-logs-store.ts'
import { type FollowedContainer, takeOutput } from './container-logs-take.ts'
import { engineError } from './engine-error.ts'

/** The output of one container, from the engine into the logs, over any number of runs of it. */
export interface Follow {
  /** What is known of it now. `isEngineThere` false: it is not tried by time. */
  update(container: FollowedContainer, isEngineThere: boolean): void
  /** Resolves when everything is stored that it had printed before the call, or when that cannot be. */
  drain(): Promise<void>
  /** The engine does not have it any more: what is on its way is stored, then `gone` is called. */
  retire(gone: () => void): void
  /** At once; it is gone on with from the cursor. */
  close(): void
}

type Told = 'ended' | 'aborted' | 'changed' | 'cut' | 'trouble' | 'gone' | 'unreadable'

export function createFollow(
  parts: {
    readonly containers: Pick<ContainerCalls, 'logs'>
    readonly logs: LogAppendPort
    readonly cursor: Cursor
    readonly clock: () => Now
    readonly warn: (text: string) => void
  },
  first: FollowedContainer,
): Follow {
  const { containers, logs, cursor, clock, warn } = parts
  let wanted = first
  let isEngineThere = true
  let output = openOutput(first)
  let phase: 'working' | 'resting' | 'closed' = 'resting'
  let abort: AbortController | null = null
  let rest: { readonly end: () => void } | null = null
  /** Ends of what there is: how many were asked for, and up to which of them it was reached. */
  let asked = 0
  let reached = 0
  let waiting: { readonly number: number; readonly resolve: () => void }[] = []
  let retired: (() => void) | null = null
  let failures = 0
  let toldTrouble = ''

  function openOutput(container: FollowedContainer): OutputStore {
    const opened = openOutputStore({ logs, cursor, ...container })
    tellRun(opened, container)
    return opened
  }

  function tellRun(store: OutputStore, { runFrom, attempt }: FollowedContainer): void {
    const time = parseStamp(runFrom)
    if (time !== null) store.began(time, attempt)
  }

  // ---- when

  function begin(): void {
    if (phase !== 'resting' || !hasWork()) return
    phase = 'working'
    void work()
  }

  function hasWork(): boolean {
    if (retired !== null || asked > reached) return true
    const { isDrained, isUnreadable, startedAt } = cursor.state
    if (isUnreadable || !isKept(wanted)) return false
    return wanted.isRunning || !isDrained || startedAt !== wanted.startedAt
  }

  async function work(): Promise<void> {
    while (phase === 'working' && hasWork()) {
      const isToFollow = isFollowed(wanted) && asked === reached && retired === null
      const isNew = cursor.state.position.stamp === ''
      let told: Told = isToFollow && !isNew ? await take(wanted, 'all') : 'ended'
      if (told === 'ended' && isToFollow && isWorking()) told = await take(wanted, 'follow')
      // The end of an answer that follows does not say that it was all.
      const [container, call] = [wanted, asked]
      if (told === 'ended' && isWorking()) told = await take(container, 'all')
      if (isWorking()) await consider({ told, container, call, isToFollow })
    }
    if (isWorking()) phase = 'resting'
  }

  function isWorking(): boolean {
    return phase === 'working'
  }

  async function consider(taken: {
    readonly told: Told
    readonly container: FollowedContainer
    readonly call: number
    readonly isToFollow: boolean
  }): Promise<void> {
    const { told, container, call, isToFollow } = taken
    const isOver = told === 'ended' || told === 'gone' || told === 'unreadable'
    if (told === 'ended' && !container.isRunning && container.startedAt !== '') {
      const position = positionAtRest(cursor.state.position)
      cursor.settle({ isDrained: true, startedAt: container.startedAt, position })
    }
    if (isOver) reach(call)
    if (retired !== null && (isOver || told === 'trouble')) {
      leave(retired)
      return
    }
    // Until it has another run.
    if (told === 'gone' && wanted === container) wanted = { ...container, isRunning: false, startedAt: '' }
    // It runs, as far as is known: the news of its end is on its way, or the engine was restarted.
    const isSameRun = isFollowed(wanted) && wanted.startedAt === container.startedAt
    const isTooEarly = told === 'ended' && isToFollow && isSameRun && asked === reached
    if (isTooEarly || told === 'cut' || told === 'trouble' || told === 'changed') await restFor(retryMs())
  }

  function retryMs(): number {
    failures += 1
    return Math.min(engineAbsentMs * 2 ** (failures - 1), engineAbsentMsMax)
  }

  /** Until there is news, or for this long; while the engine is away only until there is news. */
  function restFor(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = isEngineThere ? setTimeout(() => rest?.end(), ms) : undefined
      rest = {
        end() {
          clearTimeout(timer)
          rest = null
          resolve()
        },
      }
    })
  }

  function reach(call: number): void {
    reached = Math.max(reached, call)
    for (const { number, resolve } of waiting) if (number <= reached) resolve()
    waiting = waiting.filter(({ number }) => number > reached)
  }

  function leave(gone: () => void): void {
    close()
    gone()
  }

  function close(): void {
    phase = 'closed'
    abort?.abort()
    rest?.end()
    reach(asked)
    output.close()
    cursor.close()
  }

  // ---- what

  async function take(container: FollowedContainer, how: 'all' | 'follow'): Promise<Told> {
    if (!isKept(container)) return 'ended'
    const calling = new AbortController()
    abort = calling
    const moved = (): void => {
      failures = 0
    }
    try {
      const { signal } = calling
      const told = await takeOutput(
        { containers, container, cursor, output, clock: clockOf(clock()), signal, moved },
        how,
      )
      toldTrouble = ''
      return told
    } catch (error) {
      return calling.signal.aborted ? 'aborted' : toldBy(error, container)
    } finally {
      abort = null
    }
  }

  function toldBy(error: unknown, container: FollowedContainer): Told {
    const { code, status, message } = engineError(error)
    if (code === 'NOT_FOUND') return 'gone'
    if (status === 501 || /does not support reading/.test(message)) return unreadable(container, message)
    if (status !== null && toldTrouble !== message) {
      warn(`${nameOf(container)}: what its container prints cannot be read: ${message}; it is tried again`)
      toldTrouble = message
    }
    return code === 'CUT' ? 'cut' : 'trouble'
  }

  function unreadable(container: FollowedContainer, message: string): Told {
    if (!cursor.state.isUnreadable) {
      warn(`${nameOf(container)}: what its container prints is not kept here: ${message}`)
      output.say(`what the container prints is not kept here: ${message}`)
      cursor.settle({ isUnreadable: true })
    }
    return 'unreadable'
  }

  return {
    update(container, isThere) {
      if (phase === 'closed') return
      const before = wanted
      const wasThere = isEngineThere
      wanted = container
      isEngineThere = isThere
      if (!isSameOutput(before, container)) {
        abort?.abort()
        output.close()
        output = openOutput(container)
      } else tellRun(output, container)
      const isNews = before.startedAt !== container.startedAt || before.isRunning !== container.isRunning
      if (isNews || (isThere && !wasThere)) rest?.end()
      begin()
    },
    drain() {
      if (phase === 'closed') return Promise.resolve()
      asked += 1
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ number: asked, resolve })
      abort?.abort()
      rest?.end()
      begin()
      return promise
    },
    retire(gone) {
      retired ??= gone
      rest?.end()
      begin()
    },
    close,
  }
}

/** Whether it ran at all, and something is wanted of what it prints. */
function isKept({ startedAt, streams }: FollowedContainer): boolean {
  return startedAt !== '' && streams.length > 0
}

function isFollowed(container: FollowedContainer): boolean {
  return container.isRunning && isKept(container)
}

function nameOf({ refs, id }: FollowedContainer): string {
  return refs[0]?.unit ?? id
}

function isSameOutput(one: FollowedContainer, other: FollowedContainer): boolean {
  return (
    one.refs.length === other.refs.length &&
    one.streams.join() === other.streams.join() &&
    one.refs.every((ref, index) => {
      const second = other.refs[index]!
      return ref.unit === second.unit && ref.stream === second.stream && isSameLog(ref, second)
    })
  )
}
