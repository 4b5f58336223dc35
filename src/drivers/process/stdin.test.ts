import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { StdinSpec } from '../../core/model.ts'
import { makeFifo } from '../../sys/fifo.ts'
import { kill } from '../../sys/kill.ts'
import { readDescriptors } from '../../sys/proc.ts'
import { type Bench, handleOf, onBench, runToEnd, shell, spawnStep, startRun, until } from './test-bench.ts'

const limit = { timeout: 30_000 }
const pipe: StdinSpec = { kind: 'pipe' }
const text = (value: string) => new TextEncoder().encode(value)
const isRoot = process.getuid?.() === 0

it('a file is read from its beginning by each run', limit, () =>
  onBench(async (bench) => {
    const path = join(bench.directory, 'input')
    writeFileSync(path, 'one\ntwo\n')
    const spec = shell('cat; echo more >&0', { stdin: { kind: 'file', path } })
    await runToEnd(bench, 'a/b/1', 1, spec)
    await runToEnd(bench, 'a/b/1', 2, spec)
    assert.equal(bench.output('a/b/1'), 'one\ntwo\none\ntwo\n')
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n', 'it is open for reading only')
  }),
)

it('a missing file fails the start and names the setting', limit, () =>
  onBench(async (bench) => {
    bench.perform([spawnStep('a/b/1', 1, shell('cat', { stdin: { kind: 'file', path: '/no/such' } }))])
    const event = await bench.until((one) => one.kind === 'spawn-failed')
    assert(event.kind === 'spawn-failed')
    assert.equal(event.code, 'ENOENT')
    assert.match(event.message, /\/no\/such.*x-holdfast\.stdin/)
  }),
)

it('a FIFO that nobody writes to holds up its reader and not us', limit, () =>
  onBench(async (bench) => {
    const path = join(bench.directory, 'fifo')
    makeFifo(path, 0o600)
    const spec = shell('readlink /proc/$$/fd/0; grep flags /proc/$$/fdinfo/0', { stdin: { kind: 'file', path } })
    await runToEnd(bench, 'a/b/1', 1, spec)
    const [link, flags = ''] = bench.output('a/b/1').split('\n')
    assert.equal(link, path)
    assert.equal(
      Number.parseInt(flags.split('\t')[1] ?? '', 8) & 0o4000,
      0,
      'the descriptor is an ordinary, waiting one',
    )
  }),
)

it('what is written reaches the run, and the next run gets what comes later', limit, () =>
  onBench(async (bench) => {
    const spec = shell('read line; echo "got $line"', { stdin: pipe })
    for (const run of [1, 2]) {
      await startRun(bench, 'a/b/1', run, spec)
      assert.equal(write(bench, `line ${run}\n`), 7)
      await bench.until((event) => event.kind === 'exited' && event.run === run)
    }
    assert.equal(bench.output('a/b/1'), 'got line 1\ngot line 2\n')
  }),
)

it('what is written between two runs waits for the next one', limit, () =>
  onBench(async (bench) => {
    const spec = shell('read line; echo "got $line"', { stdin: pipe })
    await startRun(bench, 'a/b/1', 1, spec)
    write(bench, '1\n')
    await bench.until((event) => event.kind === 'exited')
    write(bench, '2\n')
    await runToEnd(bench, 'a/b/1', 2, spec)
    assert.equal(bench.output('a/b/1'), 'got 1\ngot 2\n')
  }),
)

it('a run has both ends of its pipe, and sees no end of file when we are replaced', limit, () =>
  onBench(async (bench) => {
    const script = 'grep flags /proc/$$/fdinfo/0; while read line; do echo "got $line"; done; echo over'
    const identity = await startRun(bench, 'a/b/1', 1, shell(script, { stdin: pipe }))
    await until(() => bench.output('a/b/1').endsWith('\n'))
    const flags = Number.parseInt(bench.output('a/b/1').split('\t')[1] ?? '', 8)
    assert.equal(flags & 0o3, 2, 'both ends')
    assert.equal(flags & 0o4000, 0, 'an ordinary, waiting descriptor')
    bench.restart()
    await bench.driver().recover([handleOf(spawnStep('a/b/1', 1, shell(script, { stdin: pipe })), identity)])
    write(bench, 'hello\n')
    await until(() => bench.output('a/b/1').endsWith('got hello\n'))
  }),
)

it('nobody but the run holds its pipe until something is written, and then a keeper does', limit, () =>
  onBench(async (bench) => {
    await startRun(bench, 'a/b/1', 1, shell('exec sleep 1000', { stdin: pipe }))
    const holders = () =>
      [process.pid, keeperOf(bench)].filter((pid) => readDescriptors(pid).includes(stdinPath(bench)))
    assert.deepEqual(holders(), [])
    write(bench, 'hello\n')
    assert.deepEqual(holders(), [keeperOf(bench)])
  }),
)

