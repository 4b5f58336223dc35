import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import type { ProcessSpec } from '../../core/model.ts'
import { noProcessLimits } from '../../core/target/plain.ts'
import { readCommand } from '../../sys/proc.ts'
import { type Bench, onBench, runToEnd, spawnStep, startRun, unitSpec, until } from './test-bench.ts'

const limit = { timeout: 30_000 }

const limited: ProcessSpec['limits'] = { ...noProcessLimits, ulimits: { nofile: { soft: 100, hard: 100 } } }
const isRoot = process.getuid?.() === 0

it('a program given by a relative path is known by it, to itself and to who lists processes', limit, () =>
  onBench(async (bench) => {
    program(bench, '#!/bin/sh\necho "$0 $*"\nsleep 1000 & wait\n')
    const spec = unitSpec(['./program', 'word'], { workingDir: bench.directory })
    const { pid } = await startRun(bench, 'a/b/1', 1, spec)
    await until(() => bench.output('a/b/1') === './program word\n')
    assert.deepEqual(readCommand(pid), ['/bin/sh', './program', 'word'])
  }),
)

for (const [what, more, skip] of [
  ['limits', { limits: limited }, false],
  ['another user', { user: 'nobody' }, isRoot ? false : 'only root may change users'],
] as const) {
  it(`the same with ${what}`, { ...limit, skip }, () =>
    onBench(async (bench) => {
      // Not below that of the bench, into which nobody else may look.
      const workingDir = mkdtempSync(join(tmpdir(), 'holdfast-relative-'))
      try {
        chmodSync(workingDir, 0o755)
        writeFileSync(join(workingDir, 'program'), '#!/bin/sh\necho "$0"\n', { mode: 0o755 })
        await runToEnd(bench, 'a/b/1', 1, unitSpec(['./program'], { workingDir, ...more }))
        assert.equal(bench.output('a/b/1'), './program\n')
      } finally {
        rmSync(workingDir, { recursive: true })
      }
    }),
  )
}

for (const [what, text, mode, code] of [
  ['that is missing', null, 0, 'ENOENT'],
  ['that may not be executed', '#!/bin/sh\n', 0o644, 'EACCES'],
  ['without a first line naming its interpreter', 'echo hello\n', 0o755, 'ENOEXEC'],
  ['whose interpreter is missing', '#!/no/such\n', 0o755, 'ENOENT'],
] as const) {
  it(`one ${what} fails the start with ${code} and its whole path`, limit, () =>
    onBench(async (bench) => {
      if (text !== null) program(bench, text, mode)
      bench.perform([spawnStep('a/b/1', 1, unitSpec(['./program'], { workingDir: bench.directory }))])
      const event = await bench.until((one) => one.kind === 'spawn-failed')
      assert(event.kind === 'spawn-failed')
      assert.equal(event.code, code)
      assert(event.message.startsWith(`${bench.directory}/program `), event.message)
    }),
  )
}

function program(bench: Bench, text: string, mode = 0o755): void {
  writeFileSync(join(bench.directory, 'program'), text, { mode })
}
