import assert from 'node:assert/strict'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { makePipe, setNonBlocking } from './pipe.ts'
import { makeRaw } from './raw-terminal.ts'
import { spawn } from './spawn.ts'
import { openTerminal, resizeTerminal, type Terminal } from './terminal.ts'
import { createWatcher, type Watcher } from './watcher.ts'

let watcher: Watcher

before(() => {
  watcher = createWatcher()
})

after(() => watcher.close())

function opened(): Terminal {
  const terminal = openTerminal()
  assert.ok(typeof terminal !== 'string', String(terminal))
  return terminal
}

/** Resolves when this stands on the screen. */
function until(fd: number, pattern: RegExp): Promise<string> {
  const buffer = Buffer.alloc(4096)
  let text = ''
  return new Promise((resolve) => {
    const watch = watcher.watch(fd, () => {
      text += buffer.toString('latin1', 0, readSync(fd, buffer))
      if (!pattern.test(text)) return 'little'
      if (typeof watch !== 'string') watch.stop()
      resolve(text)
      return 'little'
    })
  })
}

test('a program in a terminal has it as its own: its size, its keys, and their signals', async () => {
  const { master, slave, path } = opened()
  assert.equal(resizeTerminal(master, { rows: 12, columns: 34 }), null)
  // The trap first: the size tells that the program is ready for the key.
  const script = 'trap "echo caught; exit" INT; stty size < /dev/tty; while :; do sleep 0.05; done'
  const pid = spawn({
    ...{ path: '/bin/sh', argv: ['sh', '-c', script], environment: ['PATH=/usr/bin:/bin'], workingDir: '/' },
    ...{ stdin: slave, stdout: slave, stderr: slave, terminal: path },
  })
  assert.equal(typeof pid, 'number')
  await until(master, /12 34\r\n/)
  writeSync(master, '\x03')
  await until(master, /caught/)
  closeSync(slave)
  closeSync(master)
})

test('a raw terminal changes nothing of what goes through it, and is as before afterwards', async () => {
  const { master, slave } = opened()
  const restore = makeRaw(slave)
  assert.ok(typeof restore === 'function')
  writeSync(slave, 'one\n')
  assert.equal(await until(master, /\n/), 'one\n')
  writeSync(master, '\x03\r')
  const buffer = Buffer.alloc(10)
  assert.equal(buffer.toString('latin1', 0, readSync(slave, buffer)), '\x03\r')
  restore()
  writeSync(slave, 'two\n')
  assert.equal(await until(master, /\n/), 'two\r\n')
  for (const fd of [slave, master]) closeSync(fd)
})

test('no terminal can be made of what is none', () => {
  const fd = openSync('/dev/null', constants.O_RDWR)
  assert.equal(makeRaw(fd), 'ENOTTY')
  assert.equal(resizeTerminal(fd, { rows: 1, columns: 1 }), 'ENOTTY')
  closeSync(fd)
})

test('whoever waits to write is told when there is room again, and when nobody reads any more', async () => {
  const pipe = makePipe()
  assert.ok(typeof pipe !== 'string')
  setNonBlocking(pipe.write)
  const full = Buffer.alloc(65_536)
  assert.equal(writeSync(pipe.write, full), full.length)
  const untilReady = (): Promise<void> => {
    return new Promise((resolve) => {
      const watch = watcher.watchForWriting(pipe.write, () => {
        if (typeof watch !== 'string') watch.stop()
        resolve()
      })
      assert.ok(typeof watch !== 'string')
    })
  }
  const room = untilReady()
  readSync(pipe.read, full)
  await room
  assert.equal(writeSync(pipe.write, full), full.length)
  const gone = untilReady()
  closeSync(pipe.read)
  await gone
  assert.throws(() => writeSync(pipe.write, 'x'), { code: 'EPIPE' })
  closeSync(pipe.write)
})
