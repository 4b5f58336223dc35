import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpHeadBytesMax } from '../core/limits.ts'
import { createResponseReader } from './response-reader.ts'

/** What a response is read as, in pieces of that size, and whether its end was one. */
function read(response: string, size: number) {
  const seen: string[] = []
  let body = ''
  const reader = createResponseReader({
    head: ({ status, reason, staysOpen }) => void seen.push(`${status} ${reason} ${staysOpen}`),
    body: (bytes) => {
      body += bytes.toString()
    },
    end: () => void seen.push(`end ${body}`),
    bad: (line) => void seen.push(`bad ${line.slice(0, 20)}`),
  })
  const bytes = Buffer.from(response)
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  const isWhole = reader.close()
  return [...seen, isWhole ? 'whole' : `cut off ${body}`]
}

const head = (...fields: readonly string[]) => `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`

test('a body ends by its length, by its last chunk, or with the connection, however it is cut', () => {
  for (const size of [1, 2, 3, 7, 1000]) {
    assert.deepEqual(read(`${head('Content-Length: 5')}hello`, size), ['200 OK true', 'end hello', 'whole'])
    assert.deepEqual(read(head('content-length: 0'), size), ['200 OK true', 'end ', 'whole'])
    const chunks = '3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n'
    assert.deepEqual(read(head('Transfer-Encoding: chunked') + chunks, size), ['200 OK true', 'end hello', 'whole'])
    assert.deepEqual(read(`${head('Server: x')}hello`, size).slice(-1), ['whole'])
    assert.deepEqual(read(`HTTP/1.0 401 Not You\n\nno`, size), ['401 Not You false', 'end no', 'whole'])
  }
})

test('a response that stops in between is cut off', () => {
  assert.deepEqual(read(`${head('Content-Length: 9')}hello`, 4), ['200 OK true', 'cut off hello'])
  assert.deepEqual(read(`${head('Transfer-Encoding: chunked')}9\r\nhello`, 4), ['200 OK true', 'cut off hello'])
  assert.deepEqual(read('HTTP/1.1 200', 4), ['cut off '])
})

test('a connection that the server closes is not for another request', () => {
  assert.deepEqual(read(head('Connection: close', 'Content-Length: 0'), 9)[0], '200 OK false')
})

test('what is no HTTP is told at once, and nothing is held without a limit', () => {
  assert.deepEqual(read('SSH-2.0-OpenSSH\r\n', 100), ['bad SSH-2.0-OpenSSH\r', 'whole'])
  assert.deepEqual(read(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(httpHeadBytesMax)}`, 4096)[0], 'bad HTTP/1.1 200 OK\r\nX: ')
  const chunked = head('Transfer-Encoding: chunked')
  assert.deepEqual(read(`${chunked}${'1'.repeat(httpHeadBytesMax + 1)}`, 4096)[1], 'bad 11111111111111111111')
  assert.deepEqual(read(`${chunked}nonsense\r\n`, 100)[1], 'bad nonsense')
})
