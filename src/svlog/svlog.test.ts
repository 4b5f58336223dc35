import assert from 'node:assert/strict'
import { chmodSync, closeSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createWallClock } from './clock.ts'
import { closeLogDirectory, createLogDirectory, openLogDirectory } from './directory.ts'
import type { LogDirectory, LogServices, LogSettings } from './model.ts'
import { rotateLog, rotateOld } from './rotate.ts'
import { writeLog, writeNote } from './write.ts'

let path = ''
let told: string[] = []
let warnings: string[] = []
let processors: ((isSuccess: boolean) => void)[] = []
let waiting: (() => void)[] = []
let ended = 0
let nowSeconds = 1_000
let opened: LogDirectory[] = []

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'holdfast-svlog-'))
  told = []
  warnings = []
  processors = []
  waiting = []
  ended = 0
  nowSeconds = 1_000
  opened = []
})
afterEach(() => {
  for (const directory of opened) closeLogDirectory(directory)
  rmSync(path, { recursive: true })
})

const services: LogServices = {
  now: () => ({ unixSeconds: nowSeconds, nanoseconds: 0 }),
  info: null,
  warn: (text) => warnings.push(text),
  tell: (line) => told.push(Buffer.from(line).toString()),
  sendUdp: (_, datagram) => told.push(`udp ${Buffer.from(datagram).toString()}`),
  syncFile: () => {},
  closeFile: closeSync,
  startProcessor: (_, done) => {
    processors.push(done)
    return null
  },
  later: (_, action) => waiting.push(action),
  processorEnded: () => {
    ended += 1
  },
}

const plain: LogSettings = {
  stamp: 'none',
  lineMaxBytes: 10,
  replacement: null,
  holdsPartialLines: false,
  followsMoves: false,
}

function open(config: string, settings: Partial<LogSettings> = {}): LogDirectory {
  writeFileSync(join(path, 'config'), config)
  const directory = createLogDirectory(path, { ...plain, ...settings }, services)
  assert.equal(openLogDirectory(directory), null)
  opened.push(directory)
  return directory
}

const write = (directory: LogDirectory, text: string) => writeLog(directory, Buffer.from(text), services.now())
const current = () => readFileSync(join(path, 'current'), 'utf8')
const oldFiles = () => readdirSync(path).filter((name) => name.startsWith('@'))
const inOrder = () => [...oldFiles(), 'current'].map((name) => readFileSync(join(path, name), 'utf8'))

test('a line that comes in parts has one stamp, and its parts are written as they come', () => {
  const directory = open('', { stamp: 'text' })
  assert.equal(write(directory, 'one\ntw'), 6)
  assert.equal(write(directory, 'o'), 1)
  nowSeconds = 2_000
  assert.equal(write(directory, '\nthree\n'), 7)
  assert.equal(
    current(),
    '1970-01-01_00:16:40.00000 one\n1970-01-01_00:16:40.00000 two\n1970-01-01_00:33:20.00000 three\n',
  )
})

test('an incomplete line is refused where lines are held, until it is long enough', () => {
  const directory = open('', { holdsPartialLines: true })
  assert.equal(write(directory, 'one\ntw'), 4)
  assert.equal(directory.trouble, null)
  assert.equal(write(directory, 'two456789'), 0)
  assert.equal(write(directory, 'two4567890'), 10)
  assert.equal(write(directory, 'x'), 1)
  assert.equal(write(directory, '\nth'), 1)
  assert.equal(current(), 'one\ntwo4567890x\n')
})

test('a prefix may be anything a replacement would take for special', () => {
  const directory = open('p$& $1 $$\n')
  assert.equal(write(directory, 'one\ntwo\n'), 8)
  assert.equal(current(), '$& $1 $$one\n$& $1 $$two\n')
})

test('files end after the newline that comes near the limit, and at the limit without one', () => {
  const directory = open('s20\nn0\n')
  assert.equal(write(directory, `12345678\nab\n${'x'.repeat(45)}\ny\n`), 60)
  assert.deepEqual(inOrder(), ['12345678\nab\n', 'x'.repeat(20), 'x'.repeat(20), 'xxxxx\ny\n'])
})

