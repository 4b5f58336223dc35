import assert from 'node:assert/strict'
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { Step, SvlogdSpec, UnitSpec } from '../../core/model.ts'
import { plainProcess } from '../../core/target/plain.ts'
import type { StreamRef } from '../../engine/ports.ts'
import { pipeCapacity } from '../../sys/fifo.ts'
import { kill } from '../../sys/kill.ts'
import { childrenOf, readStat } from '../../sys/proc.ts'
import {
  type Bench,
  createBench,
  handleOf,
  numbers,
  onBench,
  pairPipe,
  pairSpecs,
  runToEnd,
  shell,
  signalStep,
  spawnStep,
  startRun,
  until,
} from './test-bench.ts'

const limit = { timeout: 30_000 }
const endOfInput = (run: number) => signalStep('a/l/1', run, 'EOF')

it('no line is lost or out of order over restarts of either', limit, () =>
  onBench(async (bench) => {
    const taken = join(bench.directory, 'taken')
    // A shell reads byte by byte: what it has not made a line of is still in the pipe.
    const reads = `i=0; while [ $i -lt 500 ] && read -r line; do echo "$line" >>${taken}; i=$((i+1)); done`
    const specs = (from: number) => pairSpecs(`seq ${from} ${from + 699}`, reads)
    const writing = (async () => {
      for (let run = 1; run <= 3; run++) await runToEnd(bench, 'a/w/1', run, specs(run * 700 - 699).writer)
    })()
    for (let run = 11; run <= 14; run++) await runToEnd(bench, 'a/l/1', run, specs(1).logger)
    await writing
    await startRun(bench, 'a/l/1', 15, specs(1).logger)
    await until(() => readFileSync(taken, 'latin1').length === numbers(1, 2_100).length)
    assert.equal(readFileSync(taken, 'latin1'), numbers(1, 2_100))
  }),
)

it('with its logger down a writer waits when 64 KiB are full, and goes on when that is back', limit, () =>
  onBench(async (bench) => {
    const progress = join(bench.directory, 'progress')
    writeFileSync(progress, '')
    const { writer, logger } = pairSpecs(
      `for i in $(seq 40); do head -c 4096 /dev/zero; echo $i >>${progress}; done`,
      'exec cat >/dev/null',
    )
    const { pid } = await startRun(bench, 'a/w/1', 1, writer)
    const written = () => readFileSync(progress, 'latin1')
    await until(() => written() === numbers(1, 16) && isBlocked(childrenOf(pid)?.[0] ?? 0))
    assert.equal(written(), numbers(1, 16))
    await startRun(bench, 'a/l/1', 2, logger)
    await bench.until((event) => event.kind === 'exited' && event.run === 1)
    assert.equal(written(), numbers(1, 40))
  }),
)

it('the pipe is there from whoever of the two starts first, and is the same afterwards', limit, () =>
  onBench(async (bench) => {
    const says = 'ls /proc/self/fd | wc -l; grep flags /proc/$$/fdinfo/0'
    const { writer, logger } = pairSpecs(
      'echo hello; exec sleep 1000',
      `${says}; read -r line; echo "got $line"; exec cat`,
    )
    const reader = await startRun(bench, 'a/l/1', 1, logger)
    const { ino } = statSync(pairPipe(bench.directory))
    const { pid } = await startRun(bench, 'a/w/1', 2, writer)
    await until(() => bench.output('a/l/1').endsWith('got hello\n'))
    const path = pairPipe(bench.directory)
    assert.deepEqual([readlinkSync(`/proc/${reader.pid}/fd/0`), readlinkSync(`/proc/${pid}/fd/1`)], [path, path])
    assert.equal(statSync(path).ino, ino)
    const [descriptors, flags = ''] = bench.output('a/l/1').split('\n')
    assert.equal(descriptors?.trim(), '4', 'its own three, and the one of ls')
    const open = Number.parseInt(flags.split('\t')[1] ?? '', 8)
    assert.deepEqual([open & 0o3, open & constants.O_NONBLOCK], [constants.O_RDONLY, 0])
    assert(!ownDescriptors().includes(path), 'we have neither end')
  }),
)

