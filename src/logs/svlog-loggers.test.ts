import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { test } from 'node:test'
import { createWatcher } from '../sys/watcher.ts'
import { type Bench, createLoggerBench, drainAll, loggedUnit } from './svlog-test-bench.ts'

test('lines get the stamp of svlogd, one each, also one that comes in parts', () => {
  using bench = createLoggerBench()
  const writer = bench.open({ stamp: 'date' })
  for (const text of ['one\ntw', 'o', '\nthree\n']) {
    bench.print(text)
    drainAll(writer, bench.read)
  }
  assert.match(bench.text(), /^(?:\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} (?:one|two|three)\n){3}$/)
  writer.close()
})

test('what was drained is no longer in the pipe, and an empty pipe is known to be empty', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  bench.print('some line\n'.repeat(500))
  assert.deepEqual(writer.drain(bench.read, 1024 * 1024), { bytes: 5_000, isEmpty: false })
  assert.deepEqual(writer.drain(bench.read, 1024 * 1024), { bytes: 0, isEmpty: true })
  writer.close()
})

test('a flood of one and the same byte is taken as well', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  bench.print('\0'.repeat(60_000))
  drainAll(writer, bench.read)
  assert.equal(bench.text(), '\0'.repeat(60_000))
  writer.close()
})

test('files are rotated by size, and the oldest go', () => {
  using bench = createLoggerBench('s5000\nn2\n')
  const writer = bench.open()
  for (let round = 0; round < 5; round += 1) {
    bench.print(`${'x'.repeat(99)}\n`.repeat(45))
    drainAll(writer, bench.read)
  }
  assert.deepEqual(
    bench.names().map((name) => name.replace(/[0-9a-f]{24}/, '')),
    ['@.s', '@.s', 'current'],
  )
  assert.equal(statSync(bench.path(`main/${bench.names()[0]}`)).size, 4_000)
  writer.close()
})

test('closed, current may be appended to by anyone', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  bench.print('one\n')
  drainAll(writer, bench.read)
  assert.equal(statSync(bench.path('main/current')).mode & 0o777, 0o644)
  writer.close()
  assert.equal(statSync(bench.path('main/current')).mode & 0o777, 0o744)
  assert.deepEqual(readdirSync(bench.path('run')).toSorted(), ['boot', 'journal'])
})

test('closed within a line, the next daemon goes on with it', () => {
  using bench = createLoggerBench()
  const first = bench.open({ stamp: 'tai64n' })
  bench.print('ha')
  drainAll(first, bench.read)
  first.close()
  bench.restart()
  const second = bench.open({ stamp: 'tai64n' })
  bench.print('lf\n')
  drainAll(second, bench.read)
  assert.match(bench.text(), /^@[0-9a-f]{24} half\n$/)
  second.close()
})

test('a line that somebody else did not end is ended', () => {
  using bench = createLoggerBench()
  writeFileSync(bench.path('main/current'), 'half')
  chmodSync(bench.path('main/current'), 0o744)
  const writer = bench.open()
  bench.print('next\n')
  drainAll(writer, bench.read)
  assert.equal(bench.text(), 'half\nnext\n')
  writer.close()
})

test('the daemon that follows a killed one goes on within the line, in the same file', () => {
  using bench = createLoggerBench()
  bench.print('one\ntw')
  drainAll(bench.open({ stamp: 'tai64n' }), bench.read)
  forgetLocks(bench)
  bench.restart()
  const writer = bench.open({ stamp: 'tai64n' })
  bench.print('o\nthree\n')
  drainAll(writer, bench.read)
  assert.deepEqual(bench.names(), ['current'])
  assert.match(bench.text(), /^@[0-9a-f]{24} one\n@[0-9a-f]{24} two\n@[0-9a-f]{24} three\n$/)
  writer.close()
})

test('what somebody else left open is set aside, as svlogd does', () => {
  using bench = createLoggerBench()
  writeFileSync(bench.path('main/current'), 'of another one\n')
  chmodSync(bench.path('main/current'), 0o644)
  const writer = bench.open()
  bench.print('mine\n')
  drainAll(writer, bench.read)
  assert.deepEqual(
    bench.names().map((name) => name.slice(-2)),
    ['.u', 'nt'],
  )
  assert.equal(readFileSync(bench.path('main/current'), 'utf8'), 'mine\n')
  writer.close()
})

test('while it is paused its pipe is left alone, and resumed it takes what is there', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  drainAll(writer, bench.read)
  bench.logs.control(loggedUnit, 'pause')
  assert.equal(bench.logs.state(loggedUnit)?.isPaused, true)
  bench.print('waits\n')
  assert.equal(writer.drain(bench.read, 1024).bytes, 0)
  assert.equal(bench.text(), '')
  bench.logs.control(loggedUnit, 'resume')
  assert.equal(bench.text(), 'waits\n')
  assert.equal(bench.logs.state(loggedUnit)?.isPaused, false)
  writer.close()
  assert.equal(bench.logs.state(loggedUnit), null)
})

