import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import type { ProcessSpec } from '../../core/model.ts'
import { plainProcess } from '../../core/target/plain.ts'
import type { LogPort, LogWriter } from '../../engine/ports.ts'
import { resolveAccount } from './account.ts'
import { isFailure } from './failure.ts'
import { createStreams } from './streams.ts'

type Drained = ReturnType<LogWriter['drain']>

/** What a unit's pipe holds, taken by a writer that answers as told before it begins to take, and a dot for what it held back. */
function lastWords(text: string, answers: Drained[], spec: ProcessSpec = plainProcess): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-streams-'))
  let taken = ''
  const logs: LogPort = {
    open: () => ({
      drain(fd) {
        const answer = answers.shift()
        if (answer !== undefined) return answer
        if (taken === text) return { bytes: 0, isEmpty: true }
        const buffer = Buffer.alloc(4)
        const bytes = readSync(fd, buffer)
        taken += buffer.toString('latin1', 0, bytes)
        return { bytes, isEmpty: false }
      },
      begin() {},
      settle() {
        taken += '.'
      },
      close() {},
    }),
  }
  const keepers = {
    ...{ recover() {}, keep: () => null, isKept: () => true, release() {}, drop() {}, ended: () => false, check() {} },
    ...{ pids: () => new Set<number>(), close() {} },
  }
  const watcher = { watch: () => ({ stop() {} }), close() {} }
  const streams = createStreams({ folder, logs, keepers, watcher, warn: assert.fail })
  const account = resolveAccount(null)
  assert(!isFailure(account))
  assert.equal(streams.prepare([{ unit: 'a/b/1', spec, account }]).size, 0)
  const { stdout } = streams.openWriteEnds('a/b/1', spec)
  writeSync(stdout, text)
  streams.drainRest('a/b/1')
  closeSync(stdout)
  streams.close()
  rmSync(folder, { recursive: true })
  return taken
}

it('a log that rotates in between does not cut the last words of a run', () => {
  assert.equal(lastWords('the last words', [{ bytes: 0, isEmpty: false }]), 'the last words.')
})

it('a target that takes nothing now is not waited for', () => {
  assert.equal(lastWords('the last words', [{ bytes: 0, isEmpty: false, retryMs: 20 }]), '.')
})

it('what is logged nowhere is taken all the same where it is handled, and what was held back of it comes last', () => {
  const handling = { isAnsiStripped: false, syslog: null, captureBytesMax: 100, isTold: false }
  const spec = { ...plainProcess, stdout: { ...plainProcess.stdout, path: 'none', handling } }
  assert.equal(lastWords('the last words', [], spec), 'the last words.')
  assert.equal(lastWords('', [], { ...plainProcess, stdout: { ...plainProcess.stdout, path: 'none' } }), '')
})
