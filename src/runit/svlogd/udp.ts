import { createSocket, type Socket } from 'node:dgram'
import type { UdpTarget } from '../../formats/svlogd-config.ts'
import type { LogDirectory } from '../../svlog/model.ts'

export interface UdpSender {
  send(directory: LogDirectory, datagram: Uint8Array, target: UdpTarget): void
  /** When all that was given to `send` is sent, or has failed. */
  idle(): Promise<void>
  close(): void
}

/** One socket, opened with the first datagram. */
export function createUdpSender(onFailed: (directory: LogDirectory, datagram: Uint8Array) => void): UdpSender {
  let socket: Socket | null = null
  let underWay = 0
  let waiting: (() => void) | null = null

  function settled(): void {
    underWay -= 1
    if (underWay > 0) return
    waiting?.()
    waiting = null
  }

  function open(): Socket {
    // Addresses are numbers already: nothing is looked up.
    const opened = createSocket({ type: 'udp4', lookup: (address, _, done) => done(null, address, 4) })
    opened.on('error', () => {})
    return opened
  }

  return {
    send(directory, datagram, { address, port }) {
      socket ??= open()
      underWay += 1
      socket.send(datagram, port, address, (error) => {
        if (error !== null) onFailed(directory, datagram)
        settled()
      })
    },
    idle: () =>
      new Promise((resolve) => {
        if (underWay === 0) resolve()
        else waiting = resolve
      }),
    close: () => socket?.close(),
  }
}
