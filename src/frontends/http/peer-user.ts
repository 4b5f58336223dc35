import type { Socket } from 'node:net'
import type { Who } from '../../core/model.ts'
import { peerOf } from '../../sys/peer.ts'
import { userById } from '../../sys/users.ts'
import { descriptorOf } from './descriptor.ts'

type User = Extract<Who, { kind: 'user' }>

/** Who is at the other end of a unix socket, as the kernel noted; null: the connection has gone. */
export function peerUser(socket: Socket): User | null {
  const user = known.get(socket) ?? askPeer(socket)
  if (user !== null) known.set(socket, user)
  return user
}

const known = new WeakMap<Socket, User>()

function askPeer(socket: Socket): User | null {
  const peer = peerOf(descriptorOf(socket))
  if (typeof peer === 'string') return null
  return { kind: 'user', uid: peer.uid, name: userById(peer.uid)?.name ?? `user ${peer.uid}` }
}
