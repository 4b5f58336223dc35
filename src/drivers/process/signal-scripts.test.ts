import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { Event, Step, UnitSpec } from '../../core/model.ts'
import { makeFifo } from '../../sys/fifo.ts'
import { childrenOf, readCommand, readStat } from '../../sys/proc.ts'
import {
  type Bench,
  createBench,
  handleOf,
  onBench,
  shell,
  signalStep,
  spawnStep,
  startRun,
  until,
} from './test-bench.ts'

const limit = { timeout: 30_000 }

/** Says what it gets, and lives on. */
const polite = 'for s in TERM HUP CONT INT; do trap "echo $s" $s; done; echo ready; while :; do sleep 0.01; done'

it('a script that ends well deals with the signal, and one that does not leaves it to us', limit, () =>
  inDirectory(async (bench, spec) => {
    script(bench, 't', 'echo handling; exit 0')
    script(bench, 'h', 'echo leaving; exit 1')
    await ready(bench, spec)
    bench.perform([asked(spec, 'TERM'), asked(spec, 'HUP', 'control/h')])
    await until(() => bench.output('a/b/1').endsWith('HUP\n'))
    assert.equal(bench.output('a/b/1'), 'ready\nhandling\nleaving\nHUP\n')
    assert.deepEqual(outcomes(bench), ['TERM handled', 'HUP sent'])
  }),
)

it('a script is run as the process itself is, by the name that it was given', limit, () =>
  inDirectory(async (bench, plain) => {
    const list =
      'env | grep -v ^HOLDFAST_ | sort; pwd; umask; grep -e Blk: -e Ign: -e Cgt: -e ^Groups /proc/self/status; ls /proc/self/fd'
    const settings = { environment: { WORD: 'own' }, umask: 0o027 }
    const spec: UnitSpec = { ...plain, process: { ...plain.process, ...settings, command: ['./program'] } }
    writeFileSync(join(bench.directory, 'program'), `#!/bin/sh\n${list}\necho\nexec sleep 1000\n`, { mode: 0o755 })
    script(bench, 't', `${list}; echo; echo "$0 $# $(tr '\\0' ' ' </proc/$$/cmdline)"; env | grep ^HOLDFAST_`)
    await startRun(bench, 'a/b/1', 1, spec)
    await until(() => bench.output('a/b/1').endsWith('\n\n'))
    bench.perform([asked(spec, 'TERM')])
    await until(() => bench.output('a/b/1').includes('HOLDFAST_'))
    const [main, control, own] = bench.output('a/b/1').split('\n\n')
    assert.equal(control, main)
    assert.match(main ?? '', /^WORD=own$/m)
    assert.equal(own, `control/t 0 /bin/sh control/t \nHOLDFAST_SCRIPT=${bench.homeId}/a/b/1\n`)
  }),
)

it('what comes while a script runs waits for it, in order, and other units do not', limit, () =>
  inDirectory(async (bench, spec) => {
    const go = goFifo(bench)
    script(bench, 't', `read -r line <${go}; exit 1`)
    script(bench, 'd', 'echo down')
    await ready(bench, spec)
    await startRun(bench, 'a/other/1', 2, shell('exec sleep 1000'))
    bench.perform([asked(spec, 'TERM'), signalStep('a/b/1', 1, 'CONT'), asked(spec, '0', 'control/d')])
    bench.perform([signalStep('a/b/1', 1, 'HUP'), signalStep('a/other/1', 2, 'TERM')])
    const isOther = (event: Event) => event.kind === 'exited' && event.run === 2
    await bench.until(isOther)
    assert.deepEqual(outcomes(bench), [])
    writeFileSync(go, '\n')
    await bench.until((event) => event.kind === 'signalled' && event.signal === 'HUP')
    assert.deepEqual(outcomes(bench), ['TERM sent', 'CONT sent', '0 handled', 'HUP sent'])
    // Signals that wait together reach a process in an order of the kernel's.
    await until(() => ['TERM', 'CONT', 'down', 'HUP'].every((word) => bench.output('a/b/1').includes(`${word}\n`)))
  }),
)

it('without a script a signal is answered at once', limit, () =>
  inDirectory(async (bench, spec) => {
    await ready(bench, spec)
    bench.perform([signalStep('a/b/1', 1, 'HUP')])
    assert.deepEqual(outcomes(bench), ['HUP sent'])
  }),
)

