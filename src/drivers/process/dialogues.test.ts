import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { it } from 'node:test'
import { dialogueBytesKept } from '../../core/limits.ts'
import type { LogSpec, ProcessSpec, UnitSpec } from '../../core/model.ts'
import { plainProcess } from '../../core/target/plain.ts'
import type { Dialogue } from '../../engine/ports.ts'
import { type Bench, onBench, runToEnd, shell, signalStep, startRun, until } from './test-bench.ts'

const limit = { timeout: 30_000 }
const nowhere: LogSpec = { ...plainProcess.stdout, path: 'none' }

it('what is written reaches the run, what it prints is in its log and then told', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    await startRun(bench, 'a/b/1', 1, talker('echo hello; while read line; do echo "got $line"; done'))
    const talk = talks.of(1)
    await talk.said('hello\n')
    assert.equal(talk.dialogue.write(text('one\n')), 4)
    await talk.said('hello\ngot one\n')
    assert.equal(bench.output('a/b/1'), 'hello\ngot one\n')
  }),
)

it('errors go their own way', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    await runToEnd(bench, 'a/b/1', 1, talker('echo said; echo error >&2'))
    assert.deepEqual([talks.of(1).heard(), bench.output('a/b/1', 'stderr')], ['said\n', 'error\n'])
  }),
)

it('we are the parent of the run, and nobody else has our ends of its pipes', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    await startRun(bench, 'a/b/1', 1, talker('echo $PPID; read line; echo end'))
    await talks.of(1).said(`${process.pid}\n`)
    await runToEnd(bench, 'a/c/1', 2, shell('for fd in /proc/$$/fd/*; do readlink $fd; done'))
    assert.doesNotMatch(bench.output('a/c/1'), /pipe:/)
  }),
)

it('its end is told after its last words, to the dialogue first', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    const order: string[] = []
    const exited = bench.until((event) => {
      if (event.kind === 'exited') order.push(`exited, heard ${talks.of(1).heard()}`)
      return event.kind === 'exited'
    })
    await startRun(bench, 'a/b/1', 1, talker('read line; printf last'))
    talks.of(1).dialogue.onEnd(() => order.push('over'))
    talks.of(1).dialogue.write(text('\n'))
    await exited
    assert.deepEqual(order, ['over', 'exited, heard last'])
    assert.equal(talks.of(1).dialogue.write(text('x')), 'gone')
  }),
)

it('whoever closes its input is gone, whoever closes its output lives on', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    await startRun(bench, 'a/b/1', 1, talker('exec <&-; echo closed; exec >&-; sleep 1000'))
    await talks.of(1).said('closed\n')
    assert.equal(talks.of(1).dialogue.write(text('x')), 'gone')
    bench.perform([signalStep('a/b/1', 1, 'KILL')])
    await bench.until((event) => event.kind === 'exited')
  }),
)

it('a full pipe takes a part, and says when it takes more', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    await startRun(bench, 'a/b/1', 1, talker('read line; wc -c; sleep 1000'))
    const { dialogue } = talks.of(1)
    let left = Buffer.concat([Buffer.from('\n'), Buffer.alloc(300_000, 'x')])
    const { promise, resolve } = Promise.withResolvers<void>()
    const push = (): void => {
      const taken = dialogue.write(left)
      assert(typeof taken === 'number')
      left = left.subarray(taken)
      if (left.length === 0) resolve()
    }
    dialogue.onWritable(push)
    push()
    assert(left.length > 0, 'more than a pipe holds')
    await promise
    bench.perform([signalStep('a/b/1', 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
  }),
)

it('what is printed before anybody listens is kept, up to a limit, and then it waits', limit, () =>
  onBench(async (bench) => {
    const bytes = dialogueBytesKept * 4
    const script = `echo first; head -c ${bytes} /dev/zero; echo last >&2; sleep 1000`
    await startRun(bench, 'a/b/1', 1, talker(script))
    await until(() => bench.output('a/b/1').length >= dialogueBytesKept)
    assert.equal(bench.output('a/b/1', 'stderr'), '')
    const talks = listen(bench)
    await until(() => talks.of(1).heard().length === bytes + 'first\n'.length)
    await until(() => bench.output('a/b/1', 'stderr') === 'last\n')
    assert(talks.of(1).heard().startsWith('first\n'))
  }),
)

it('its hooks print as those of any unit, and begin no dialogue', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    const hook = { command: ['/bin/sh', '-c', 'echo hook; cat'], timeoutMs: null, ignoreFailure: false }
    const spec: UnitSpec = { ...talker('echo main'), hooks: { preStart: hook, postStop: null } }
    await runToEnd(bench, 'a/b/1', 1, spec, { role: 'pre' })
    await runToEnd(bench, 'a/b/1', 2, spec)
    assert.equal(bench.output('a/b/1'), 'hook\nmain\n')
    assert.deepEqual(talks.runs(), [2])
  }),
)

it('what is logged nowhere is heard all the same', limit, () =>
  onBench(async (bench) => {
    const talks = listen(bench)
    await runToEnd(bench, 'a/b/1', 1, talker('echo hello', { stdout: nowhere }))
    assert.equal(talks.of(1).heard(), 'hello\n')
  }),
)

it('starts that fail, and runs that end, leave nothing open', limit, () =>
  onBench(async (bench) => {
    listen(bench)
    await runToEnd(bench, 'a/b/1', 1, talker('true'))
    const before = readdirSync('/proc/self/fd')
    await runToEnd(bench, 'a/b/1', 2, talker('true'))
    bench.perform([
      {
        kind: 'spawn',
        unit: 'a/b/1',
        run: 3,
        role: 'main',
        attempt: 3,
        end: null,
        isRecorded: false,
        why: 'test',
        spec: talker('', { command: ['/no/such'] }),
      },
    ])
    await bench.until((event) => event.kind === 'spawn-failed')
    assert.deepEqual(readdirSync('/proc/self/fd'), before)
  }),
)

interface Talks {
  of(run: number): {
    readonly dialogue: Dialogue
    heard(): string
    said(text: string): Promise<void>
  }
  runs(): readonly number[]
}

function listen(bench: Bench): Talks {
  const talks = new Map<number, { readonly dialogue: Dialogue; heard: string }>()
  bench.driver().dialogues.subscribe((dialogue) => {
    const talk = { dialogue, heard: '' }
    talks.set(dialogue.run, talk)
    dialogue.onOutput((bytes) => {
      talk.heard += Buffer.from(bytes).toString('latin1')
    })
  })
  return {
    of(run) {
      const talk = talks.get(run)
      assert(talk !== undefined, `run ${run} talks`)
      return { dialogue: talk.dialogue, heard: () => talk.heard, said: (all) => until(() => talk.heard === all) }
    },
    runs: () => [...talks.keys()],
  }
}

function talker(script: string, more: Partial<ProcessSpec> = {}): UnitSpec {
  return shell(script, { stdin: { kind: 'events' }, ...more })
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
