import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupActivity, parseActivity } from './activity.ts'
import { differences } from './differences.ts'
import { createTranscript, valueLines } from './transcript.ts'
import { parseAnswer } from './xml-rpc.ts'

const log = `2026-11-22 01:02:03,004 INFO supervisord started with pid 10
2026-11-22 01:02:03,005 INFO spawned: 'web' with pid 11
some output of a program
2026-11-22 01:02:03,105 WARN exited: web (exit status 1; not expected)
2026-11-22 01:02:04,005 INFO spawned: 'app' with pid 12
2026-11-22 01:02:04,305 INFO spawned: 'web' with pid 13
`

const names: Readonly<Record<number, string>> = { 10: 'the daemon', 11: 'web#1', 13: 'web#2' }

const side = {
  directory: '/tmp/side-1',
  port: 4321,
  activity: { lines: () => parseActivity(log), nameOf: (pid: number) => names[pid] ?? null },
}

test('an answer keeps numbers, truth values, texts and the order of members apart', () => {
  const answer = parseAnswer(`<?xml version='1.0'?>
<methodResponse><params><param><value><struct>
<member><name>b</name><value><int>1</int></value></member>
<member><name>a</name><value><array><data><value><boolean>1</boolean></value>
<value><string>&lt;x&gt; &amp;amp;</string></value><value>bare</value><value><string></string></value></data></array></value></member>
</struct></value></param></params></methodResponse>`)
  assert.equal(JSON.stringify(answer), '{"kind":"value","value":{"b":1,"a":[true,"<x> &amp;","bare",""]}}')
})

test('a fault is one, whatever it looks like', () => {
  const members =
    '<member><name>faultCode</name><value><int>10</int></value></member><member><name>faultString</name><value><string>BAD_NAME: x</string></value></member>'
  assert.deepEqual(
    parseAnswer(`<methodResponse><fault><value><struct>${members}</struct></value></fault></methodResponse>`),
    { kind: 'fault', code: 10, text: 'BAD_NAME: x' },
  )
})

test('what the log says is told process by process, each in its order', () => {
  assert.deepEqual(groupActivity(parseActivity(log)), [
    'INFO supervisord started with pid 10',
    "INFO spawned: 'app' with pid 12",
    "INFO spawned: 'web' with pid 11",
    'WARN exited: web (exit status 1; not expected)',
    "INFO spawned: 'web' with pid 13",
  ])
})

test('pids, places, times and random names are the same on both sides', () => {
  const { normalise } = createTranscript(side)
  const normalised: Readonly<Record<string, string>> = {
    'web RUNNING pid 13, uptime 1 day, 0:00:01': 'web RUNNING pid <web#2>, uptime TIME',
    'out| 11': 'out| <web#1>',
    'out| 999': 'out| 999',
    'EXITED Nov 22 01:02 AM': 'EXITED DATE',
    '/tmp/side-1/log/web-stdout---supervisor-ab12_x9z.log': 'DIR/log/web-stdout---supervisor-RANDOM.log',
    'http://localhost:4321/': 'http://localhost:PORT/',
    'when:1795000000': 'when:a multiple of 5',
    'when:1795000001': 'when:1795000001',
  }
  for (const [text, expected] of Object.entries(normalised)) assert.equal(normalise(text), expected)
})

test('a struct of many members has a line for each', () => {
  const transcript = createTranscript(side)
  const value = { name: 'web', group: 'g', pid: 11, start: 0, now: Math.floor(Date.now() / 1000) }
  assert.deepEqual(valueLines(value, transcript), [
    '= g:web name: "web"',
    '= g:web group: "g"',
    '= g:web pid: <web#1>',
    '= g:web start: 0',
    '= g:web now: a moment ago',
  ])
  assert.deepEqual(valueLines([['a'], [], []], transcript), ['= [["a"],[],[]]'])
})

test('every documented difference says why', () => {
  for (const each of differences) {
    assert.match(each.where, /^[^/]+ \/ .+$/)
    assert.ok(each.reason.length > 20, `${each.where}: ${each.reason}`)
    assert.ok(each.original.length + each.ours.length > 0, each.where)
  }
})