it('when the run ends meanwhile all who wait find it gone, and the script goes on', limit, () =>
  inDirectory(async (bench, spec) => {
    const go = goFifo(bench)
    script(bench, 't', `read -r line <${go}; echo on`)
    script(bench, 'h', 'echo never')
    const { pid } = await ready(bench, spec)
    bench.perform([asked(spec, 'TERM'), signalStep('a/b/1', 1, '0'), asked(spec, 'HUP', 'control/h')])
    // Its command line can be read a moment after it was started.
    await until(() => scriptPids().length === 1)
    process.kill(pid, 'SIGKILL')
    await bench.until((event) => event.kind === 'exited')
    assert.deepEqual(outcomes(bench), ['TERM gone', '0 gone', 'HUP gone'])
    assert.equal(scriptPids().length, 1)
    await startRun(bench, 'a/b/1', 2, spec)
    bench.perform([signalStep('a/b/1', 2, 'CONT')])
    assert.deepEqual(outcomes(bench, 2), ['CONT sent'], 'the next run has nothing to do with it')
    writeFileSync(go, '\n')
    await until(() => bench.output('a/b/1').includes('on\n') && scriptPids().length === 0)
    assert.equal(outcomes(bench).length, 3)
    assert(!bench.output('a/b/1').includes('never'))
  }),
)

it('a script that stands for no signal is run once, also when the one before it ends the process itself', limit, () =>
  inDirectory(async (bench, spec) => {
    const go = goFifo(bench)
    const { pid } = await ready(bench, spec)
    script(bench, 't', `kill -KILL ${pid}; read -r line <${go}; echo on; exit 0`)
    script(bench, 'd', 'echo down; exit 1')
    bench.perform([asked(spec, 'TERM'), signalStep('a/b/1', 1, 'CONT'), asked(spec, '0', 'control/d')])
    await bench.until((event) => event.kind === 'exited')
    assert.deepEqual(outcomes(bench), ['TERM gone', 'CONT gone', '0 gone'])
    writeFileSync(go, '\n')
    const words = () => bench.output('a/b/1').split('\n').sort().join(' ').trim()
    await until(() => words() === 'down on ready' && scriptPids().length === 0)
    assert.equal(outcomes(bench).length, 3, 'each is answered once')
  }),
)

it('a script that stands for no signal is run for a run that is gone, and its outcome is told', limit, () =>
  inDirectory(async (bench, spec) => {
    script(bench, 'd', 'echo down')
    script(bench, 'x', 'echo exit; exit 1')
    const { pid } = await ready(bench, spec)
    process.kill(pid, 'SIGKILL')
    await bench.until((event) => event.kind === 'exited')
    bench.perform([asked(spec, '0', 'control/d'), signalStep('a/b/1', 1, '0'), asked(spec, '0', 'control/x')])
    await until(() => outcomes(bench).length === 3)
    assert.deepEqual(outcomes(bench), ['0 handled', '0 gone', '0 gone'])
    await until(() => bench.output('a/b/1') === 'ready\ndown\nexit\n')
  }),
)

it('a script asked before a signal to a run that is gone is not run', limit, () =>
  inDirectory(async (bench, spec) => {
    script(bench, 't', 'echo run')
    bench.perform([asked(spec, 'TERM')])
    assert.deepEqual(outcomes(bench), ['TERM gone'])
    assert.deepEqual(scriptPids(), [])
  }),
)

for (const [what, mode, text] of [
  ['is not executable', 0o644, '#!/bin/sh\n'],
  ['names no interpreter', 0o755, 'echo hello\n'],
  ['names one that is not there', 0o755, '#!/no/such\n'],
] as const) {
  it(`where its script ${what} the signal is sent, and we say why`, limit, async () => {
    const bench = createBench()
    try {
      const spec = specIn(bench)
      script(bench, 't', '')
      writeFileSync(join(bench.directory, 'control/t'), text)
      chmodSync(join(bench.directory, 'control/t'), mode)
      await ready(bench, spec)
      bench.perform([asked(spec, 'TERM')])
      assert.deepEqual(outcomes(bench), ['TERM sent'])
      assert.equal(bench.warnings.length, 1)
      assert.match(
        bench.warnings[0] ?? '',
        /^a\/b\/1: control\/t cannot be started, SIGTERM is sent: \/.*\/control\/t /,
      )
    } finally {
      bench.close()
    }
  })
}