it('a logger that appears while its writer runs reads on where we stopped', limit, () =>
  onBench(async (bench) => {
    const taken = join(bench.directory, 'taken')
    const { writer, logger } = pairSpecs(
      'i=0; while :; do i=$((i+1)); echo $i; [ $((i % 100)) -gt 0 ] || sleep 0.01; done',
      `exec cat >>${taken}`,
    )
    const alone: UnitSpec = { ...writer, process: { ...writer.process, logger: null } }
    await startRun(bench, 'a/w/1', 1, alone)
    await until(() => bench.output('a/w/1').length > 2_000)
    const reader = await startRun(bench, 'a/l/1', 2, logger)
    await until(() => existsSync(taken) && readFileSync(taken).length > 2_000)
    assert(!ownDescriptors().includes(pairPipe(bench.directory)))
    bench.perform([signalStep('a/w/1', 1, 'KILL')])
    await bench.until((event) => event.kind === 'exited' && event.run === 1)
    bench.perform([endOfInput(2)])
    await bench.until((event) => event.kind === 'exited' && event.run === 2)
    assert.equal(readStat(reader.pid), null)
    const all = bench.output('a/w/1') + readFileSync(taken, 'latin1')
    assert.equal(all, numbers(1, all.split('\n').length - 1))
  }),
)

it('a pipe that we made larger has its usual size again when a logger takes it over', limit, () =>
  onBench(async (bench) => {
    const { writer, logger } = pairSpecs('head -c 4000000 /dev/zero; exec sleep 1000', 'exec sleep 1000')
    const { pid } = await startRun(bench, 'a/w/1', 1, { ...writer, process: { ...writer.process, logger: null } })
    // Full, because nothing turns here and takes anything from it.
    while (!isBlocked(childrenOf(pid)?.[0] ?? 0));
    await until(() => bench.output('a/w/1').length === 4_000_000)
    assert.equal(capacity(bench), 1024 * 1024)
    await startRun(bench, 'a/l/1', 2, logger)
    assert.equal(capacity(bench), 64 * 1024)
  }),
)

it('hooks of a writer print to its logger, and errors have a log of their own only with one', limit, () =>
  onBench(async (bench) => {
    const { writer, logger } = pairSpecs('echo main; echo error >&2', 'exec cat')
    const command = ['/bin/sh', '-c', 'echo post; echo late >&2']
    const hook = { command, timeoutMs: null, ignoreFailure: true, isFinish: true } as const
    const spec: UnitSpec = { ...writer, hooks: { preStart: null, postStop: hook } }
    await startRun(bench, 'a/l/1', 1, logger)
    await runToEnd(bench, 'a/w/1', 2, spec)
    await runToEnd(bench, 'a/w/1', 3, spec, { role: 'post' })
    await until(() => bench.output('a/l/1') === 'main\npost\n')
    assert.equal(bench.output('a/w/1', 'stderr'), 'error\nlate\n')
    const alone = { ...writer.process, logger: null }
    await runToEnd(bench, 'a/v/1', 4, { ...writer, process: alone })
    assert.equal(bench.output('a/v/1'), 'main\nerror\n')
  }),
)

it('how the daemon is to log into directories of svlogd is told to whoever opens the log', limit, async () => {
  const opened: StreamRef[] = []
  const logs = {
    open(ref: StreamRef) {
      opened.push(ref)
      return { drain: () => ({ bytes: 0, isEmpty: true }), begin() {}, close() {} }
    },
    append: () => assert.fail('nothing of these comes through our memory'),
    stored: () => 0,
  }
  const bench = createBench({ logs })
  try {
    const svlogd: SvlogdSpec = {
      ...{ directories: ['/log'], stamp: 'none', replacement: null, replaced: '', lineBytesMax: 1_000, user: null },
    }
    const logged = (more: Partial<SvlogdSpec>): UnitSpec => {
      const stderr = { ...plainProcess.stdout, path: 'none' } as const
      return shell('true', { logger: { kind: 'svlogd', svlogd: { ...svlogd, ...more }, stderr } })
    }
    await runToEnd(bench, 'a/w/1', 1, logged({}))
    await runToEnd(bench, 'a/w/1', 2, logged({}))
    await runToEnd(bench, 'a/w/1', 3, logged({ stamp: 'tai64n' }))
    assert.deepEqual(
      opened.map(({ stream, svlogd: settings }) => [stream, settings?.stamp]),
      [
        ['stdout', 'none'],
        ['stdout', 'tai64n'],
      ],
    )
  } finally {
    bench.close()
  }
})