test('blocks cut anywhere make the same files as one block', () => {
  const text = Array.from({ length: 60 }, (_, at) => `${'abcdefghij'.repeat(at % 4)}${at}\n`).join('')
  const results = [1, 3, 7, 64, text.length].map((size) => {
    const directory = open('s90\nn0\npP \n-1*\n', { stamp: 'tai64n' })
    let held = ''
    for (let at = 0; at < text.length; at += size) {
      held += text.slice(at, at + size)
      held = held.slice(write(directory, held))
    }
    assert.equal(held, '')
    const files = inOrder()
    closeLogDirectory(directory)
    for (const name of readdirSync(path)) rmSync(join(path, name))
    return files
  })
  for (const result of results) assert.deepEqual(result, results[0])
})

test('a rotation waits for the processor of the one before, and only what is written counts as taken', () => {
  const directory = open('s20\nn0\n!cat\n')
  assert.equal(write(directory, '12345678\nab\n'), 12)
  assert.equal(processors.length, 1)
  assert.equal(write(directory, 'cdefghijk\nlmnop\n'), 10)
  assert.deepEqual(directory.trouble, { kind: 'processor' })
  assert.equal(write(directory, 'lmnop\n'), 0)
  const [first] = oldFiles().filter((name) => name.endsWith('u'))
  assert.ok(existsAs(first!.replace(/u$/, 't')))
  processors[0]!(true)
  assert.equal(ended, 1)
  assert.equal(write(directory, 'lmnop\n'), 6)
  assert.equal(directory.trouble, null)
  assert.equal(current(), 'lmnop\n')
  assert.deepEqual(
    oldFiles().map((name) => name.slice(-1)),
    ['s', 't', 'u'],
  )
  processors[1]!(true)
})

test('a stamp that was cut by a rotation that is refused is taken back', () => {
  const directory = open('s40\n!cat\n', { stamp: 'text' })
  assert.equal(write(directory, 'a\nb\nc\n'), 4)
  assert.deepEqual(directory.trouble, { kind: 'processor' })
  const before = current()
  assert.equal(before, '0:16:40.00000 b\n')
  assert.equal(write(directory, 'c\n'), 0)
  assert.equal(current(), before)
  processors[0]!(true)
  assert.equal(write(directory, 'c\n'), 2)
  assert.equal(current().endsWith(' c\n'), true)
  processors[1]!(true)
})

test('a rotation that was refused at a newline is made up for before the next byte', () => {
  const directory = open('s60\n!cat\n', { stamp: 'text' })
  assert.equal(write(directory, 'a\nb\n'), 4)
  assert.equal(directory.trouble, null)
  assert.equal(write(directory, 'c\nd\n'), 4)
  assert.deepEqual(directory.trouble, { kind: 'processor' })
  assert.equal(rotateLog(directory), false)
  processors[0]!(true)
  assert.equal(write(directory, 'e\n'), 2)
  assert.equal(current(), '1970-01-01_00:16:40.00000 e\n')
  processors[1]!(true)
})

test('a processor that fails is started again after a pause', () => {
  const directory = open('s20\n!cat\n')
  write(directory, '12345678\nab\n')
  processors[0]!(false)
  assert.equal(ended, 0)
  assert.equal(processors.length, 1)
  assert.deepEqual(warnings, [`processor failed, restart: ${path}`])
  waiting[0]!()
  processors[1]!(true)
  assert.equal(ended, 1)
  assert.match(oldFiles().join(), /^@[0-9a-f]{24}\.s$/)
})

test('a line that is told is told once, and after the lines before it are written', () => {
  const directory = open('s20\nn0\n!cat\ne*b*\n')
  write(directory, '12345678\naa\n')
  assert.equal(write(directory, 'cdefghijk\nabc\n'), 10)
  assert.deepEqual(told, ['abc\n'])
  assert.equal(write(directory, 'abc\n'), 0)
  processors[0]!(true)
  assert.equal(write(directory, 'abc\n'), 4)
  assert.deepEqual(told, ['abc\n'])
  write(directory, '12345678\n')
  assert.equal(write(directory, 'x\nb\n'), 0)
  assert.deepEqual(told, ['abc\n'])
  processors[1]!(true)
  processors[2]?.(true)
})

