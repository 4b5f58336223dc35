import { connect, type LookupFunction } from 'node:net'
import type { Probe } from '../../core/model.ts'
import type { Finding } from './outcome.ts'
import { troubleText } from './trouble.ts'

/** Connects and closes at once. */
export function probeTcp(
  { host, port }: Extract<Probe, { kind: 'tcp' }>,
  { signal, lookup }: { readonly signal: AbortSignal; readonly lookup: LookupFunction },
): Promise<Finding> {
  return new Promise((done) => {
    const socket = connect({ host, port, lookup })
    signal.addEventListener('abort', () => socket.destroy())
    socket.on('error', (error) => done({ isOk: false, output: troubleText(error) }))
    socket.on('connect', () => {
      // The kernel may choose as our own port the very one we ask for, and connect us to ourselves.
      const isOurself = socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress
      done(
        isOurself ? { isOk: false, output: `nobody listens at ${host}:${port}` } : { isOk: true, output: 'connected' },
      )
      socket.destroy()
    })
  })
}
