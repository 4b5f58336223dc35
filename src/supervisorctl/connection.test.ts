import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStream } from './connection.ts'

test('a log is followed whatever letters the name of its program has', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-connection-'))
  const server = createServer((request, response) => response.end(`asked for ${request.url}`))
  context.after(() => {
    server.close()
    rmSync(directory, { recursive: true })
  })
  const path = join(directory, 's.sock')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  let heard = ''
  const onBytes = (bytes: Buffer): void => {
    heard += bytes.toString()
  }
  const stream = openStream(`unix://${path}`, { path: '/logtail/größe:50%/stdout', login: null, onBytes })
  assert.equal(await stream.ended, null)
  assert.equal(heard, 'asked for /logtail/gr%C3%B6%C3%9Fe:50%25/stdout')
})
