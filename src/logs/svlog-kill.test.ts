import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import type { SvlogdSpec } from '../core/model.ts'
import { errnoOf } from '../sys/errno.ts'
import { setPipeCapacity } from '../sys/fifo.ts'
import { type Bench, createLoggerBench } from './svlog-test-bench.ts'

// Small files, so that every block has several rotations in it, and none is dropped.
const config = 's30000\nn0\n'

test('killed at each point of a flood it loses no line and doubles none, through rotations', async () => {
  const printed = await flood({
    spec: { stamp: 'tai64n' },
    line: (n) => `${n} ${'x'.repeat(n % 130)}\n`,
    deaths: [...range(1, 22), 31, 47],
  })
  const lines = printed.text.trimEnd().split('\n')
  assert(printed.text.endsWith('\n'))
  assert.deepEqual(
    lines.filter((line, n) => !new RegExp(`^@[0-9a-f]{24} ${n} x{${n % 130}}$`).test(line)).slice(0, 3),
    [],
  )
  assert.equal(lines.length, printed.count)
})

test('killed while all lines are the same, as many are written as were printed', async () => {
  const printed = await flood({ spec: {}, line: () => 'y\n', deaths: [...range(1, 12), 23] })
  assert.equal(printed.text.length, 2 * printed.count)
  assert(printed.text === 'y\n'.repeat(printed.count), 'there is nothing but whole lines')
})

test('killed while lines are selected, it loses none of them and doubles none', async () => {
  const isOdd = (n: number) => n % 2 === 1
  const line = (n: number) => `${n} ${isOdd(n) ? 'odd' : 'even'}\n`
  const printed = await flood({ spec: { stamp: 'iso' }, config: '-*\n+* odd\n', line, deaths: [...range(1, 12), 23] })
  const numbers = printed.text
    .trimEnd()
    .split('\n')
    .map((text) => Number(text.split(' ')[1]))
  const first = numbers.findIndex((number, index) => number !== 2 * index + 1)
  assert.equal(first, -1, `lines ${numbers.slice(Math.max(0, first - 2), first + 2)}`)
  assert.equal(numbers.length, Math.floor(printed.count / 2))
})

/** Prints as fast as it is taken while loggers die one after the other; the last one lives. */
async function flood(about: {
  readonly spec: Partial<SvlogdSpec>
  readonly config?: string
  readonly line: (n: number) => string
  readonly deaths: readonly number[]
}): Promise<{ readonly text: string; readonly count: number }> {
  using bench = createLoggerBench(`${config}${about.config ?? ''}`)
  setPipeCapacity(bench.read, 128 * 1024)
  const printer = createPrinter(bench, about.line)
  for (const dieAt of about.deaths) {
    const [code, signal] = await lifeOf(bench, about.spec, { dieAt, printer })
    assert.deepEqual([code, signal], [null, 'SIGKILL'])
  }
  for (const takes of [1, 5, 9]) await lifeOf(bench, about.spec, { killAfter: takes, printer })
  printer.finish()
  assert.deepEqual(await lifeOf(bench, about.spec, { printer }), [0, null])
  assert.deepEqual(
    bench.names().filter((name) => name.endsWith('.u')),
    [],
  )
  return { text: bench.text(), count: printer.count() }
}

interface Printer {
  /** Prints until the pipe is full. Answers the bytes. */
  print(): number
  /** From now on only what is left is printed, and then the logger may end. */
  finish(): void
  count(): number
}

function createPrinter({ write, path }: Bench, line: (n: number) => string): Printer {
  let count = 0
  let rest = Buffer.alloc(0)
  let isEnding = false
  return {
    print() {
      let bytes = 0
      for (;;) {
        while (rest.length < 16_384 && !isEnding) rest = Buffer.concat([rest, Buffer.from(batch())])
        if (rest.length === 0) {
          writeFileSync(path('end'), '')
          return bytes
        }
        try {
          const written = writeSync(write, rest)
          rest = rest.subarray(written)
          bytes += written
        } catch (error) {
          assert.equal(errnoOf(error), 'EAGAIN')
          return bytes
        }
      }
    },
    finish() {
      isEnding = true
    },
    count: () => count,
  }

  function batch(): string {
    let text = ''
    while (text.length < 8_192) {
      text += line(count)
      count += 1
    }
    return text
  }
}

async function lifeOf(
  bench: Bench,
  spec: Partial<SvlogdSpec>,
  how: { readonly dieAt?: number; readonly killAfter?: number; readonly printer: Printer },
): Promise<unknown[]> {
  const fixture = new URL('svlog-fixture.ts', import.meta.url).pathname
  const env = { ...process.env, ...(how.dieAt === undefined ? {} : { HOLDFAST_DIE_AT: String(how.dieAt) }) }
  const args = ['--disable-warning=ExperimentalWarning', fixture, bench.folder, JSON.stringify(spec)]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let takes = 0
  const feed = setInterval(() => {
    if (how.printer.print() > 0) takes += 1
    if (how.killAfter !== undefined && takes > how.killAfter) kill(child)
  }, 1)
  const answer = await ended
  clearInterval(feed)
  return answer
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL')
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
