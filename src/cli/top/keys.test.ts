import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyReader, type Input } from './keys.ts'

function read(...pieces: readonly (string | Uint8Array)[]): readonly string[] {
  const reader = createKeyReader()
  return pieces.flatMap((piece) => reader.take(Buffer.from(piece))).map(told)
}

function told(input: Input): string {
  return input.kind === 'key' ? input.key : input.kind === 'paste' ? `paste ${input.text}` : 'ready'
}

test('characters and control keys are told as they are typed', () => {
  assert.deepEqual(read('jK/é'), ['j', 'K', '/', 'é'])
  assert.deepEqual(read('\r\u0003\u001a\u000c\u007f\t'), ['enter', 'ctrl-c', 'ctrl-z', 'ctrl-l', 'backspace', 'tab'])
})

test('the keys of every usual terminal have one name each', () => {
  assert.deepEqual(read('\u001b[A\u001bOA\u001b[1;5A'), ['up', 'up', 'up'])
  assert.deepEqual(read('\u001b[H\u001bOH\u001b[1~\u001b[7~'), ['home', 'home', 'home', 'home'])
  assert.deepEqual(read('\u001b[F\u001b[4~\u001b[5~\u001b[6~'), ['end', 'end', 'page-up', 'page-down'])
})

test('keys that mean nothing here are passed over, whole', () => {
  assert.deepEqual(read('\u001b[[A\u001b[15~\u001bOP\u001b[200Zx'), ['back-tab', 'x'])
})

test('a sequence split at any place is the same key', () => {
  const whole = '\u001b[6~q'
  for (let at = 1; at < whole.length; at += 1) {
    assert.deepEqual(read(whole.slice(0, at), whole.slice(at)), ['page-down', 'q'])
  }
})

test('a character split at any byte is the same character', () => {
  const bytes = Buffer.from('ü…😀')
  for (let at = 1; at < bytes.length; at += 1) {
    assert.deepEqual(read(bytes.subarray(0, at), bytes.subarray(at)), ['ü', '…', '😀'])
  }
})

test('an escape alone is held until it is known to be the key', () => {
  const reader = createKeyReader()
  assert.deepEqual(reader.take(Buffer.from('\u001b')), [])
  assert.equal(reader.isHolding(), true)
  assert.deepEqual(reader.rest().map(told), ['escape'])
  assert.equal(reader.isHolding(), false)
})

test('an escape typed just before another key is both', () => {
  assert.deepEqual(read('\u001bg'), ['escape', 'g'])
  assert.deepEqual(read('\u001b\u001b[B'), ['escape', 'down'])
})

test('a paste is text, whatever it contains and however it is split', () => {
  const whole = '\u001b[200~rm q\ny\u001b[201~q'
  for (let at = 6; at < whole.length; at += 1) {
    assert.deepEqual(read(whole.slice(0, at), whole.slice(at)), ['paste rm q\ny', 'q'])
  }
})

test('a paste without an end does not swallow ctrl-c', () => {
  assert.deepEqual(read('\u001b[200~abc', 'def\u0003'), ['ctrl-c'])
})

test('the answer of the terminal is no key', () => {
  assert.deepEqual(read('a\u001b[0nb'), ['a', 'ready', 'b'])
})
