import { closeSync } from 'node:fs'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Sends lines to the local syslog, as syslog(3) does with facility USER. */
export interface Syslog {
  /** Never waits: while nobody takes it, so much is kept for a while, then it is dropped and counted. */
  write(line: string | Uint8Array, severity: SyslogSeverity): void
  /** Lines that were dropped so far. What the log has of this: a line of its own, once it takes any again. */
  dropped(): number
  /** What can be sent is sent. */
  close(): void
}

export type SyslogSeverity = 'critical' | 'error' | 'warning' | 'info' | 'debug'

const severities: Readonly<Record<SyslogSeverity, number>> = { critical: 2, error: 3, warning: 4, info: 6, debug: 7 }

/** Of a line so much counts: as much as is common among those who read syslog. */
export const syslogMessageBytesMax = 8 * 1024

/** While its socket is full, or there is none because it is being restarted. */
const queueBytesMax = 256 * 1024

/** A restart takes less. From then on lines are dropped, and it is looked for now and then with the next line. */
const patienceMs = 10_000
const absentRetryMs = 1_000

/** Its socket takes ten messages at a time, on many hosts, and its reader has taken them within moments. */
const fullRetryMs = 1
const retryMsMax = 100

/** `ident`: what stands before each line. It is connected to with the first line. */
export function openSyslog({ ident, path = '/dev/log' }: { readonly ident: string; readonly path?: string }): Syslog {
  const address = unixAddress(path)
  let fd = -1
  const queue: Buffer[] = []
  let queuedBytes = 0
  let timer: NodeJS.Timeout | null = null
  let retryMs = fullRetryMs
  /** Since when nothing was taken; null: it takes what comes. */
  let stuckSinceMs: number | null = null
  /** Nobody was there for so long that nothing is kept. */
  let absentUntilMs: number | null = null
  let dropped = 0
  let toldDropped = 0

  function write(line: string | Uint8Array, severity: SyslogSeverity): void {
    if (absentUntilMs !== null && performance.now() < absentUntilMs) {
      dropped += 1
      return
    }
    const message = messageOf(line, severities[severity])
    if (queue.length === 0 && send(message)) return
    if (absentUntilMs !== null) {
      absentUntilMs = performance.now() + absentRetryMs
      dropped += 1
      return
    }
    if (queuedBytes + message.length > queueBytesMax) {
      dropped += 1
      return
    }
    queue.push(message)
    queuedBytes += message.length
    arm()
  }

  function messageOf(line: string | Uint8Array, severity: number): Buffer {
    const header = Buffer.from(`<${facilityUser * 8 + severity}>${stamp()} ${ident}: `)
    const text = typeof line === 'string' ? Buffer.from(line) : line
    return Buffer.concat([header, text], Math.min(header.length + text.length, syslogMessageBytesMax))
  }

  function arm(): void {
    stuckSinceMs ??= performance.now()
    timer ??= setTimeout(again, retryMs)
    timer.unref()
  }

  function again(): void {
    timer = null
    const sent = flush()
    retryMs = sent > 0 ? fullRetryMs : Math.min(retryMs * 2, retryMsMax)
    if (queue.length === 0) return
    if (stuckSinceMs !== null && performance.now() - stuckSinceMs > patienceMs) giveUp()
    else arm()
  }

  function giveUp(): void {
    dropped += queue.length
    clear(queue.length)
    absentUntilMs = performance.now() + absentRetryMs
    stuckSinceMs = null
    retryMs = fullRetryMs
  }

  function flush(): number {
    let sent = 0
    while (sent < queue.length && send(queue[sent]!)) sent += 1
    clear(sent)
    return sent
  }

  function clear(count: number): void {
    for (const message of queue.splice(0, count)) queuedBytes -= message.length
  }

  /** Whether it was taken; before it goes how many could not be. */
  function send(message: Buffer): boolean {
    if (dropped > toldDropped) {
      const count = dropped - toldDropped
      if (
        !transmit(messageOf(`${count} line${count === 1 ? '' : 's'} could not be sent to syslog`, severities.warning))
      )
        return false
      toldDropped = dropped
    }
    return transmit(message)
  }

  function transmit(message: Buffer): boolean {
    // Whoever listened may have been replaced: then there is somebody else at the same path.
    for (let tries = 0; tries < 2 && (fd !== -1 || connect()); tries++) {
      const errno = sendAll(fd, message)
      if (errno === null) {
        stuckSinceMs = null
        absentUntilMs = null
        return true
      }
      if (errno === 'EAGAIN' || errno === 'ENOBUFS') return false
      if (errno === 'EMSGSIZE') {
        dropped += 1
        return true
      }
      disconnect()
    }
    return false
  }

  function connect(): boolean {
    const made = socket(unixDomain, datagram | nonBlocking | closeOnExec, 0)
    if (made < 0) return false
    fd = made
    if (connectTo(fd, address, address.length) === 0) return true
    disconnect()
    return false
  }

  function disconnect(): void {
    closeSync(fd)
    fd = -1
  }

  return {
    write,
    dropped: () => dropped,
    close() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      flush()
      dropped += queue.length
      clear(queue.length)
      if (fd !== -1) disconnect()
    },
  }
}

/** By the local clock, as syslog(3) has it: `Nov  1 09:05:00`. */
function stamp(): string {
  const second = Math.floor(Date.now() / 1_000)
  if (second !== stampedSecond) {
    const date = new Date(second * 1_000)
    const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => `${part}`.padStart(2, '0'))
    stampText = `${months[date.getMonth()]} ${`${date.getDate()}`.padStart(2)} ${time.join(':')}`
    stampedSecond = second
  }
  return stampText
}

let stampedSecond = Number.NaN
let stampText = ''
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function sendAll(fd: number, message: Buffer): Errno | null {
  for (;;) {
    if (sendTo(fd, message, message.length, dontWait | noSignal) >= 0) return null
    const errno = lastErrno()
    if (errno !== 'EINTR') return errno
  }
}

/** struct sockaddr_un: what is longer than its 108 bytes is refused by connect(2). */
function unixAddress(path: string): Buffer {
  const family = Buffer.from(new Uint16Array([unixDomain]).buffer)
  return Buffer.concat([family, Buffer.from(`${path}\0`)])
}

const facilityUser = 1
const unixDomain = 1
const datagram = 2
const nonBlocking = 0x800
const closeOnExec = 0x80000
const dontWait = 0x40
const noSignal = 0x4000

const socket = bind<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)')
const connectTo = bind<(fd: number, address: Buffer, length: number) => number>(
  'int connect(int, const uint8_t *, uint)',
)
const sendTo = bind<(fd: number, bytes: Buffer, length: number, flags: number) => number>(
  'int64_t send(int, const uint8_t *, size_t, int)',
)