// ---- the end of its input

it('the end of its input comes when the last who prints has ended, after all was read', limit, () =>
  onBench(async (bench) => {
    const taken = join(bench.directory, 'taken')
    const { writer, logger } = pairSpecs('(read -r line <&3; echo late) & echo early', `cat >${taken}; exit 7`)
    // Somebody who outlives the run, and keeps its output open.
    const go = join(bench.directory, 'go')
    const held: UnitSpec = {
      ...writer,
      process: {
        ...writer.process,
        command: ['/bin/sh', '-c', `mkfifo ${go}; exec 3<>${go}; ${writer.process.command[2]}`],
      },
    }
    const { pid } = await startRun(bench, 'a/l/1', 1, logger)
    await runToEnd(bench, 'a/w/1', 2, held)
    bench.perform([endOfInput(1)])
    await until(() => existsSync(taken) && readFileSync(taken, 'latin1') === 'early\n')
    assert.notEqual(readStat(pid), null)
    writeFileSync(go, '\n')
    const event = await bench.until((one) => one.kind === 'exited' && one.run === 1)
    assert(event.kind === 'exited')
    assert.deepEqual(event.exit, { kind: 'code', code: 7 })
    assert.equal(readFileSync(taken, 'latin1'), 'early\nlate\n')
    assert(!existsSync(pairPipe(bench.directory)))
  }),
)

it('a writer that starts again in the same moment does not hold up the end of its old logger', limit, () =>
  onBench(async (bench) => {
    const { writer, logger } = pairSpecs('echo $HOLDFAST_RUN; exec sleep 1000', 'exec cat')
    await startRun(bench, 'a/l/1', 1, logger)
    await startRun(bench, 'a/w/1', 2, writer)
    await until(() => bench.output('a/l/1') === '2\n')
    bench.perform([signalStep('a/w/1', 2, 'KILL')])
    await bench.until((event) => event.kind === 'exited' && event.run === 2)
    bench.perform([endOfInput(1), spawnStep('a/w/1', 3, writer)])
    await bench.until((event) => event.kind === 'exited' && event.run === 1)
    await startRun(bench, 'a/l/1', 4, logger)
    await until(() => bench.output('a/l/1') === '2\n3\n')
  }),
)

it('the inputs of many end together, with all other pipes kept', limit, () =>
  onBench(async (bench) => {
    const other = await startRun(bench, 'a/other/1', 100, shell('while :; do echo x || exit 3; sleep 0.01; done'))
    const loggers = Array.from({ length: 20 }, (_, index) => index + 1)
    const step = (n: number): Step =>
      spawnStep(`a/l/${n}`, n, shell('cat; exit 7', { stdin: { kind: 'output', unit: `a/w/${n}` } }))
    bench.perform(loggers.map(step))
    for (const n of loggers) await bench.until((event) => event.kind === 'spawned' && event.run === n)
    const before = storedKeepers(bench)
    bench.perform(loggers.map((n) => signalStep(`a/l/${n}`, n, 'EOF')))
    for (const n of loggers) await bench.until((event) => event.kind === 'exited' && event.run === n)
    assert.equal(storedKeepers(bench).length, 1)
    assert.notDeepEqual(storedKeepers(bench), before)
    const printed = bench.output('a/other/1').length
    await until(() => bench.output('a/other/1').length > printed + 10)
    assert.notEqual(readStat(other.pid), null)
  }),
)

