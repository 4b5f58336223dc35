import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

export interface Peer {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/** Who connected to a unix socket, as the kernel noted at that moment. `fd` is the connection's descriptor. */
export function peerOf(fd: number): Peer | Errno {
  const credentials = Buffer.alloc(12)
  const length: [number] = [credentials.length]
  if (getsockopt(fd, socketLevel, peerCredentials, credentials, length) < 0) return lastErrno()
  return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(4), gid: credentials.readUInt32LE(8) }
}

const socketLevel = 1
const peerCredentials = 17

const getsockopt = bind<(fd: number, level: number, option: number, value: Buffer, length: [number]) => number>(
  'int getsockopt(int, int, int, uint8_t *, _Inout_ int *)',
)
