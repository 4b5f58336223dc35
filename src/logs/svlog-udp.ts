import type { Socket } from 'node:dgram'
import type { LogServices } from '../svlog/model.ts'

/** Sends lines to where a `config` has them go by UDP. Loaded with the first of them: hardly anybody has any. */
export function createUdpSender(warn: (text: string) => void): LogServices['sendUdp'] {
  let socket: Socket | null = null
  let trouble = ''

  function open(): Socket {
    const { createSocket } = process.getBuiltinModule('node:dgram')
    // Addresses are numbers already: nothing is looked up.
    const opened = createSocket({ type: 'udp4', lookup: (address, _, done) => done(null, address, 4) })
    opened.on('error', () => {})
    opened.unref()
    return opened
  }

  return ({ name }, datagram, { address, port }) => {
    socket ??= open()
    socket.send(Buffer.from(datagram), port, address, (error) => {
      const failure =
        error === null ? '' : `${name}: failure sending through udp to ${address}:${port}: ${error.message}`
      if (failure !== '' && failure !== trouble) warn(failure)
      trouble = failure
    })
  }
}