it('what was written and not read outlives the run and us', limit, () =>
  onBench(async (bench) => {
    const sleeper = shell('exec sleep 1000', { stdin: pipe })
    const identity = await startRun(bench, 'a/b/1', 1, sleeper)
    write(bench, 'hello\n')
    bench.restart()
    kill(identity.pid, 9)
    await bench.driver().recover([handleOf(spawnStep('a/b/1', 1, sleeper), identity)])
    await runToEnd(bench, 'a/b/1', 2, shell('read line; echo "got $line"', { stdin: pipe }))
    assert.equal(bench.output('a/b/1'), 'got hello\n')
  }),
)

it('what a pipe holds is kept also where nobody knows any more that it was written to', limit, () =>
  onBench(async (bench) => {
    const sleeper = shell('exec sleep 1000', { stdin: pipe })
    const identity = await startRun(bench, 'a/b/1', 1, sleeper)
    write(bench, 'hello\n')
    const keeper = keeperOf(bench)
    bench.restart()
    rmSync(join(bench.directory, 'run', 'keepers.json'))
    kill(keeper, 9)
    await bench.driver().recover([handleOf(spawnStep('a/b/1', 1, sleeper), identity)])
    assert(readDescriptors(keeperOf(bench)).includes(stdinPath(bench)))
  }),
)

it('a full pipe takes nothing more, and small writes are never cut', limit, () =>
  onBench(async (bench) => {
    await startRun(bench, 'a/b/1', 1, shell('exec sleep 1000', { stdin: pipe }))
    let total = 0
    for (let taken = -1; taken !== 0; total += taken) {
      taken = Number(write(bench, 'x'.repeat(4_000)))
      assert(taken === 4_000 || taken === 0, `${taken} bytes were taken of a small write`)
    }
    assert(total >= 60_000)
    assert.equal(write(bench, 'x'.repeat(1_000_000)), 0)
    kill(keeperOf(bench), 9)
    assert.equal(write(bench, 'x'.repeat(4_000)), 0, 'the death of a keeper loses nothing')
  }),
)

it('of a large write a part is taken', limit, () =>
  onBench(async (bench) => {
    await startRun(bench, 'a/b/1', 1, shell('head -c 1000000 | wc -c', { stdin: pipe }))
    let left = 1_000_000
    await until(() => {
      left -= Number(write(bench, 'x'.repeat(left)))
      return left === 0
    })
    await bench.until((event) => event.kind === 'exited')
    assert.equal(bench.output('a/b/1').trim(), '1000000')
  }),
)

it('a unit without a pipe says so, and one that loses its pipe as well', limit, () =>
  onBench(async (bench) => {
    assert.equal(write(bench, 'x'), 'no-pipe')
    await runToEnd(bench, 'a/b/1', 1, shell('true', { stdin: pipe }))
    assert.equal(write(bench, 'x'), 1)
    await runToEnd(bench, 'a/b/1', 2, shell('true'))
    assert.equal(write(bench, 'x'), 'no-pipe')
    await runToEnd(bench, 'a/b/1', 3, shell('true', { stdin: pipe }))
    bench.perform([{ kind: 'forget', unit: 'a/b/1', why: 'test' }])
    assert.equal(write(bench, 'x'), 'no-pipe')
    assert.throws(() => statSync(stdinPath(bench)), /ENOENT/)
  }),
)

it(
  'the pipe belongs to the user of its unit alone',
  { ...limit, skip: isRoot ? false : 'only root may change users' },
  () =>
    onBench(async (bench) => {
      await startRun(bench, 'a/b/1', 1, shell('cat < /dev/stdin', { stdin: pipe, user: 'nobody' }))
      const { mode, uid } = statSync(stdinPath(bench))
      assert.deepEqual([mode & 0o777, uid], [0o600, 65_534])
      write(bench, 'hello\n')
      await until(() => bench.output('a/b/1') === 'hello\n')
    }),
)

function write(bench: Bench, value: string): number | 'no-pipe' {
  return bench.driver().stdin.write('a/b/1', text(value))
}

function stdinPath(bench: Bench): string {
  return join(bench.directory, 'run', 'fifo', 'a%2Fb%2F1.stdin')
}

function keeperOf(bench: Bench): number {
  const stored = JSON.parse(readFileSync(join(bench.directory, 'run', 'keepers.json'), 'utf8'))
  return stored.keepers[0].pid
}
