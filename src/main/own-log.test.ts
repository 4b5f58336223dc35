import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openOwnLog } from './own-log.ts'

function opened(context: TestContext, name: string): { readonly directory: string; readonly fd: number } {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-own-log-'))
  const fd = openSync(join(directory, name), 'a')
  context.after(() => {
    closeSync(fd)
    rmSync(directory, { recursive: true })
  })
  return { directory, fd }
}

test('only the file that holdfast up opened is taken for it', (context) => {
  const { directory, fd } = opened(context, 'elsewhere.log')
  assert.equal(openOwnLog(directory, 100, fd), null)
  closeSync(openSync(join(directory, 'daemon.log'), 'w'))
  assert.equal(openOwnLog(directory, 100, fd), null)
})

test('the log never becomes much longer than its limit, and one before it is kept', (context) => {
  const { directory, fd } = opened(context, 'daemon.log')
  const log = openOwnLog(directory, 100, fd)
  assert(log)
  for (let n = 0; n < 50; n++) log.write(`line ${String(n).padStart(3, '0')}\n`)
  assert.deepEqual(readdirSync(directory).toSorted(), ['daemon.log', 'daemon.log.1'])
  assert.ok(statSync(join(directory, 'daemon.log.1')).size <= 109)
  const kept =
    readFileSync(join(directory, 'daemon.log.1'), 'utf8') + readFileSync(join(directory, 'daemon.log'), 'utf8')
  const lines = kept.trimEnd().split('\n')
  // Nothing in between is lost.
  assert.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, n) => `line ${String(50 - lines.length + n).padStart(3, '0')}`),
  )
})
