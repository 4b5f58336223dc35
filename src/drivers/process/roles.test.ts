import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { End, Exit, Hooks, UnitSpec } from '../../core/model.ts'
import { logPath, onBench, runToEnd, shell, signalStep, spawnStep, startRun } from './test-bench.ts'

const limit = { timeout: 30_000 }

it('a hook runs with the settings of its unit, and its output is in the same logs', limit, () =>
  onBench(async (bench) => {
    const spec = hooked({ preStart: 'echo "$HOLDFAST_HOOK $WORD $(pwd) $(umask) $HOLDFAST_RUN"; echo error >&2' })
    await runToEnd(bench, 'a/b/1', 1, spec, { role: 'pre' })
    assert.equal(bench.output('a/b/1'), 'pre_start own /usr 0027 1\n')
    assert.equal(bench.output('a/b/1', 'stderr'), 'error\n')
  }),
)

it('what a hook exits with is told as of any run', limit, () =>
  onBench(async (bench) => {
    const end = await runToEnd(bench, 'a/b/1', 1, hooked({ preStart: 'exit 3' }), { role: 'pre' })
    assert.deepEqual(end.exit, { kind: 'code', code: 3 })
  }),
)

const ends: readonly { readonly what: string; readonly end: End | null; readonly says: string }[] = [
  { what: 'an exit code', end: endOf('unexpected', { kind: 'code', code: 7 }), says: 'unexpected,7,' },
  {
    what: 'a signal',
    end: endOf('requested', { kind: 'signal', signal: 'TERM', core: false }),
    says: 'requested,,TERM',
  },
  { what: 'an unknown exit', end: endOf('unknown', { kind: 'unknown' }), says: 'unknown,,' },
  { what: 'no run at all', end: null, says: ',,' },
]

for (const { what, end, says } of ends) {
  it(`a post_stop hook is told of ${what}`, limit, () =>
    onBench(async (bench) => {
      const script = 'set -u; echo "$HOLDFAST_EXIT_KIND,$HOLDFAST_EXIT_CODE,$HOLDFAST_EXIT_SIGNAL"'
      await runToEnd(bench, 'a/b/1', 2, hooked({ postStop: script }), { role: 'post', attempt: 1, end })
      assert.equal(bench.output('a/b/1'), `${says}\n`)
      assert.equal(bench.output('a/b/1', 'stderr'), '', 'the variables are there, if only empty')
    }),
  )
}

const finishes: readonly { readonly what: string; readonly end: End; readonly says: string }[] = [
  { what: 'exit code 0', end: endOf('expected', { kind: 'code', code: 0 }), says: '0 0' },
  { what: 'exit code 255', end: endOf('unexpected', { kind: 'code', code: 255 }), says: '255 0' },
  { what: 'SIGKILL', end: endOf('requested', { kind: 'signal', signal: 'KILL', core: false }), says: '-1 9' },
  { what: 'a lack of memory', end: endOf('unexpected', killedForMemory()), says: '-1 9' },
  { what: 'a core dump', end: endOf('unexpected', { kind: 'signal', signal: 'ABRT', core: true }), says: '-1 134' },
  {
    what: 'a real-time signal',
    end: endOf('unexpected', { kind: 'signal', signal: 'RTMIN+3', core: false }),
    says: '-1 37',
  },
  { what: 'a start that failed', end: endOf('spawn-failed', null), says: '111 0' },
  { what: 'an end that nobody saw', end: endOf('unknown', { kind: 'unknown' }), says: '-1 0' },
]

for (const { what, end, says } of finishes) {
  it(`after ${what} a finish gets the arguments ${says}`, limit, () =>
    onBench(async (bench) => {
      const spec = finishing(['/bin/sh', '-c', 'echo "$# $*"', 'finish', 'own'])
      await runToEnd(bench, 'a/b/1', 2, spec, { role: 'post', attempt: 1, end })
      assert.equal(bench.output('a/b/1'), `3 own ${says}\n`)
    }),
  )
}

it('what the kernel says of an end is what a finish is told', limit, () =>
  onBench(async (bench) => {
    const scripts = ['exit 5', 'kill -SEGV $$', 'kill -TERM $$']
    const spec = finishing(['/bin/sh', '-c', 'echo "$*"', 'finish'])
    for (const [index, script] of scripts.entries()) {
      const run = 2 * index + 1
      const { exit } = await runToEnd(bench, 'a/b/1', run, shell(`ulimit -c 0; ${script}`))
      await runToEnd(bench, 'a/b/1', run + 1, spec, { role: 'post', end: endOf('unexpected', exit) })
    }
    assert.equal(bench.output('a/b/1'), '5 0\n-1 11\n-1 15\n')
  }),
)

