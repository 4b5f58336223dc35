import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { printProblem } from '../../formats/format-error.ts'
import { decodeWithOrigins } from '../decode-sources.ts'
import { type MemoryMachine, memorySourceReader } from '../memory-source-reader.ts'
import { diskSourceReader, type SourceReader } from '../source-reader.ts'

const shell = { '/bin/sh': '\x7fELF', '/usr/bin/env': '\x7fELF', '/usr/bin/python3': '\x7fELF' }

const run = '#!/bin/sh\nexec sleep 1\n'

async function checkWith(path: string, reader: SourceReader) {
  const options = { lenient: false, descriptorsMax: null, serviceDirectories: 'checked' as const }
  const { problems, serviceDirectories } = await decodeWithOrigins([path], reader, options)
  return { problems: problems.map((one) => printProblem(one).replaceAll(`${path}/`, '')), serviceDirectories }
}

/** Files below /sv, all executable unless `modes` says otherwise. */
async function check(files: Readonly<Record<string, string>>, more: Omit<MemoryMachine, 'files'> = {}) {
  const all = { ...shell, ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`/sv/${name}`, text])) }
  const modes = { ...Object.fromEntries(Object.keys(all).map((path) => [path, 0o755])), ...more.modes }
  const environment = { PATH: '/usr/bin' }
  return checkWith('/sv', memorySourceReader({ environment, ...more, files: all, modes }))
}

test('service directories without a fault are counted, with those that are not started by themselves', async () => {
  const { problems, serviceDirectories } = await check({
    'web/run': run,
    'web/finish': '#!/usr/bin/env python3\n',
    'web/log/run': run,
    'web/supervise/pid': '',
    'db/run': '\x7fELF\x02',
    'db/down': '',
    '.git/run': 'x',
    'notes.txt': 'x',
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    serviceDirectories.map(({ name, isDown }) => [name, isDown]),
    [
      ['db', true],
      ['web', false],
    ],
  )
})

for (const [what, text, expected] of [
  ['no interpreter', 'exec sleep 1\n', /^web\/run:1:1: web\/run: does not begin with '#!'.*ENOEXEC/],
  ['an empty file', '', /is empty; write '#!\/bin\/sh'/],
  [
    'an interpreter that is not there',
    '#! /usr/bin/ruby -w\n',
    /^web\/run:1:4: .*\/usr\/bin\/ruby, which is not there \(ENOENT\)/,
  ],
  [
    'lines of DOS',
    '#!/bin/sh\r\nexec x\r\n',
    /^web\/run:1:10: .*ends its first line with CR LF.*; sed -i 's\/\\r\$\/\/' web\/run/,
  ],
  ['lines of DOS behind an argument', '#!/bin/sh -e\r\n', /^web\/run:1:13: .*CR LF/],
  ['a byte order mark', '\ufeff#!/bin/sh\n', /byte order mark/],
  ['a relative interpreter', '#!sh\n', /^web\/run:1:3: .*'sh', which is looked for in the service directory/],
  ['nothing behind the mark', '#!\n', /has no interpreter/],
  [
    'a program that env does not find',
    '#!/usr/bin/env node\n',
    /^web\/run:1:16: warning: .*run by node, which is not in PATH/,
  ],
  ['a first line that the kernel cuts', `#!/${'x'.repeat(300)}\n`, /longer than the 255 bytes/],
] as const) {
  test(`${what} of run is told with its place`, async () => {
    const { problems } = await check({ 'web/run': text })
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, expected)
  })
}

test('a run that is missing, not executable, a directory or a link to nothing is an error', async () => {
  const { problems } = await check(
    { 'a/finish': run, 'b/run': run, 'c/run/x': '' },
    { modes: { '/sv/b/run': 0o644 }, links: { '/sv/d/run': '/gone' } },
  )
  assert.deepEqual(
    problems.map((one) => one.replace(/;.*/, '')),
    [
      'a/run:1:1: a/run: there is no such file, so there is nothing to run',
      'b/run:1:1: b/run: is not executable',
      'c/run:1:1: c/run: is a directory',
      'd/run:1:1: d/run: is a link to /gone, where nothing is',
    ],
  )
})

test('what is not needed stops nothing, and is a warning that says what comes of it', async () => {
  const modes = { '/sv/a/finish': 0o644, '/sv/a/check': 0o600, '/sv/a/control/t': 0o644 }
  const { problems } = await check({ 'a/run': run, 'a/finish': run, 'a/check': run, 'a/control/t': run }, { modes })
  assert.deepEqual(
    problems.map((one) => one.replace(/; chmod.*/, '')),
    [
      'a/check:1:1: warning: a/check: is not executable; sv takes the service for available all the same',
      'a/control/t:1:1: warning: a/control/t: is not executable; the signal is sent as usual',
      'a/finish:1:1: warning: a/finish: is not executable; it is not run after run',
    ],
  )
})

