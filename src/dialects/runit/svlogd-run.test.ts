import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSvlogdRun } from './svlogd-run.ts'

const plain = { stamp: 'none', replacement: null, replaced: '', lineBytesMax: 1_000, user: null } as const

for (const [script, expected] of [
  ['exec svlogd /var/log/web', { ...plain, directories: ['/var/log/web'] }],
  [
    'exec 2>&1\n# ours\nset -e\n\nexec /usr/bin/svlogd -tt ./main',
    { ...plain, stamp: 'date', directories: ['/l/./main'] },
  ],
  [
    'exec svlogd -t -b 65536 -l 900 -- a /b',
    { ...plain, stamp: 'tai64n', lineBytesMax: 900, directories: ['/l/a', '/b'] },
  ],
  [
    "exec svlogd -ttttv -r. -R 'ab' m 2>&1",
    { ...plain, stamp: 'iso', replacement: '.', replaced: 'ab', directories: ['/l/m'] },
  ],
  ['exec svlogd -R x m', { ...plain, replacement: '_', replaced: 'x', directories: ['/l/m'] }],
  ['exec chpst -u log:adm svlogd -tt m', { ...plain, stamp: 'date', user: 'log:adm', directories: ['/l/m'] }],
  ['exec chpst -ulog svlogd m', { ...plain, user: 'log', directories: ['/l/m'] }],
] as const) {
  test(`is known: ${script.replaceAll('\n', '; ')}`, () => {
    assert.deepEqual(parseSvlogdRun(`#!/bin/sh\n${script}\n`, '/l'), expected)
  })
}

for (const [script, why] of [
  ['mkdir -p main\nexec svlogd main', 'it does more than to exec svlogd'],
  ['svlogd main', 'it does not exec svlogd'],
  ['exec logger -t web', 'it does not exec svlogd'],
  ['exec svlogd "$LOGDIR"', 'its command needs a shell'],
  ['exec svlogd', 'it names no directory'],
  ['exec svlogd -x main', "its options are not svlogd's: illegal option -- x"],
  ['exec svlogd -l many main', 'svlogd does not take -l many'],
  ['exec chpst -u log -o 20 svlogd main', 'it does not exec svlogd'],
  ['exec chpst -n 5 svlogd main', 'its chpst does more than -u'],
  ['exec chpst -u :1:1 svlogd main', 'its user is given by numbers'],
  ["exec svlogd 'main", 'its command cannot be read: '],
] as const) {
  test(`is left to its script, which says why: ${script.replaceAll('\n', '; ')}`, () => {
    const answer = parseSvlogdRun(`#!/bin/sh\n${script}\n`, '/l')
    assert.equal(typeof answer, 'string')
    assert(String(answer).startsWith(why), String(answer))
  })
}

test('what is no shell script is left alone', () => {
  assert.equal(parseSvlogdRun('#!/usr/bin/perl\nexec svlogd main\n', '/l'), 'it is no shell script')
  assert.equal(parseSvlogdRun('\x7fELF', '/l'), 'it is no shell script')
})