test('the rest of a line that has to wait is still the rest of it', () => {
  const directory = open('s20\nn0\n!cat\npP\n-zz\n')
  write(directory, '12345678\naa\n')
  assert.equal(write(directory, 'x'.repeat(15)), 15)
  assert.equal(write(directory, 'yyy\n'), 0)
  assert.deepEqual(directory.trouble, { kind: 'processor' })
  processors[0]!(true)
  assert.equal(write(directory, 'yyy\n'), 4)
  assert.equal(current(), 'yyy\n')
  processors[1]!(true)
})

test('deselected lines are taken and nowhere', () => {
  const directory = open('-*\n+a*\n')
  assert.equal(write(directory, 'abc\nbcd\nabd\nbcdefghijklmnop'), 27)
  assert.equal(write(directory, 'qrs\nae\n'), 7)
  assert.equal(current(), 'abc\nabd\nae\n')
})

test('a note is written between lines only', () => {
  const directory = open('')
  write(directory, 'on')
  assert.equal(writeNote(directory, Buffer.from('note\n')), false)
  write(directory, 'e\n')
  assert.equal(writeNote(directory, Buffer.from('note\n')), true)
  assert.equal(current(), 'one\nnote\n')
})

test('current has its execute bit only while it is closed', () => {
  const directory = open('')
  write(directory, 'one\n')
  assert.equal(statSync(join(path, 'current')).mode & 0o777, 0o644)
  closeLogDirectory(directory)
  assert.equal(statSync(join(path, 'current')).mode & 0o777, 0o744)
  assert.equal(write(open(''), 'two\n'), 4)
  assert.equal(current(), 'one\ntwo\n')
})

test('a current that was not closed is set aside', () => {
  writeFileSync(join(path, 'current'), 'torn')
  chmodSync(join(path, 'current'), 0o644)
  write(open(''), 'two\n')
  assert.deepEqual(inOrder(), ['torn', 'two\n'])
  assert.match(oldFiles()[0]!, /\.u$/)
})

test('a second writer of a directory is refused', () => {
  open('')
  const second = createLogDirectory(path, plain, services)
  assert.deepEqual(openLogDirectory(second), { kind: 'problem', what: 'unable to lock directory', code: 'EAGAIN' })
})

test('what is old is rotated unless it is empty', () => {
  const directory = open('t60\n')
  nowSeconds += 59
  assert.equal(rotateOld(directory, services.now()), true)
  nowSeconds += 1
  assert.equal(rotateOld(directory, services.now()), true)
  assert.deepEqual(oldFiles(), [])
  write(directory, 'one\n')
  nowSeconds += 60
  assert.equal(rotateOld(directory, services.now()), true)
  assert.equal(oldFiles().length, 1)
})

test('names follow the order of rotations though the clock stands still or goes back a little', () => {
  const directory = open('n0\n')
  for (const text of ['1\n', '2\n', '3\n', '4\n']) {
    write(directory, text)
    assert.equal(rotateLog(directory), true)
    if (text === '2\n') nowSeconds -= 1
  }
  assert.deepEqual(inOrder(), ['1\n', '2\n', '3\n', '4\n', ''])
})

test('a rotation that the system refuses leaves the line where it is and is tried again', () => {
  const directory = open('s20\n')
  rmSync(join(path, 'current'))
  assert.equal(write(directory, '12345678\nab\ncd\n'), 12)
  assert.deepEqual(directory.trouble, { kind: 'failed', doing: 'unable to rename current', code: 'ENOENT' })
  writeFileSync(join(path, 'current'), 'x')
  assert.equal(write(directory, 'cd\n'), 3)
  assert.equal(current(), 'cd\n')
})

test('the clock is that of the wall, and does not run backwards', () => {
  const now = createWallClock()
  let last = 0
  for (let count = 0; count < 10_000; count += 1) {
    const { unixSeconds, nanoseconds } = now()
    const ms = unixSeconds * 1_000 + nanoseconds / 1e6
    assert.ok(ms >= last && nanoseconds >= 0 && nanoseconds < 1e9)
    last = ms
  }
  const earliestMs = Date.now()
  const { unixSeconds, nanoseconds } = now()
  const ms = unixSeconds * 1_000 + nanoseconds / 1e6
  assert.ok(earliestMs - 50 < ms && ms < Date.now() + 50)
})

function existsAs(name: string): boolean {
  return readdirSync(path).includes(name)
}