it('a script that a signal ends has not dealt with anything', limit, () =>
  inDirectory(async (bench, spec) => {
    script(bench, 't', 'kill -KILL $$')
    await ready(bench, spec)
    bench.perform([asked(spec, 'TERM')])
    await bench.until((event) => event.kind === 'signalled')
    assert.deepEqual(outcomes(bench), ['TERM sent'])
  }),
)

it('so many may wait for a script, and more are refused in words', limit, () =>
  inDirectory(async (bench, spec) => {
    const go = goFifo(bench)
    script(bench, 't', `read -r line <${go}`)
    await ready(bench, spec)
    bench.perform([asked(spec, 'TERM'), ...Array.from({ length: 65 }, () => signalStep('a/b/1', 1, 'HUP'))])
    const refused = bench.events.filter((event) => event.kind === 'signal-failed')
    assert.equal(refused.length, 1)
    assert.match(refused[0]?.message ?? '', /^64 signals wait for control\/t \(SIGTERM\) already; end that script/)
    writeFileSync(go, '\n')
    await until(() => outcomes(bench).length === 65)
    assert.deepEqual(outcomes(bench).slice(0, 2), ['TERM handled', 'HUP sent'])
  }),
)

it('a script of a daemon before us is no run of ours, and is let be', limit, () =>
  inDirectory(async (bench, plain) => {
    const go = goFifo(bench)
    // It hides whose it is: only the pipe that it holds tells, and that its script holds as well.
    const spec: UnitSpec = {
      ...plain,
      process: { ...plain.process, command: ['/bin/sh', '-c', `exec env -i /bin/sh -c 'echo ready; exec sleep 1000'`] },
    }
    script(bench, 't', `echo asked; read -r line <${go}; echo on`)
    const identity = await startRun(bench, 'a/b/1', 1, spec)
    await until(() => bench.output('a/b/1') === 'ready\n')
    bench.perform([asked(spec, 'TERM')])
    await until(() => bench.output('a/b/1').endsWith('asked\n'))
    const [answer] = await bench.takeOver([handleOf(spawnStep('a/b/1', 1, spec), null)])
    assert.deepEqual(answer, { kind: 'adopted', unit: 'a/b/1', run: 1, identity, isChild: true })
    const [left = 0] = scriptPids()
    bench.perform([signalStep('a/b/1', 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
    assert.notEqual(readStat(left), null)
    writeFileSync(go, '\n')
    await until(() => readStat(left) === null && bench.output('a/b/1') === 'ready\nasked\non\n')
  }),
)

async function inDirectory(test: (bench: Bench, spec: UnitSpec) => Promise<void>): Promise<void> {
  await onBench((bench) => test(bench, specIn(bench)))
}

function specIn(bench: Bench): UnitSpec {
  mkdirSync(join(bench.directory, 'control'))
  return { ...shell(polite, { workingDir: bench.directory }), stop: [{ signal: 'TERM', scope: 'main', waitMs: 0 }] }
}

function script(bench: Bench, name: string, text: string): void {
  writeFileSync(join(bench.directory, 'control', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
}

/** A script that reads it waits until somebody writes. */
function goFifo(bench: Bench): string {
  const path = join(bench.directory, 'go')
  makeFifo(path, 0o600)
  return path
}

async function ready(bench: Bench, spec: UnitSpec): Promise<{ readonly pid: number }> {
  const identity = await startRun(bench, 'a/b/1', 1, spec)
  await until(() => bench.output('a/b/1') === 'ready\n')
  return identity
}

function asked(spec: UnitSpec, signal: string, path = 'control/t'): Step {
  const step = signalStep('a/b/1', 1, signal)
  return step.kind === 'signal' ? { ...step, script: { command: [path], attempt: 1, spec } } : step
}

function outcomes(bench: Bench, run = 1): readonly string[] {
  return bench.events.flatMap((event) =>
    event.kind === 'signalled' && event.run === run ? [`${event.signal} ${event.outcome}`] : [],
  )
}

function scriptPids(): readonly number[] {
  return (childrenOf(process.pid) ?? []).filter((pid) => readCommand(pid)[1]?.startsWith('control/') === true)
}