it('the environment of a finish is that of its process, but for the marks', limit, () =>
  onBench(async (bench) => {
    const list = ['/bin/sh', '-c', 'env | grep -v -e ^HOLDFAST_RUN= -e ^HOLDFAST_ROLE= | sort; echo']
    const spec: UnitSpec = { ...finishing(list), process: { ...shell('').process, command: list } }
    const preStart = { command: list, timeoutMs: null, ignoreFailure: true }
    const whole: UnitSpec = { ...spec, hooks: { ...spec.hooks, preStart } }
    for (const [index, role] of (['pre', 'main', 'post'] as const).entries()) {
      await runToEnd(bench, 'a/b/1', index + 1, whole, { role, attempt: 1, end: endOf('expected', null) })
    }
    const [pre, main, post] = bench.output('a/b/1').split('\n\n')
    assert.match(main ?? '', /^HOLDFAST_UNIT=/m)
    assert.deepEqual([pre, post], [main, main])
  }),
)

it('a finish that cannot be executed is a start that failed, and says why', limit, () =>
  onBench(async (bench) => {
    writeFileSync(join(bench.directory, 'finish'), '#!/bin/sh\n', { mode: 0o644 })
    const spec = finishing(['./finish'])
    const inside: UnitSpec = { ...spec, process: { ...spec.process, workingDir: bench.directory } }
    bench.perform([spawnStep('a/b/1', 2, inside, { role: 'post', attempt: 1, end: endOf('expected', null) })])
    const event = await bench.until((one) => one.kind === 'spawn-failed')
    assert(event.kind === 'spawn-failed')
    assert.equal(event.code, 'EACCES')
    assert(event.message.startsWith(`${bench.directory}/finish may not be executed`), event.message)
  }),
)

it('the main run knows nothing of hooks', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('env | grep -c HOLDFAST_HOOK'))
    assert.equal(bench.output('a/b/1'), '0\n')
  }),
)

it('a hook has no stdin, whatever its unit has', limit, () =>
  onBench(async (bench) => {
    const spec = hooked({ preStart: 'readlink /proc/$$/fd/0' })
    const piped: UnitSpec = { ...spec, process: { ...spec.process, stdin: { kind: 'pipe' } } }
    await runToEnd(bench, 'a/b/1', 1, piped, { role: 'pre' })
    assert.equal(bench.output('a/b/1'), '/dev/null\n')
  }),
)

it('a hook that hangs is ended by signals as any run', limit, () =>
  onBench(async (bench) => {
    await startRun(bench, 'a/b/1', 1, hooked({ preStart: 'exec sleep 1000' }), { role: 'pre' })
    bench.perform([signalStep('a/b/1', 1, 'TERM', 'tree')])
    const event = await bench.until((one) => one.kind === 'exited')
    assert(event.kind === 'exited')
    assert.deepEqual(event.exit, { kind: 'signal', signal: 'TERM', core: false })
  }),
)

it('output belongs to the start that printed it, hooks included, also where it was still in the pipe', limit, () =>
  onBench(async (bench) => {
    const spec = hooked({ preStart: 'echo 1', postStop: 'echo 3' })
    const main: UnitSpec = { ...spec, process: { ...spec.process, command: ['/bin/sh', '-c', 'echo 2'] } }
    await runToEnd(bench, 'a/b/1', 1, spec, { role: 'pre', attempt: 1 })
    await runToEnd(bench, 'a/b/1', 2, main, { attempt: 1 })
    await runToEnd(bench, 'a/b/1', 3, spec, { role: 'post', attempt: 1 })
    await runToEnd(bench, 'a/b/1', 4, main, { attempt: 4 })
    assert.equal(bench.output('a/b/1'), '1\n2\n3\n2\n')
    const begun = readFileSync(`${logPath(bench.directory, 'a/b/1', 'stdout')}.begun`, 'utf8')
    assert.equal(begun, '1 at 0\n4 at 6\n')
  }),
)

function hooked(scripts: { readonly preStart?: string; readonly postStop?: string }): UnitSpec {
  const hook = (script: string | undefined): Hooks['preStart'] =>
    script === undefined ? null : { command: ['/bin/sh', '-c', script], timeoutMs: 1_000, ignoreFailure: false }
  const settings = { environment: { WORD: 'own' }, workingDir: '/usr', umask: 0o027 }
  return {
    ...shell('exec sleep 1000', settings),
    hooks: { preStart: hook(scripts.preStart), postStop: hook(scripts.postStop) },
  }
}

function finishing(command: readonly string[]): UnitSpec {
  const postStop = { command, timeoutMs: null, ignoreFailure: true, isFinish: true } as const
  return { ...shell('exec sleep 1000'), hooks: { preStart: null, postStop } }
}

function killedForMemory(): Exit {
  return { kind: 'signal', signal: 'KILL', core: false, isOutOfMemory: true }
}

function endOf(kind: End['kind'], exit: End['exit']): End {
  return { kind, run: 1, exit, message: '', atWallMs: 0 }
}
