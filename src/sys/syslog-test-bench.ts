import { closeSync, readSync, rmSync } from 'node:fs'
import { errnoOf } from './errno.ts'
import { bind } from './libc.ts'

/** Listens as a syslog daemon does. */
export interface Syslogd extends Disposable {
  /** What was sent since, one text each. */
  read(): readonly string[]
}

export function openSyslogd(path: string): Syslogd {
  const fd = socket(unixDomain, datagram | nonBlocking | closeOnExec, 0)
  const address = Buffer.concat([Buffer.from(new Uint16Array([unixDomain]).buffer), Buffer.from(`${path}\0`)])
  if (fd < 0 || bindTo(fd, address, address.length) < 0) throw new Error(`nothing can listen at ${path}`)
  const message = Buffer.alloc(64 * 1024)
  return {
    read() {
      const all: string[] = []
      for (;;) {
        try {
          all.push(message.toString('latin1', 0, readSync(fd, message)))
        } catch (error) {
          if (errnoOf(error) === 'EAGAIN') return all
          throw error
        }
      }
    },
    [Symbol.dispose]() {
      closeSync(fd)
      rmSync(path)
    },
  }
}

const unixDomain = 1
const datagram = 2
const nonBlocking = 0x800
const closeOnExec = 0x80000

const socket = bind<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)')
const bindTo = bind<(fd: number, address: Buffer, length: number) => number>('int bind(int, const uint8_t *, uint)')
