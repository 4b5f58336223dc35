import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { it } from 'node:test'
import { createProbeBench } from './test-bench.ts'

const limit = { timeout: 30_000 }

it('a port where somebody listens passes, and the connection is closed at once', limit, async () => {
  const bench = createProbeBench()
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  const closed = new Promise<void>((done) => {
    server.once('connection', (socket) =>
      socket
        .on('error', () => {})
        .resume()
        .once('close', () => done()),
    )
  })
  for (const host of ['127.0.0.1', 'localhost']) {
    const answer = await bench.probe({ kind: 'tcp', host, port: address.port })
    assert.deepEqual([answer.isOk, answer.output], [true, 'connected'])
  }
  await closed
  server.close()
  const after = await bench.probe({ kind: 'tcp', host: '127.0.0.1', port: address.port })
  assert.equal(after.isOk, false)
  assert.match(after.output, /ECONNREFUSED/)
  bench.close()
})

it('an address that nobody has fails, within its time', limit, async () => {
  const bench = createProbeBench()
  const answer = await bench.probe({ kind: 'tcp', host: '192.0.2.1', port: 9 }, { timeoutMs: 200 })
  assert.equal(answer.isOk, false)
  assert.match(answer.output, /took longer than 200 ms|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED/)
  bench.close()
})
