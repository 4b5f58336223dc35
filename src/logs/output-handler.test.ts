import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OutputHandling } from '../core/model.ts'
import { captureBegin, captureEnd, createOutputHandler } from './output-handler.ts'
import { type Handled, handledWhole } from './output-reference.ts'

type Settings = Pick<OutputHandling, 'isAnsiStripped' | 'captureBytesMax'>

/** Text in which marks and sequences are frequent, whole and in pieces, one within the other too. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(captureBegin, captureEnd, '<!--', '<!--XSUPERVISOR:', '<', '-->', 'N-->'),
      fc.constantFrom('\x1b[', '\x1b', '[', '\x1b[31m', '\x1b[0;1H', '\x1b\x1b[', 'm', 'K'),
      fc.string({ unit: fc.constantFrom('a', '1', ';', '\n', '\xff'), maxLength: 12 }),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''))

const cases = fc.record({
  text,
  cuts: fc.array(fc.nat(200), { maxLength: 12 }),
  settings: fc.record({ isAnsiStripped: fc.boolean(), captureBytesMax: fc.constantFrom(0, 1, 7, 40, 1_000) }),
})

test('any text, cut anywhere, gives what the whole of it gives', () => {
  fc.assert(
    fc.property(cases, ({ text, cuts, settings }) => {
      const { handled, handler } = start(settings)
      for (const piece of piecesOf(text, cuts)) handler.take(Buffer.from(piece, 'latin1'))
      handler.end()
      assert.deepEqual(joined(handled), handledWhole(text, settings))
    }),
    { numRuns: 2_000 },
  )
})

test('another handler goes on where one ended: with what that tells, or with what was printed from where it says', () => {
  fc.assert(
    fc.property(cases, fc.boolean(), ({ text, cuts, settings }, isPrinted) => {
      const handled: Handled[] = []
      let { handler } = start(settings, handled)
      let printed = ''
      for (const piece of piecesOf(text, cuts)) {
        const from = handler.take(Buffer.from(piece, 'latin1'))
        printed = from === -1 ? printed + piece : piece.slice(from)
        assert.equal(handler.undecided().length > 0, printed !== '')
        const left = isPrinted ? Buffer.from(printed, 'latin1') : handler.undecided()
        handler = start(settings, handled).handler
        const before = handled.length
        handler.take(left)
        assert.equal(handled.length, before, 'nothing of it was decided')
      }
      handler.end()
      const isExact = isPrinted || !settings.isAnsiStripped
      const expected = handledWhole(text, settings)
      // What was stripped may read as a sequence once more: only what was printed tells.
      if (isExact) assert.deepEqual(joined(handled), expected)
    }),
    { numRuns: 2_000 },
  )
})

test('what may be the beginning of a mark waits for what follows it, and is logged at the end', () => {
  const { handled, handler } = start({ isAnsiStripped: false, captureBytesMax: 100 })
  const text = 'done <!--XSUPER'
  assert.equal(handler.take(Buffer.from(text)), 5)
  assert.deepEqual(handled, [{ kind: 'logged', text: 'done ' }])
  handler.end()
  assert.deepEqual(joined(handled), [{ kind: 'logged', text }])
})

test('a capture is told when it ends, the last bytes of it where it is too long, and none of it is logged', () => {
  const { handled, handler } = start({ isAnsiStripped: false, captureBytesMax: 10 })
  handler.take(Buffer.from(`a${captureBegin}0123456789abcdef${captureEnd}b`))
  assert.deepEqual(handled, [
    { kind: 'logged', text: 'a' },
    { kind: 'captured', text: '6789abcdef' },
    { kind: 'logged', text: 'b' },
  ])
})

test('a capture that nobody ends is logged when the run has ended', () => {
  const { handled, handler } = start({ isAnsiStripped: false, captureBytesMax: 100 })
  handler.take(Buffer.from(`a${captureBegin}Traceback`))
  handler.end()
  assert.deepEqual(joined(handled), [{ kind: 'logged', text: 'aTraceback' }])
})

function start({ isAnsiStripped, captureBytesMax }: Settings, handled: Handled[] = []) {
  const add = (kind: Handled['kind']) => (bytes: Buffer) => void handled.push({ kind, text: bytes.toString('latin1') })
  const sink = { logged: add('logged'), captured: add('captured') }
  return { handled, handler: createOutputHandler({ isAnsiStripped, captureBytesMax }, sink) }
}

function piecesOf(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length]
  return places.slice(1).map((end, index) => text.slice(places[index], end))
}

/** Where one piece ends and the next begins tells nothing. */
function joined(handled: readonly Handled[]): readonly Handled[] {
  const all: Handled[] = []
  for (const one of handled) {
    const last = all.at(-1)
    if (one.kind === 'logged' && last?.kind === 'logged') all[all.length - 1] = { ...last, text: last.text + one.text }
    else all.push(one)
  }
  return all
}
