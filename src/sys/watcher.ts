import { closeSync, readSync } from 'node:fs'
import { assert } from '../base/assert.ts'
import {
  createEpoll,
  createEventBuffer,
  createEventfd,
  type Ready,
  ringEventfd,
  unwatchFd,
  waitForReady,
  watchFd,
  watchFdForWriting,
} from './epoll.ts'
import type { Errno } from './errno.ts'

export interface Watcher {
  /**
   * Calls `onReady` whenever the descriptor has something, until the watch is stopped (before the descriptor is
   * closed). It answers 'much' when more is surely coming, so that nobody pauses.
   */
  watch(fd: number, onReady: (isHungUp: boolean) => 'much' | 'little'): Watch | Errno
  /** The same whenever something can be written to it, or nobody reads it any more. */
  watchForWriting(fd: number, onReady: () => void): Watch | Errno
  /** Ends all watching and the waiting thread. */
  close(): void
}

export interface Watch {
  stop(): void
}

/** Enough for one round; what is left over is reported by the next wait, in turn. */
const eventsMax = 256

/** Writers of single lines wake us once per pause instead of once per line, which halves our time for them. */
const pauseMs = 2

/** Of handling in a row, so that floods on many descriptors do not keep the engine waiting. */
const sliceMs = 4

const bellToken = 0

/**
 * One wait for everything that is watched, on one pool thread that exists only while there is something to watch.
 * Level-triggered, and waited for again only when all that was ready has been handled.
 */
export function createWatcher(): Watcher {
  const epoll = opened(createEpoll(), 'an epoll set')
  const bell = opened(createEventfd(), 'an eventfd')
  assert(watchFd(epoll, bell, bellToken) === null, 'the bell can be watched')
  const buffer = createEventBuffer(eventsMax)
  const watches = new Map<number, (isHungUp: boolean) => 'much' | 'little'>()
  let nextToken = bellToken + 1
  let phase: 'resting' | 'waiting' | 'handling' | 'closed' = 'resting'
  let pause: ReturnType<typeof setTimeout> | null = null

  function wait(): void {
    if (phase !== 'resting' || watches.size === 0 || pause !== null) return
    phase = 'waiting'
    waitForReady(epoll, buffer, handle)
  }

  function handle(ready: readonly Ready[]): void {
    if (phase === 'closed') {
      release()
      return
    }
    phase = 'handling'
    work(ready, 0, false)
  }

  /** What is ready, one after the other, from `next` on; whatever else waits gets its turn in between. */
  function work(ready: readonly Ready[], next: number, isMuchBefore: boolean): void {
    if (isClosed()) {
      release()
      return
    }
    const since = performance.now()
    let isMuch = isMuchBefore
    let at = next
    while (at < ready.length && !isClosed() && (at === next || performance.now() - since < sliceMs)) {
      const { token, isHungUp } = ready[at++]!
      if (token === bellToken) readSync(bell, Buffer.alloc(8))
      // A watch stopped by another one of this round is no longer there.
      if ((watches.get(token)?.(isHungUp) ?? 'much') === 'much') isMuch = true
    }
    if (isClosed()) release()
    else if (at < ready.length) setImmediate(() => work(ready, at, isMuch))
    else rest(isMuch)
  }

  function rest(isMuch: boolean): void {
    phase = 'resting'
    if (!isMuch) {
      pause = setTimeout(() => {
        pause = null
        wait()
      }, pauseMs)
    }
    wait()
  }

  function isClosed(): boolean {
    return phase === 'closed'
  }

  function release(): void {
    closeSync(epoll)
    closeSync(bell)
  }

  function enter(fd: number, add: typeof watchFd, onReady: (isHungUp: boolean) => 'much' | 'little'): Watch | Errno {
    const token = nextToken
    nextToken += 1
    const errno = add(epoll, fd, token)
    if (errno !== null) return errno
    watches.set(token, onReady)
    wait()
    return {
      stop() {
        if (!watches.delete(token)) return
        unwatchFd(epoll, fd)
        if (watches.size === 0 && phase === 'waiting') ringEventfd(bell)
      },
    }
  }

  return {
    watch: (fd, onReady) => enter(fd, watchFd, onReady),
    watchForWriting(fd, onReady) {
      return enter(fd, watchFdForWriting, () => {
        onReady()
        return 'much'
      })
    },
    close() {
      assert(phase !== 'closed', 'a watcher is closed once')
      const before = phase
      phase = 'closed'
      if (pause !== null) clearTimeout(pause)
      // A waiting thread still uses the set: it is released when that thread has returned.
      if (before === 'waiting') ringEventfd(bell)
      else if (before === 'resting') release()
    },
  }
}

function opened(result: number | Errno, what: string): number {
  if (typeof result === 'string') throw new Error(`the daemon cannot open ${what} (${result})`)
  return result
}
