import type { Server, Socket } from 'node:net'

/** The descriptor of a connection or of a listening socket; -1: it has none any more. Node has no other way to it. */
export function descriptorOf(socket: Socket | Server): number {
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd: number } | null }
  return handle?.fd ?? -1
}
