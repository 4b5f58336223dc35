import { closeSync, lstatSync, rmSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { assert } from '../base/assert.ts'
import { type Errno, errnoOf, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Of a stream socket. `host`: an address of IPv4 or IPv6. */
export type SocketPlace =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/**
 * A socket that listens, close-on-exec, and waits in accept. A unix socket is made with this mode, in the place of one that
 * is there, which nobody can reach from then on; ENOTSOCK: there is something else. `backlog`: null as much as the system
 * allows. The file stays when it is closed.
 */
export function openListener(
  place: SocketPlace,
  { backlog, mode }: { readonly backlog: number | null; readonly mode: number },
): number | Errno {
  const address = encodeAddress(place)
  if (typeof address === 'string') return address
  const fd = socket(address.readUInt16LE(0), streamSocket | closeOnExec, 0)
  if (fd < 0) return lastErrno()
  const errno = prepare(fd, place) ?? bindWithMode(fd, address, mode)
  if (errno === null && listen(fd, backlog ?? backlogMax) === 0) return fd
  const refused = errno ?? lastErrno()
  closeSync(fd)
  return refused
}

function prepare(fd: number, place: SocketPlace): Errno | null {
  if (place.kind === 'unix') return removeSocket(place.path)
  // The last one may have closed with connections that are still being taken down.
  return setsockopt(fd, socketLevel, reuseAddress, numberOf(1), 4) < 0 ? lastErrno() : null
}

/** By its path it could be changed afterwards only for whoever had put something else there meanwhile. */
function bindWithMode(fd: number, address: Buffer, mode: number): Errno | null {
  const umask = process.umask(0o777 & ~mode)
  try {
    return bindSocket(fd, address, address.length) < 0 ? lastErrno() : null
  } finally {
    process.umask(umask)
  }
}

/** Only a socket: what else stands there was not made for this. */
function removeSocket(path: string): Errno | null {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return null
    if (!stat.isSocket()) return 'ENOTSOCK'
    rmSync(path, { force: true })
    return null
  } catch (error) {
    return errnoOf(error)
  }
}

/** Whether a descriptor is a socket that listens at this place. */
export function listensAt(fd: number, place: SocketPlace): boolean {
  const listening = Buffer.alloc(4)
  const length: [number] = [4]
  if (getsockopt(fd, socketLevel, acceptsConnections, listening, length) < 0) return false
  const address = encodeAddress(place)
  if (typeof address === 'string' || listening.readInt32LE(0) === 0) return false
  const own = Buffer.alloc(addressBytesMax)
  const ownLength: [number] = [addressBytesMax]
  if (getsockname(fd, own, ownLength) < 0) return false
  return own.subarray(0, ownLength[0]).equals(address)
}

/** struct sockaddr_un, sockaddr_in or sockaddr_in6. */
function encodeAddress(place: SocketPlace): Buffer | Errno {
  if (place.kind === 'unix') return encodePath(place.path)
  const { host, port } = place
  assert(isIPv4(host) || isIPv6(host), 'an address to listen at is a number')
  const isIp4 = isIPv4(host)
  const address = Buffer.alloc(isIp4 ? 16 : 28)
  address.writeUInt16LE(isIp4 ? ip4Family : ip6Family, 0)
  address.writeUInt16BE(port, 2)
  const written = ipToBytes(isIp4 ? ip4Family : ip6Family, host, address.subarray(isIp4 ? 4 : 8))
  return written === 1 ? address : 'EINVAL'
}

function encodePath(path: string): Buffer | Errno {
  const text = Buffer.from(`${path}\0`)
  if (text.length > pathBytesMax) return 'ENAMETOOLONG'
  const family = Buffer.alloc(2)
  family.writeUInt16LE(unixFamily)
  return Buffer.concat([family, text])
}

function numberOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

const unixFamily = 1
const ip4Family = 2
const ip6Family = 10
const streamSocket = 1
const closeOnExec = 0o2000000
const socketLevel = 1
const reuseAddress = 2
const acceptsConnections = 30

/** With the NUL after it. */
const pathBytesMax = 108
const addressBytesMax = 110

/** The kernel takes less where net.core.somaxconn says so. */
const backlogMax = 65_535

const socket = bind<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)')
const bindSocket = bind<(fd: number, address: Buffer, length: number) => number>('int bind(int, uint8_t *, uint32_t)')
const listen = bind<(fd: number, backlog: number) => number>('int listen(int, int)')
const setsockopt = bind<(fd: number, level: number, option: number, value: Buffer, length: number) => number>(
  'int setsockopt(int, int, int, uint8_t *, uint32_t)',
)
const getsockopt = bind<(fd: number, level: number, option: number, value: Buffer, length: [number]) => number>(
  'int getsockopt(int, int, int, uint8_t *, _Inout_ int *)',
)
const getsockname = bind<(fd: number, address: Buffer, length: [number]) => number>(
  'int getsockname(int, uint8_t *, _Inout_ int *)',
)
const ipToBytes = bind<(family: number, text: string, bytes: Buffer) => number>('int inet_pton(int, str, uint8_t *)')
