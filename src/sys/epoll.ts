import { writeSync } from 'node:fs'
import { assert } from '../base/assert.ts'
import { type Errno, lastErrno } from './errno.ts'
import { bind, bindOnPoolThread } from './libc.ts'

export interface Ready {
  /** What was given to `watchFd`. */
  readonly token: number
  /** The other side is gone altogether. */
  readonly isHungUp: boolean
}

/** A set of descriptors to wait on together; close-on-exec. Throws nothing, answers the error. */
export function createEpoll(): number | Errno {
  const fd = epollCreate(closeOnExec)
  return fd < 0 ? lastErrno() : fd
}

/** Level-triggered: reported at each wait for as long as there is something to read. `token` is below 2^32. */
export function watchFd(epoll: number, fd: number, token: number): Errno | null {
  return add(epoll, fd, { token, events: readable })
}

/** The same for as long as something can be written to it. */
export function watchFdForWriting(epoll: number, fd: number, token: number): Errno | null {
  return add(epoll, fd, { token, events: writable })
}

export function unwatchFd(epoll: number, fd: number): void {
  const result = epollControl(epoll, controlRemove, fd, Buffer.alloc(eventBytes))
  assert(result === 0, 'only what is watched is unwatched')
}

/**
 * Waits on a thread of the pool until something is ready, however long, and tells. One wait at a time per `events`
 * buffer (from `createEventBuffer`). A pending wait hangs the orderly exit of the process: end it by an eventfd.
 */
export function waitForReady(epoll: number, events: Buffer, done: (ready: readonly Ready[]) => void): void {
  epollWait([epoll, events, events.length / eventBytes, -1], (count) => {
    // -1 is EINTR: nothing is ready, and the caller waits again.
    done(Array.from({ length: Math.max(0, count) }, (_, index) => readEvent(events, index * eventBytes)))
  })
}

export function createEventBuffer(eventsMax: number): Buffer {
  return Buffer.alloc(eventsMax * eventBytes)
}

/** A descriptor that becomes readable by `ringEventfd`, for waking a wait. */
export function createEventfd(): number | Errno {
  const fd = eventfd(0, closeOnExec | nonBlocking)
  return fd < 0 ? lastErrno() : fd
}

export function ringEventfd(fd: number): void {
  const one = Buffer.alloc(8)
  one.writeBigUInt64LE(1n)
  writeSync(fd, one)
}

function add(
  epoll: number,
  fd: number,
  { token, events }: { readonly token: number; readonly events: number },
): Errno | null {
  const event = Buffer.alloc(eventBytes)
  event.writeUInt32LE(events, 0)
  event.writeUInt32LE(token, tokenOffset)
  return epollControl(epoll, controlAdd, fd, event) < 0 ? lastErrno() : null
}

function readEvent(events: Buffer, offset: number): Ready {
  return {
    token: events.readUInt32LE(offset + tokenOffset),
    isHungUp: (events.readUInt32LE(offset) & hungUp) !== 0,
  }
}

// struct epoll_event is packed on x86-64 only.
const eventBytes = process.arch === 'x64' ? 12 : 16
const tokenOffset = process.arch === 'x64' ? 4 : 8
const readable = 0x001
const writable = 0x004
const hungUp = 0x010
const controlAdd = 1
const controlRemove = 2
const closeOnExec = 0x80000
const nonBlocking = 0x800

const epollCreate = bind<(flags: number) => number>('int epoll_create1(int)')
const epollControl = bind<(epoll: number, operation: number, fd: number, event: Buffer) => number>(
  'int epoll_ctl(int, int, int, uint8_t *)',
)
const epollWait = bindOnPoolThread('int epoll_wait(int, uint8_t *, int, int)')
const eventfd = bind<(initial: number, flags: number) => number>('int eventfd(uint, int)')
