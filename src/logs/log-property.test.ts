import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { type Bench, createBench, streamOf } from './test-bench.ts'

type Action =
  | { readonly kind: 'print'; readonly bytes: number; readonly laterMs: number }
  | { readonly kind: 'follow' }
  | { readonly kind: 'read' }
  | { readonly kind: 'tail'; readonly lines: number }
  | { readonly kind: 'since' }
  | { readonly kind: 'turns'; readonly count: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'restart'; readonly how: 'closed' | 'crash' }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('print' as const),
      bytes: fc.integer({ min: 1, max: 1_000 }),
      laterMs: fc.integer({ min: -5_000, max: 20_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'follow' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'read' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tail' as const), lines: fc.integer({ min: 0, max: 300 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'since' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), how: fc.constantFrom('closed', 'crash') }),
  },
)

test('whatever is printed, rotated, compressed and read at the same time, every byte comes once and in order', async () => {
  const world = fc.record({
    bytesMax: fc.integer({ min: 100, max: 2_000 }),
    compress: fc.boolean(),
    ageMaxMs: fc.constantFrom(0, 15_000),
    actions: fc.array(action, { minLength: 5, maxLength: 30 }),
  })
  await fc.assert(fc.asyncProperty(world, run), { numRuns: 25 })
})

async function run(world: {
  readonly bytesMax: number
  readonly compress: boolean
  readonly ageMaxMs: number
  readonly actions: readonly Action[]
}): Promise<void> {
  using bench = createBench({ totalBytesMax: 1e9 })
  const stream = streamOf('a/web/1', { ...world, backupsMax: 5_000 })
  const control = new AbortController()
  const readers: Promise<void>[] = []
  const enter = (reader: Promise<void>): void => {
    // Told below, not when it happens.
    reader.catch(() => {})
    readers.push(reader)
  }
  let printed = ''
  let isOver = false
  let nowMs = 0
  let position = await bench.logs.position(stream)
  let sinceText = ''
  const readSince = async (): Promise<void> => {
    const read = await bench.logs.readSince(stream, position, { attempt: 0, bytesMax: 1e9 })
    position = read.position
    sinceText += Buffer.from(read.bytes).toString('latin1')
  }

  for (const { kind, ...about } of world.actions.map((each) => ({
    bytes: 0,
    laterMs: 0,
    lines: 0,
    count: 0,
    how: 'crash' as const,
    ...each,
  }))) {
    if (kind === 'print') {
      nowMs += about.laterMs
      const text = textAt(printed.length, about.bytes)
      printed += text
      bench.print(stream, text, { atMs: Math.max(0, nowMs) })
    } else if (kind === 'turns') for (let turn = 0; turn < about.count; turn++) await nextTurn()
    else if (kind === 'settle') await bench.logs.idle()
    else if (kind === 'restart') {
      // A daemon's readers end with it, and its compression with its death.
      await bench.logs.idle()
      bench.restart(about.how)
    } else if (kind === 'since') await readSince()
    else if (kind === 'tail') enter(checkTail(bench, stream, printed, about.lines))
    else
      enter(
        checkAll(bench, stream, {
          printed: () => printed,
          isOver: () => isOver,
          follow: kind === 'follow',
          signal: control.signal,
        }),
      )
  }
  // So that whoever follows sees an end.
  isOver = true
  printed += 'end'
  bench.print(stream, 'end')
  await readSince()
  assert.ok(sinceText === printed, `readSince gave ${sinceText.length} bytes of ${printed.length}`)
  assert.ok((await bench.text([stream])) === printed, 'all of it is there in the end')
  await Promise.all(readers)
  control.abort()
}

async function checkAll(
  bench: Bench,
  stream: ReturnType<typeof streamOf>,
  about: {
    readonly printed: () => string
    readonly isOver: () => boolean
    readonly follow: boolean
    readonly signal: AbortSignal
  },
): Promise<void> {
  const atLeast = about.printed().length
  let got = ''
  for await (const { bytes } of bench.logs.read([stream], {
    from: { kind: 'all' },
    follow: about.follow,
    signal: about.signal,
  })) {
    const text = Buffer.from(bytes).toString('latin1')
    assert.ok(
      about.printed().startsWith(text, got.length),
      `at ${got.length} of ${about.printed().length}: ${about.printed().indexOf(text)} came, ${about.follow ? 'followed' : 'read'}`,
    )
    got += text
    if (about.follow && about.isOver() && got.length === about.printed().length) return
  }
  assert.ok(got.length >= atLeast, `${got.length} of at least ${atLeast} bytes`)
}

/** What is printed while it is being found out where to begin may be in it too. */
async function checkTail(
  bench: Bench,
  stream: ReturnType<typeof streamOf>,
  printed: string,
  lines: number,
): Promise<void> {
  const got = await bench.text([stream], { from: { kind: 'lines', lines } })
  const ended = printed.endsWith('\n') || printed === '' ? printed : `${printed}\n`
  const count = got.endsWith('\n') || got === '' ? got.split('\n').length - 1 : got.split('\n').length
  assert.ok(count <= lines)
  if (count < lines) assert.ok(ended.split('\n').length - 1 <= count, `${count} of ${lines} lines`)
}

/** Different at every place, with a line end now and then. */
function textAt(from: number, length: number): string {
  let text = ''
  for (let at = from; at < from + length; at++)
    text += at % 37 === 36 ? '\n' : alphabet[(at * 7 + Math.floor(at / 37)) % alphabet.length]
  return text
}

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
