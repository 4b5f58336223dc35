import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { processWith, takenPort } from './port-holder.ts'

test('the port is found in what engines say', () => {
  const said: readonly (readonly [string, number, string])[] = [
    [
      'driver failed programming external connectivity on endpoint web (ab12): Bind for 0.0.0.0:8080 failed: port is already allocated',
      8080,
      'tcp',
    ],
    [
      'driver failed programming external connectivity on endpoint web (ab12): Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use',
      80,
      'tcp',
    ],
    ['Error starting userland proxy: listen udp6 [::]:53: bind: address already in use', 53, 'udp'],
    [
      'failed to set up container networking: driver failed programming external connectivity: failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use',
      8080,
      'tcp',
    ],
    ['failed to bind host port 127.0.0.1:5353/udp: address already in use', 5353, 'udp'],
    ['rootlessport cannot expose: listen tcp :443: bind: address already in use', 443, 'tcp'],
  ]
  for (const [text, port, protocol] of said) assert.deepEqual(takenPort(text), { port, protocol }, text)
  assert.equal(takenPort('port is already allocated'), null)
})

test('the process that listens on a port is named', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  assert.match((await processWith({ port, protocol: 'tcp' }))!, new RegExp(`^process ${process.pid} \\(.+\\)$`))
  assert.equal(await processWith({ port, protocol: 'udp' }), null)
  server.close()
  await once(server, 'close')
  assert.equal(await processWith({ port, protocol: 'tcp' }), null)
})
