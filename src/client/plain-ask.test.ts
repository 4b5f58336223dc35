import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { askPlainly } from './plain-ask.ts'
import type { Question } from './send.ts'

/** Answers the first request with these pieces, one after the other, and closes. */
async function daemon(context: TestContext, ...pieces: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-plain-'))
  const path = join(directory, 'socket')
  let asked = ''
  const server = createServer((socket) => {
    socket.on('error', () => {}) // the client has enough
    socket.on('data', (chunk) => {
      asked += chunk
    })
    socket.once('data', async () => {
      for (const piece of pieces) {
        socket.write(Buffer.from(piece))
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (pieces.length > 0) socket.end()
    })
  }).listen(path)
  await once(server, 'listening')
  context.after(() => {
    server.close()
    rmSync(directory, { recursive: true })
  })
  const ask = (question: Question = {}) => askPlainly(path, 'start', question)
  return { ask, asked: () => asked }
}

test('a question is sent with its query and body, and the answer is read however it is cut', async (context) => {
  const whole = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 14\r\n\r\n{"a":"größ"}'
  for (const at of [1, 20, 70, 75, whole.length]) {
    const { ask, asked } = await daemon(context, whole.slice(0, at), whole.slice(at))
    const answer = await ask({ query: { name: ['a b', 'c'] }, body: { names: ['ü'] } })
    assert.deepEqual(answer, { status: 200, text: '{"a":"größ"}' })
    assert.match(asked(), /^POST \/v1\/start\?name=a\+b&name=c HTTP\/1\.1\r\nhost: holdfast\r\nconnection: close\r\n/)
    assert.ok(asked().endsWith('\r\ncontent-length: 16\r\n\r\n{"names":["ü"]}'), asked())
  }
})

test('an answer without a length ends with the connection', async (context) => {
  const { ask } = await daemon(context, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  assert.deepEqual(await ask(), { status: 400, text: '' })
})

test('half an answer is none', async (context) => {
  for (const text of ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab', 'HTTP/1.1 200', 'SSH-2.0-x\r\n\r\n']) {
    const { ask } = await daemon(context, text)
    await assert.rejects(ask(), { code: 'ECONNRESET' })
  }
})

test('a question that is taken back rejects, and so does one to nobody', async (context) => {
  const { ask } = await daemon(context)
  const stop = new AbortController()
  const asking = ask({ signal: stop.signal })
  stop.abort()
  await assert.rejects(asking, { code: 'ABORT_ERR' })
  await assert.rejects(askPlainly('/nowhere/socket', 'info', {}), { code: 'ENOENT' })
})
