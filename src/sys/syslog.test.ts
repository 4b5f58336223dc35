import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSyslog } from './syslog.ts'
import { openSyslogd } from './syslog-test-bench.ts'

test('a line is sent as syslog(3) sends it, with facility USER and the local time', () => {
  using at = place()
  using syslogd = openSyslogd(at.path)
  const syslog = openSyslog({ ident: 'supervisord', path: at.path })
  syslog.write('web hello', 'info')
  syslog.write(Buffer.from([0x77, 0xff]), 'critical')
  const [first = '', second = ''] = syslogd.read()
  assert.match(first, /^<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d supervisord: web hello$/)
  assert.match(second, /^<10>.* supervisord: w\xff$/)
  syslog.close()
})

test('what a full socket does not take follows when it takes more, in order and without waiting', (t) => {
  using at = place()
  using syslogd = openSyslogd(at.path)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const syslog = openSyslog({ ident: 'x', path: at.path })
  for (let n = 0; n < 2_000; n++) syslog.write(`line ${n}`, 'info')
  const got: string[] = []
  for (let before = -1; before < got.length; ) {
    before = got.length
    got.push(...syslogd.read())
    t.mock.timers.tick(100)
  }
  assert.deepEqual(
    got.map((text) => text.replace(/^.* line /, '')),
    Array.from({ length: 2_000 }, (_, n) => `${n}`),
  )
  assert.equal(syslog.dropped(), 0)
  syslog.close()
})

test('beyond so many lines the rest is dropped, counted, and told when it takes more', (t) => {
  using at = place()
  using syslogd = openSyslogd(at.path)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const syslog = openSyslog({ ident: 'x', path: at.path })
  const line = 'y'.repeat(1_000)
  for (let n = 0; n < 2_000; n++) syslog.write(line, 'info')
  const dropped = syslog.dropped()
  assert.ok(dropped > 0)
  const got: string[] = []
  for (let before = -1; before < got.length; ) {
    before = got.length
    got.push(...syslogd.read())
    t.mock.timers.tick(100)
  }
  assert.ok(got.some((text) => text.endsWith(`x: ${dropped} lines could not be sent to syslog`)))
  assert.equal(got.filter((text) => text.endsWith(line)).length, 2_000 - dropped)
  syslog.close()
})

test('a syslog daemon that is restarted gets what was written meanwhile', (t) => {
  using at = place()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const syslog = openSyslog({ ident: 'x', path: at.path })
  {
    using first = openSyslogd(at.path)
    syslog.write('one', 'info')
    assert.equal(first.read().length, 1)
  }
  syslog.write('two', 'info')
  using second = openSyslogd(at.path)
  syslog.write('three', 'info')
  t.mock.timers.tick(200)
  assert.deepEqual(
    second.read().map((text) => text.replace(/^.* x: /, '')),
    ['two', 'three'],
  )
  syslog.close()
})

test('where nobody listens for long, lines are dropped and looked for one who does now and then', (t) => {
  using at = place()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  t.mock.method(performance, 'now', () => nowMs)
  const syslog = openSyslog({ ident: 'x', path: at.path })
  syslog.write('one', 'info')
  nowMs = 20_000
  t.mock.timers.tick(1)
  syslog.write('two', 'info')
  assert.equal(syslog.dropped(), 2)
  using syslogd = openSyslogd(at.path)
  nowMs = 22_000
  syslog.write('three', 'info')
  assert.deepEqual(
    syslogd.read().map((text) => text.replace(/^.* x: /, '')),
    ['2 lines could not be sent to syslog', 'three'],
  )
  syslog.close()
})

test('it leaves nothing open', () => {
  using at = place()
  using syslogd = openSyslogd(at.path)
  const before = readdirSync('/proc/self/fd').length
  const syslog = openSyslog({ ident: 'x', path: at.path })
  syslog.write('one', 'info')
  syslog.close()
  assert.equal(syslogd.read().length, 1)
  assert.equal(readdirSync('/proc/self/fd').length, before)
})

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-syslog-'))
  return { path: join(folder, 'log'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