test('paused, it is so under the next daemon too, unless this one ended in order', () => {
  using bench = createLoggerBench()
  bench.open()
  bench.logs.control(loggedUnit, 'pause')
  forgetLocks(bench)
  bench.restart()
  const writer = bench.open()
  assert.equal(bench.logs.state(loggedUnit)?.isPaused, true)
  writer.close()
  bench.restart()
  const next = bench.open()
  assert.equal(bench.logs.state(loggedUnit)?.isPaused, false)
  next.close()
})

test('it rotates when it is told to, and not what is empty', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  bench.logs.control(loggedUnit, 'rotate')
  assert.deepEqual(bench.names(), ['current'])
  bench.print('one\n')
  drainAll(writer, bench.read)
  bench.logs.control(loggedUnit, 'rotate')
  assert.equal(bench.names().length, 2)
  assert.equal(readFileSync(bench.path('main/current'), 'utf8'), '')
  writer.close()
})

test('told to reload it reads its config again, and goes on within a line', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  bench.print('half')
  drainAll(writer, bench.read)
  writeFileSync(bench.path('main/config'), 'pweb: \n')
  bench.logs.control(loggedUnit, 'reload')
  bench.print(' and half\nnext\n')
  drainAll(writer, bench.read)
  assert.equal(bench.text(), 'half and half\nweb: next\n')
  writer.close()
})

test('without its directory it waits, says so once, and goes on when that is there', () => {
  using bench = createLoggerBench()
  rmSync(bench.path('main'), { recursive: true })
  const writer = bench.open()
  bench.print('one\n')
  for (let times = 0; times < 2; times += 1) assert.equal(drainAll(writer, bench.read).retryMs, 3_000)
  const trouble = `unable to open log directory: ${bench.path('main')} (ENOENT)`
  assert.equal(bench.logs.state(loggedUnit)?.trouble, trouble)
  assert.deepEqual(bench.warnings, [
    `${loggedUnit}: its logger cannot write: ${trouble}; what is printed waits in the pipe`,
  ])
  mkdirSync(bench.path('main'))
  drainAll(writer, bench.read)
  assert.equal(bench.logs.state(loggedUnit)?.trouble, null)
  assert.equal(bench.text(), 'one\n')
  writer.close()
})

test('a directory that cannot be used is told and left out where there is another one', () => {
  using bench = createLoggerBench()
  const writer = bench.open({ directories: [bench.path('missing'), bench.path('main'), bench.path('other')] })
  bench.print('one\n')
  drainAll(writer, bench.read)
  assert.deepEqual([bench.text(), bench.text('other')], ['one\n', 'one\n'])
  assert.equal(bench.logs.state(loggedUnit)?.trouble, null)
  assert.match(bench.warnings.join(), /leaves out a directory: unable to open log directory: .*missing \(ENOENT\)$/)
  writer.close()
})

test('a directory that somebody else writes is refused with the name of who does', () => {
  using bench = createLoggerBench('', { lockHolder: () => ({ pid: 42, name: 'svlogd' }) })
  const first = bench.open()
  bench.restart()
  const second = bench.open()
  assert.equal(bench.logs.state(loggedUnit)?.trouble, `${bench.path('main')} is locked by svlogd (pid 42)`)
  for (const writer of [first, second]) writer.close()
})

test('a full disk keeps what is printed in the pipe, and nothing is lost or doubled when there is room again', (t) => {
  using bench = createLoggerBench()
  if (process.getuid?.() !== 0) return t.skip('mounting a small disk needs root')
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', bench.path('main')])
  if (mounted.status !== 0) return t.skip(`no small disk can be mounted here: ${mounted.stderr}`)
  try {
    writeFileSync(bench.path('main/ballast'), Buffer.alloc(40_000))
    const writer = bench.open({ stamp: 'iso', directories: [bench.path('main'), bench.path('other')] })
    const lines = Array.from({ length: 600 }, (_, n) => `${n} ${'x'.repeat(90)}\n`)
    bench.print(lines.join(''))
    for (let times = 0; times < 3; times += 1) assert.equal(drainAll(writer, bench.read).retryMs, 3_000)
    const trouble = `unable to write to current: ${bench.path('main')} (ENOSPC)`
    assert.equal(bench.logs.state(loggedUnit)?.trouble, trouble)
    assert.equal(bench.warnings.length, 1)
    rmSync(bench.path('main/ballast'))
    bench.print('and more\n')
    drainAll(writer, bench.read)
    assert.equal(bench.logs.state(loggedUnit)?.trouble, null)
    for (const directory of ['main', 'other']) {
      assert.equal(bench.text(directory).replace(/^\S+ /gm, ''), `${lines.join('')}and more\n`)
    }
    writer.close()
  } finally {
    spawnSync('umount', ['--lazy', bench.path('main')])
  }
})