test('a logger that cannot run is an error, for it blocks the service', async () => {
  const { problems } = await check({ 'a/run': run, 'a/log/main/x': '', 'b/run': run, 'b/log': '' })
  assert.match(
    problems[0]!,
    /^a\/log\/run:1:1: a\/log\/run: there is no such file, so nobody reads what the service prints/,
  )
  assert.match(problems[1]!, /^b\/log:1:1: warning: b\/log: is not a directory, so the service has no logger/)
})

test('supervise is a directory, or a link that runsv can make one of', async () => {
  const { problems } = await check(
    { 'a/run': run, 'a/supervise': '', 'b/run': run, 'c/run': run },
    { links: { '/sv/b/supervise': '/run/sv.b', '/sv/c/supervise': '/run/there/sv.c' }, directories: ['/run/there'] },
  )
  assert.equal(problems.length, 1)
  assert.match(problems[0]!, /^a\/supervise:1:1: a\/supervise: is not a directory, and runsv keeps its lock/)
})

test('links to nothing are errors, and two links to one directory one service', async () => {
  const { problems, serviceDirectories } = await check(
    { 'real/run': run },
    { links: { '/sv/again': '/sv/real', '/sv/gone': '/etc/gone' } },
  )
  assert.match(problems[0]!, /^gone:1:1: gone: is a link to \/etc\/gone, where nothing is, so runsvdir skips it/)
  assert.match(problems[1]!, /^real:1:1: warning: real: is the same directory as again/)
  assert.equal(serviceDirectories.length, 1)
})

test('one service directory is checked by itself, and a name with a line break is told', async () => {
  const files = { ...shell, '/sv/web/run': 'x', '/sv/a\nb/run': run }
  const reader = memorySourceReader({ files, modes: { '/sv/web/run': 0o755, '/bin/sh': 0o755 } })
  const one = await checkWith('/sv/web', reader)
  assert.deepEqual(
    one.serviceDirectories.map(({ name }) => name),
    ['web'],
  )
  assert.match(one.problems[0]!, /^run:1:1: web\/run: does not begin with/)
  assert.match(
    (await checkWith('/sv', reader)).problems[0]!,
    /a name with a line break or a control character cannot be a service/,
  )
})

test('as a source they are one app, and what is wrong with one is a warning: the others run', async () => {
  const reader = memorySourceReader({ files: { '/sv/web/run': run }, links: { '/sv/gone': '/nowhere' } })
  const { target, problems } = await decodeWithOrigins(['/sv'], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(Object.keys(target.apps.sv?.services ?? {}), ['web'])
  assert.deepEqual(problems.map(printProblem), [
    '/sv/gone:1:1: warning: gone: is a link to /nowhere, where nothing is, so runsvdir skips it; remove the link, or make the service directory',
  ])
})

test('a directory with a file of ours is read for that, whatever else is in it', async () => {
  const reader = memorySourceReader({ files: { '/sv/web/run': run, '/sv/a.conf': '[program:a]\ncommand=a\n' } })
  const { target } = await decodeWithOrigins(['/sv'], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(
    Object.values(target.apps).map(({ dialect }) => dialect),
    ['supervisord'],
  )
})

test('on a real disk it finds the same', async () => {
  const directory = mkdtempSync('/tmp/holdfast-runit-')
  try {
    for (const name of ['good', 'bad']) mkdirSync(join(directory, name))
    for (const name of ['good', 'bad']) writeFileSync(join(directory, name, 'run'), run)
    chmodSync(join(directory, 'good/run'), 0o755)
    chmodSync(join(directory, 'bad/run'), 0o644)
    symlinkSync('/nowhere/at-all', join(directory, 'gone'))
    symlinkSync('/nowhere/sv.good', join(directory, 'good/supervise'))
    const { problems } = await checkWith(directory, diskSourceReader({}))
    assert.deepEqual(
      problems.map((one) => one.replace(/;.*/, '')),
      [
        'bad/run:1:1: bad/run: is not executable',
        'gone:1:1: gone: is a link to /nowhere/at-all, where nothing is, so runsvdir skips it',
        'good/supervise:1:1: warning: good/supervise: is a link to /nowhere/sv.good, and there is no directory /nowhere to make it in',
      ],
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})
