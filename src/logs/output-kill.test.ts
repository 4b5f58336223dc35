import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { errnoOf } from '../sys/errno.ts'
import { makeFifo } from '../sys/fifo.ts'
import { captureBegin, captureEnd } from './output-handler.ts'

// In turn: a line, one with a sequence in it, and a capture that is longer than what a pipe holds at once.
const line = (n: number): string =>
  n % 50 === 49
    ? `${captureBegin}${n} ${'c'.repeat(n % 100 === 99 ? 150_000 : 40)}${captureEnd}`
    : `\u001b[3${n % 8}mline ${n}${'.'.repeat(n % 90)}\u001b[0m\n`

test('killed at each point between two effects it loses no line and no capture, and doubles one piece at most', async () => {
  using folder = place()
  const printer = createPrinter(folder.write, () => writeFileSync(join(folder.path, 'end'), ''))
  let deaths = 0
  for (const dieAt of [1, 2, 3, 4, 5, 6, 7, 8, 11, 14, 17, 23]) {
    assert.deepEqual(await lifeOf(folder.path, printer, dieAt), [null, 'SIGKILL'])
    deaths += 1
  }
  printer.finish()
  assert.deepEqual(await lifeOf(folder.path, printer, null), [0, null])

  const { logged, captured } = folder.result()
  const numbers = logged.map((text) => {
    const [, n = ''] = /^line (\d+)(\.*)$/.exec(text) ?? []
    assert.ok(text === `line ${n}${'.'.repeat(Number(n) % 90)}`, `each line is whole: ${text.slice(0, 100)}`)
    return Number(n)
  })
  const isCapture = (n: number): boolean => n % 50 === 49
  const printed = Array.from({ length: printer.count() }, (_, n) => n)
  assert.deepEqual(
    [...new Set(numbers)].sort((a, b) => a - b),
    printed.filter((n) => !isCapture(n)),
  )
  assert.deepEqual(
    [...new Set(captured)],
    printed.filter(isCapture).map((n) => `${line(n).slice(captureBegin.length, -captureEnd.length)}`),
  )
  // A step back in the numbers is a piece that was written again.
  assert.ok(numbers.filter((n, at) => at > 0 && n <= numbers[at - 1]!).length <= deaths)
})

interface Printer {
  print(): void
  finish(): void
  count(): number
}

/** Prints until the pipe is full. */
function createPrinter(fd: number, ended: () => void): Printer {
  let count = 0
  let rest = Buffer.alloc(0)
  let isEnding = false
  return {
    print() {
      for (;;) {
        while (rest.length < 16_384 && !isEnding) {
          rest = Buffer.concat([rest, Buffer.from(line(count))])
          count += 1
        }
        if (rest.length === 0) {
          ended()
          return
        }
        try {
          rest = rest.subarray(writeSync(fd, rest))
        } catch (error) {
          assert.equal(errnoOf(error), 'EAGAIN')
          return
        }
      }
    },
    finish() {
      isEnding = true
    },
    count: () => count,
  }
}

async function lifeOf(folder: string, printer: Printer, dieAt: number | null): Promise<unknown[]> {
  const fixture = new URL('output-fixture.ts', import.meta.url).pathname
  const env = { ...process.env, ...(dieAt === null ? {} : { HOLDFAST_DIE_AT: `${dieAt}` }) }
  const args = ['--disable-warning=ExperimentalWarning', fixture, folder]
  const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  const feed = setInterval(() => printer.print(), 1)
  const answer = await ended
  clearInterval(feed)
  return answer
}

function place() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-output-'))
  const fifo = join(path, 'fifo')
  assert.equal(makeFifo(fifo, 0o600), null)
  const read = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const write = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  const log = join(path, 'logs/a/b-1.log')
  return {
    path,
    write,
    result() {
      const parts = readdirSync(join(path, 'logs/a'))
        .filter((name) => !name.endsWith('.idx') && name !== 'b-1.log')
        .map((name) => Number(name.replace('b-1.log.', '')))
        .sort((a, b) => b - a)
      const texts = [...parts.map((n) => `${log}.${n}`), log].map((name) =>
        existsSync(name) ? readFileSync(name, 'utf8') : '',
      )
      const captured = readFileSync(join(path, 'captured'), 'utf8').trimEnd().split('\n')
      return {
        logged: texts.join('').trimEnd().split('\n'),
        captured: captured.map((text) => String(JSON.parse(text))),
      }
    },
    [Symbol.dispose]() {
      closeSync(read)
      closeSync(write)
      rmSync(path, { recursive: true })
    },
  }
}