test('on a full disk old files go where their config allows it', (t) => {
  using bench = createLoggerBench()
  if (process.getuid?.() !== 0) return t.skip('mounting a small disk needs root')
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', bench.path('main')])
  if (mounted.status !== 0) return t.skip(`no small disk can be mounted here: ${mounted.stderr}`)
  try {
    writeFileSync(bench.path('main/config'), 's20000\nn10\nN1\n')
    const writer = bench.open()
    for (let n = 0; n < 40; n += 1) {
      bench.print(`${n} ${'x'.repeat(4_000)}\n`)
      assert.equal(drainAll(writer, bench.read).retryMs, undefined)
    }
    assert.match(bench.warnings.join(), /out of disk space, delete: /)
    assert.match(bench.text(), /\n38 x+\n39 x+\n$/)
    writer.close()
  } finally {
    spawnSync('umount', ['--lazy', bench.path('main')])
  }
})

test('where lines are selected, an incomplete one waits in the pipe until it is complete', () => {
  using bench = createLoggerBench('-*\n+*keep*\n')
  const writer = bench.open()
  bench.print('drop\nkeep one\nke')
  assert.notEqual(drainAll(writer, bench.read).retryMs, undefined)
  assert.equal(bench.text(), 'keep one\n')
  bench.print('ep two\n')
  drainAll(writer, bench.read)
  assert.equal(bench.text(), 'keep one\nkeep two\n')
  writer.close()
})

test('unprintable characters are replaced', () => {
  using bench = createLoggerBench()
  const writer = bench.open({ replacement: '.', replaced: 'b' })
  bench.print('a\tbc\n')
  drainAll(writer, bench.read)
  assert.equal(bench.text(), 'a..c\n')
  writer.close()
})

test('files belong to the user that is named, those that are made later too', (t) => {
  if (process.getuid?.() !== 0) return t.skip('giving files away needs root')
  using bench = createLoggerBench('s3000\n')
  const writer = bench.open({ user: 'nobody' })
  bench.print(`${'x'.repeat(99)}\n`.repeat(70))
  drainAll(writer, bench.read)
  const owners = ['lock', ...bench.names()].map((name) => statSync(bench.path(`main/${name}`)).uid)
  assert.deepEqual([...new Set(owners)], [statSync(bench.path('main/lock')).uid])
  assert.notEqual(owners[0], 0)
  assert(owners.length >= 4)
  writer.close()
})

test('a user that does not exist is trouble', () => {
  using bench = createLoggerBench()
  const writer = bench.open({ user: 'no-such-user' })
  assert.equal(bench.logs.state(loggedUnit)?.trouble, 'there is no user no-such-user')
  writer.close()
})

test('a file that is old enough is rotated although nothing is printed', async () => {
  using bench = createLoggerBench('t1\n')
  const writer = bench.open()
  bench.print('one\n')
  drainAll(writer, bench.read)
  await untilFile(bench, /^@.*s$/)
  assert.equal(readFileSync(bench.path('main/current'), 'utf8'), '')
  writer.close()
})

test('old files go through the processor', async () => {
  const watcher = createWatcher()
  using bench = createLoggerBench('s3000\n!tr x y; cat <&4; echo seen >&5; echo words >&2\n', {
    processors: { watcher, environment: ['PATH=/usr/bin:/bin'], descriptorsSoft: 1024 },
  })
  const writer = bench.open()
  for (const times of [1, 2]) {
    bench.print(`${'x'.repeat(99)}\n`.repeat(22))
    drainAll(writer, bench.read)
    await untilFile(bench, /^@.*\.s$/, times)
  }
  const [first, second] = bench.names().map((name) => readFileSync(bench.path(`main/${name}`), 'utf8'))
  assert.equal(first, `${'y'.repeat(99)}\n`.repeat(20))
  assert.equal(second, `${`${'y'.repeat(99)}\n`.repeat(20)}seen\n`)
  assert.match(bench.warnings.join(), /the processor of .*main says: words/)
  writer.close()
  watcher.close()
})

test('lines are sent where the config says', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  using bench = createLoggerBench(`u127.0.0.1:${socket.address().port}\n`)
  const writer = bench.open()
  const sent = once(socket, 'message')
  bench.print('to all\n')
  drainAll(writer, bench.read)
  assert.equal(String((await sent)[0]), 'to all\n')
  assert.equal(bench.text(), 'to all\n')
  writer.close()
  socket.close()
})

test('the file of a stream is the one it is written to', () => {
  using bench = createLoggerBench()
  const writer = bench.open()
  assert.equal(bench.logs.pathOf({ unit: loggedUnit, stream: 'stdout', spec: unused }), bench.path('main/current'))
  writer.close()
})

const unused = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }

/** A daemon that dies leaves no lock behind; in this process they would stay with its descriptors. */
function forgetLocks(bench: Bench): void {
  rmSync(bench.path('main/lock'))
}

async function untilFile(bench: Bench, name: RegExp, count = 1): Promise<void> {
  const isThere = () => readdirSync(bench.path('main')).filter((file) => name.test(file)).length >= count
  const changes = watch(bench.path('main'), { signal: AbortSignal.timeout(10_000) })
  if (isThere()) return
  for await (const _ of changes) if (isThere()) return
}
