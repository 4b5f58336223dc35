import { errnoOf } from '../../sys/errno.ts'
import { isLoopback, printTcpAddress, type TcpAddress } from '../../wire/tcp-address.ts'
import type { Listener } from './listener.ts'

/** The API over TCP: opened where somebody asked for it, and tried again where the system refuses. */
export interface TcpDoor {
  /** Resolves when it was tried once. `carried`: a socket that listens already. */
  open(wanted: TcpAddress, carried: number | null): Promise<void>
  /** null: not open. */
  address(): TcpAddress | null
  /** As Listener.handOver; null: it is not open. */
  handOver(waitMsMax: number): Promise<number | null>
  close(): void
}

/** The address may come with the network, the port with the end of another program. */
const retryMs = 5_000

export function createTcpDoor(parts: {
  readonly createListener: () => Listener
  readonly warn: (text: string) => void
}): TcpDoor {
  const { createListener, warn } = parts
  let listener: Listener | null = null
  let address: TcpAddress | null = null
  let retry: NodeJS.Timeout | null = null
  let told = ''

  const open = async (wanted: TcpAddress, carried: number | null): Promise<void> => {
    retry = null
    const fresh = createListener()
    try {
      await fresh.listen(carried === null ? { kind: 'tcp', ...wanted } : { kind: 'fd', fd: carried })
    } catch (error) {
      const errno = errnoOf(error)
      if (errno !== told) {
        const seconds = retryMs / 1_000
        warn(`nobody can connect to ${printTcpAddress(wanted)} (${errno}); it is tried again every ${seconds} s`)
      }
      told = errno
      retry = setTimeout(() => void open(wanted, null), retryMs)
      return
    }
    listener = fresh
    address = { ...wanted, port: fresh.port() ?? wanted.port }
    if (told !== '') warn(`clients can connect to ${printTcpAddress(address)} now`)
    if (!isLoopback(address) && carried === null) {
      warn(`${printTcpAddress(address)} is open to the network, and nothing on it is encrypted, keys included`)
    }
  }

  return {
    open,
    address: () => address,
    async handOver(waitMsMax) {
      if (retry !== null) clearTimeout(retry)
      return listener === null ? null : await listener.handOver(waitMsMax)
    },
    close() {
      if (retry !== null) clearTimeout(retry)
      listener?.close()
    },
  }
}
