import { closeSync, lchownSync, readFileSync, rmSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import type { Failure, ListenSocket, RunRef } from '../../core/model.ts'
import { unitParts } from '../../core/target/units.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { duplicate } from '../../sys/execve.ts'
import { listensAt, openListener, type SocketPlace } from '../../sys/listen-socket.ts'
import { copyDescriptor, openPidfd } from '../../sys/pidfd.ts'
import { portHolder } from '../../sys/port-holder.ts'
import { type Account, resolveAccount } from './account.ts'
import { failure, isFailure } from './failure.ts'

/** The listening sockets that units of an app share as their stdin. */
export interface Sockets {
  /** Answers a descriptor of it for a run that is about to be started; who starts the run closes it. The first one opens the socket. */
  open(run: RunRef, socket: ListenSocket, account: Account): number | Failure
  /** After our own restart: this run lives, and has it. */
  adopt(run: RunRef & { readonly pid: number }, socket: ListenSocket): void
  /** It has ended, or was not started. With the last one the socket is closed; its file stays, as supervisord leaves it. */
  release(run: RunRef): void
  /** Called with each socket that is opened or closed, as it is written down. */
  onChange(listener: (change: 'opened' | 'closed', url: string) => void): void
  close(): void
}

interface Shared {
  readonly fd: number
  readonly url: string
  /** The runs that have it. */
  readonly users: Set<string>
}

export function createSockets({ warn }: { readonly warn: (text: string) => void }): Sockets {
  const shared = new Map<string, Shared>()
  let listener: ((change: 'opened' | 'closed', url: string) => void) | null = null

  function open(run: RunRef, socket: ListenSocket, account: Account): number | Failure {
    const key = keyOf(run, socket)
    const one = shared.get(key) ?? openShared(key, socket, account)
    if (isFailure(one)) return one
    const copy = duplicate(one.fd)
    if (typeof copy === 'number') one.users.add(nameOf(run))
    else dropUnused(key, one)
    return typeof copy === 'number' ? copy : failure(copy, `its socket ${one.url} cannot be passed on (${copy})`)
  }

  function openShared(key: string, socket: ListenSocket, account: Account): Shared | Failure {
    const fd = openSocket(socket, account)
    if (typeof fd !== 'number') return fd
    const one: Shared = { fd, url: urlOf(socket), users: new Set() }
    shared.set(key, one)
    listener?.('opened', one.url)
    return one
  }

  function adopt(run: RunRef & { readonly pid: number }, socket: ListenSocket): void {
    const key = keyOf(run, socket)
    const one = shared.get(key) ?? regain(run, socket)
    if (one === null) return
    shared.set(key, one)
    one.users.add(nameOf(run))
  }

  /** null: it has another one, of an earlier declaration; or it cannot be had from there, and the next run begins a new one. */
  function regain({ unit, pid }: RunRef & { readonly pid: number }, socket: ListenSocket): Shared | null {
    const place = placeOf(socket)
    const fd = isFailure(place) ? 'EINVAL' : stdinOf(pid)
    if (typeof fd === 'string') {
      warn(
        `${unit}: its socket ${urlOf(socket)} cannot be had back from process ${pid} (${fd}); others cannot share it`,
      )
      return null
    }
    if (!isFailure(place) && listensAt(fd, place)) return { fd, url: urlOf(socket), users: new Set() }
    closeSync(fd)
    return null
  }

  function dropUnused(key: string, one: Shared): void {
    if (one.users.size > 0) return
    shared.delete(key)
    closeSync(one.fd)
    listener?.('closed', one.url)
  }

  return {
    open,
    adopt,
    release(run) {
      const name = nameOf(run)
      for (const [key, one] of [...shared]) if (one.users.delete(name)) dropUnused(key, one)
    },
    onChange(changed) {
      listener = changed
    },
    close() {
      for (const { fd } of shared.values()) closeSync(fd)
      shared.clear()
    },
  }
}

/** What is equal is shared within an app. */
function keyOf({ unit }: RunRef, socket: ListenSocket): string {
  const { address, backlog } = socket
  const file = address.kind === 'unix' ? `${address.mode} ${address.owner}` : ''
  return [unitParts(unit).app, urlOf(socket), file, backlog].join(' ')
}

function nameOf({ unit, run }: RunRef): string {
  return `${run} ${unit}`
}

function stdinOf(pid: number): number | Errno {
  const pidfd = openPidfd(pid)
  if (typeof pidfd === 'string') return pidfd
  const fd = copyDescriptor(pidfd, 0)
  closeSync(pidfd)
  return fd
}

// ---- one socket ------------------------------------------------------------------------------------------------

function openSocket(socket: ListenSocket, account: Account): number | Failure {
  const { address, backlog } = socket
  const place = placeOf(socket)
  if (isFailure(place)) return place
  const owner = address.kind === 'unix' ? ownerOf(address.owner, account) : null
  if (owner !== null && isFailure(owner)) return owner
  const fd = openListener(place, { backlog, mode: address.kind === 'unix' ? address.mode : 0 })
  if (typeof fd === 'string') return openFailure(socket, fd)
  const trouble = owner !== null && address.kind === 'unix' ? handOver(address.path, owner) : null
  if (trouble === null) return fd
  closeSync(fd)
  return trouble
}

function handOver(path: string, { uid, gid }: Owner): Failure | null {
  try {
    lchownSync(path, uid, gid)
    return null
  } catch (error) {
    const code = errnoOf(error)
    rmSync(path, { force: true })
    return failure(code, `its socket ${path} cannot be given to its owner (${code}); correct \`socket_owner\``)
  }
}

/** -1: as it is. */
type Owner = Pick<Account, 'uid' | 'gid'>

/** null: as it is. */
function ownerOf(owner: string | null, account: Account): Owner | Failure | null {
  if (owner === null) return account.groups === null ? null : account
  const named = resolveAccount(owner)
  if (isFailure(named)) return failure(named.code, `its socket: ${named.message.replace('`user`', '`socket_owner`')}`)
  // A user alone leaves the group as it is.
  return owner.includes(':') ? named : { uid: named.uid, gid: -1 }
}

function placeOf({ address }: ListenSocket): SocketPlace | Failure {
  if (address.kind === 'unix') return { kind: 'unix', path: address.path }
  const host = hostNumber(address.host)
  if (host !== null) return { kind: 'tcp', host, port: address.port }
  return failure('no-host', `its socket: ${address.host} is not in /etc/hosts; correct \`socket\`, or write a number`)
}

/** Nobody is asked over the network: it would hold up everything else. */
function hostNumber(host: string): string | null {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (name === '' || name === '*') return '0.0.0.0'
  if (isIP(name) !== 0) return name
  const numbers = hostsLines().flatMap(([number = '', ...names]) => (names.includes(name) ? [number] : []))
  const number = numbers.find((one) => isIP(one) === 4) ?? numbers.find((one) => isIP(one) === 6)
  return number ?? (name === 'localhost' ? '127.0.0.1' : null)
}

function hostsLines(): readonly (readonly string[])[] {
  try {
    const lines = readFileSync('/etc/hosts', 'utf8').split('\n')
    return lines.map((line) => line.replace(/#.*/, '').toLowerCase().trim().split(/\s+/))
  } catch (error) {
    errnoOf(error)
    return []
  }
}

function urlOf({ address }: ListenSocket): string {
  return address.kind === 'unix' ? `unix://${address.path}` : `tcp://${address.host}:${address.port}`
}

function openFailure(socket: ListenSocket, code: Errno): Failure {
  return failure(code, `its socket ${urlOf(socket)} cannot be opened (${code}): ${whyNot(socket, code)}`)
}

function whyNot({ address }: ListenSocket, code: Errno): string {
  switch (code) {
    case 'EADDRINUSE': {
      const holder = address.kind === 'tcp' ? portHolder(address.port) : null
      const who = holder === null ? 'somebody else' : `${holder.name} (pid ${holder.pid})`
      return `${who} listens there; end that, or correct \`socket\``
    }
    case 'EADDRNOTAVAIL':
      return 'this host has no such address; correct `socket`'
    case 'EACCES':
    case 'EPERM':
      return address.kind === 'tcp'
        ? 'ports below 1024 are for root; take another one, or start the daemon as root'
        : `nothing may be made in ${dirname(address.path)}; check its permissions, or correct \`socket\``
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no folder ${address.kind === 'unix' ? dirname(address.path) : ''}; create it, or correct \`socket\``
    case 'ENOTSOCK':
      return 'there is something else, and no socket; remove it, or correct `socket`'
    case 'ENAMETOOLONG':
      return 'the path of a socket has 107 bytes at most; correct `socket`'
    default:
      return 'correct `socket`'
  }
}