it('the pipe stays until both are forgotten, whichever is first', limit, () =>
  onBench(async (bench) => {
    const { writer, logger } = pairSpecs('true', 'true')
    const path = pairPipe(bench.directory)
    const forget = (unit: string): Step => ({ kind: 'forget', unit, why: 'test' })
    for (const [index, order] of [['a/w/1', 'a/l/1'] as const, ['a/l/1', 'a/w/1'] as const].entries()) {
      await runToEnd(bench, 'a/w/1', 1 + 2 * index, writer)
      await runToEnd(bench, 'a/l/1', 2 + 2 * index, logger)
      bench.perform([forget(order[0])])
      assert(existsSync(path))
      bench.perform([forget(order[1])])
      assert(!existsSync(path))
    }
    assert.deepEqual(storedKeepers(bench), [])
  }),
)

// ---- replaced by another daemon

it('writer and logger keep their pipe under a daemon that takes over, which does not read it', limit, () =>
  onBench(async (bench) => {
    const taken = join(bench.directory, 'taken')
    const { writer, logger } = pairSpecs(
      'i=0; while :; do i=$((i+1)); echo $i; sleep 0.001; done',
      `while read -r line; do echo "$line" >>${taken}; done`,
    )
    const steps = [spawnStep('a/w/1', 1, writer), spawnStep('a/l/1', 2, logger)] as const
    const identities = [await startRun(bench, 'a/w/1', 1, writer), await startRun(bench, 'a/l/1', 2, logger)] as const
    const handles = steps.map((step, index) => handleOf(step, identities[index]!))
    await bench.takeOver(handles)
    const length = () => readFileSync(taken, 'latin1').length
    await until(() => existsSync(taken) && length() > 200)
    bench.restart()
    await bench.driver().recover(handles)
    assert(!ownDescriptors().includes(pairPipe(bench.directory)))
    kill(identities[1].pid, 9)
    await until(() => readStat(identities[1].pid) === null)
    const before = length()
    await startRun(bench, 'a/l/1', 3, logger)
    await until(() => length() > before + 200)
    const lines = readFileSync(taken, 'latin1').split('\n').slice(0, -1)
    // What a killed shell has made a line of, and not written yet, went with it.
    const lost = Number(lines.at(-1)) - lines.length
    assert(lost === 0 || lost === 1, `${lost} lines are missing`)
  }),
)

it(
  'a child that outlives its run and prints lives on, also when the unit starts again under another daemon',
  limit,
  () =>
    onBench(async (bench) => {
      const pids = join(bench.directory, 'pids')
      const { writer, logger } = pairSpecs(
        `sh -c 'echo $$ >>${pids}; while :; do echo x || exit 3; sleep 0.01; done' & until [ -s ${pids} ]; do sleep 0.01; done`,
        'exec cat',
      )
      await startRun(bench, 'a/l/1', 1, logger)
      await runToEnd(bench, 'a/w/1', 2, writer)
      const child = Number(readFileSync(pids, 'latin1'))
      bench.restart()
      await bench.driver().recover([])
      await runToEnd(bench, 'a/w/1', 3, writer)
      assert.notEqual(readStat(child), null)
      const printed = bench.output('a/l/1').length
      await until(() => bench.output('a/l/1').length > printed + 20)
    }),
)

function isBlocked(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/wchan`, 'latin1').includes('pipe')
  } catch {
    return false // It has ended.
  }
}

function ownDescriptors(): readonly string[] {
  return [...Array(200).keys()].flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return [] // Not open.
    }
  })
}

function capacity(bench: Bench): number | string {
  const fd = openSync(pairPipe(bench.directory), constants.O_RDWR | constants.O_NONBLOCK)
  try {
    return pipeCapacity(fd)
  } finally {
    closeSync(fd)
  }
}

function storedKeepers(bench: Bench): readonly number[] {
  const stored = JSON.parse(readFileSync(join(bench.directory, 'run', 'keepers.json'), 'utf8'))
  return stored.keepers.map(({ pid }: { readonly pid: number }) => pid)
}
