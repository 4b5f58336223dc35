import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printProblem } from '../../formats/format-error.ts'
import { type MemoryMachine, memorySourceReader } from '../memory-source-reader.ts'
import { decodeServices } from './decode.ts'

const run = '#!/bin/sh\nexec sleep 1\n'

/** Files below /etc/sv, all executable unless `modes` says otherwise. */
function decode(
  files: Readonly<Record<string, string>>,
  more: Partial<MemoryMachine> & { readonly unlogged?: 'store' | 'inherit' } = {},
) {
  const all = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/etc/sv/${name}`, text]))
  const modes = { ...Object.fromEntries(Object.keys(all).map((path) => [path, 0o755])), ...more.modes }
  const reader = memorySourceReader({ ...more, files: all, modes })
  const { app, problems } = decodeServices(
    { path: '/etc/sv', which: 'below' },
    { reader, unlogged: more.unlogged ?? 'store' },
  )
  const service = (name: string) => {
    const found = app.services[name]
    assert(found !== undefined, `there is a service ${name}`)
    return found
  }
  return { app, service, problems: problems.map(printProblem) }
}

test('a service directory is run as runsv runs it: its program in its own directory, always again, a second apart', () => {
  const { app, service, problems } = decode({ 'web/run': run })
  assert.deepEqual(problems, [])
  assert.equal(`${app.name} ${app.dialect}`, 'sv runit')
  const { process, restart, stop, retire, autostart, autostartAgain, manualStop, hooks } = service('web')
  assert.deepEqual(process.command, ['./run'])
  assert.equal(process.workingDir, '/etc/sv/web')
  assert.equal(process.inheritEnvironment, true)
  assert.deepEqual(process.environment, { SVDIR: '/etc/sv' })
  assert.deepEqual(process.stdin, { kind: 'null' })
  assert.deepEqual([restart.when, restart.early, restart.stableMs, restart.budget], ['always', 'always', 1_000, null])
  assert.deepEqual([restart.backoff.firstMs, restart.backoff.maxMs, restart.backoff.jitter], [1_000, 1_000, 0])
  assert.deepEqual(
    stop.map(({ signal, scope }) => `${signal} ${scope}`),
    ['TERM main', 'CONT main'],
  )
  assert.equal(retire, null)
  assert.deepEqual([autostart, autostartAgain, manualStop], [true, false, 'until-daemon-restart'])
  assert.deepEqual(hooks, { preStart: null, postStop: null })
})

test('SVDIR is set where sv would look elsewhere, and nobody has set it', () => {
  const reader = memorySourceReader({ files: { '/etc/service/a/run': run } })
  const { app } = decodeServices({ path: '/etc/service', which: 'below' }, { reader, unlogged: 'store' })
  assert.deepEqual(app.services.a?.process.environment, {})
  assert.deepEqual(
    decode({ 'web/run': run }, { environment: { SVDIR: '/else' } }).service('web').process.environment,
    {},
  )
})

test('a file `down` keeps it down, and `finish` follows each end with its arguments and without a limit', () => {
  const { service } = decode({ 'web/run': run, 'web/down': '', 'web/finish': run })
  assert.equal(service('web').autostart, false)
  const finish = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true }
  assert.deepEqual(service('web').hooks.postStop, finish)
})

test('a log directory is a service of its own that reads what the other one prints, and ends with its input', () => {
  const { service } = decode({ 'web/run': run, 'web/log/run': run, 'web/log/down': '' })
  const stored = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 3, ageMaxMs: 0, compress: false }
  assert.deepEqual(service('web').process.logger, { kind: 'unit', unit: 'sv/web.log/1', stderr: stored })
  const log = service('web.log')
  assert.deepEqual(log.process.stdin, { kind: 'output', unit: 'sv/web/1' })
  assert.equal(log.process.workingDir, '/etc/sv/web/log')
  assert.equal(log.autostart, false)
  assert.deepEqual(log.retire, [{ signal: 'EOF', scope: 'main', waitMs: 0 }])
  assert.equal(log.priority, service('web').priority, 'no other service has to end for it')
})

test('a service called like the log of another one leaves both their names', () => {
  const { app } = decode({ 'web/run': run, 'web/log/run': run, 'web.log/run': run })
  assert.deepEqual(Object.keys(app.services), ['web', 'web.log2', 'web.log'])
  assert.deepEqual(app.services['web.log']?.process.workingDir, '/etc/sv/web.log')
})

test('control scripts stand before their signals, those of d and x at the end of the ladder', () => {
  const scripts = ['t', 'd', 'x', 'u', 'h', '1', 'z', 'tt', 'k'].map((letter) => [`web/control/${letter}`, run])
  const { service } = decode(
    { 'web/run': run, ...Object.fromEntries(scripts) },
    { modes: { '/etc/sv/web/control/k': 0o644 } },
  )
  const { stop, retire, signalScripts, hooks } = service('web')
  assert.deepEqual(signalScripts, { TERM: ['control/t'], HUP: ['control/h'], USR1: ['control/1'] })
  const told = (ladder: typeof stop) => ladder.map(({ signal, script }) => [signal, ...(script ?? [])].join(' '))
  assert.deepEqual(told(stop), ['TERM control/t', 'CONT', '0 control/d'])
  assert.deepEqual(told(retire ?? []), ['TERM control/t', 'CONT', '0 control/x'])
  assert.deepEqual(hooks.preStart, { command: ['control/u'], timeoutMs: null, ignoreFailure: true })
})

test('without control/x whoever is given up is not told by control/d', () => {
  const { stop, retire } = decode({ 'web/run': run, 'web/control/d': run }).service('web')
  assert.deepEqual([stop.length, retire?.length], [3, 2])
})

test('as runsvdir, what no logger reads goes to the own output of the daemon', () => {
  const { service } = decode({ 'a/run': run, 'b/run': run, 'b/log/run': run }, { unlogged: 'inherit' })
  const { stdout, stderr } = service('a').process
  assert(stderr !== 'stdout')
  assert.deepEqual([stdout.path, stderr.path], ['/dev/stdout', '/dev/stderr'])
  assert.equal(service('b').process.logger?.stderr.path, '/dev/stderr')
})

test('options change the backoff and end what does not end', () => {
  const text = '# ours\nbackoff = 100ms..1m\n\nstop_timeout=30s\n'
  const { service, problems } = decode({ 'web/run': run, 'web/holdfast.conf': text, 'web/log/run': run })
  assert.deepEqual(problems, [])
  const { backoff } = service('web').restart
  assert.deepEqual([backoff.shape, backoff.firstMs, backoff.factor, backoff.maxMs], ['exponential', 100, 2, 60_000])
  const told = (ladder: ReturnType<typeof service>['stop'] | null) =>
    ladder?.map(({ signal, scope, waitMs }) => `${signal} ${scope} ${waitMs}`)
  assert.deepEqual(told(service('web').stop), ['TERM main 0', 'CONT main 30000', 'KILL tree 5000'])
  assert.deepEqual(told(service('web.log').retire), ['EOF main 30000', 'KILL tree 5000'])
})

for (const [line, expected] of [
  ['loger = builtin', /there is no option 'loger'; did you mean 'logger'\?/],
  ['logger = svlogd', /'svlogd' is no logger: that is `run`.*or `builtin`/],
  ['backoff = fast', /'fast' is no backoff: that is a time such as `1s`/],
  ['backoff = 5s..1s', /is no backoff/],
  ['stop_timeout', /'stop_timeout' is no line of the form name = value/],
] as const) {
  test(`an option that cannot be understood is told with its line, and is as if it were not there: ${line}`, () => {
    const { service, problems } = decode({ 'web/run': run, 'web/holdfast.conf': `\n${line}\n` })
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, /^\/etc\/sv\/web\/holdfast\.conf:2:1: web\/holdfast\.conf: /)
    assert.match(problems[0]!, expected)
    assert.equal(service('web').restart.backoff.firstMs, 1_000)
  })
}

test('the builtin logger takes the place of a log/run that only execs svlogd, and of no other', () => {
  const options = { 'web/run': run, 'web/holdfast.conf': 'logger = builtin\n' }
  const svlogd = '#!/bin/sh\nexec svlogd -tt ./main\n'
  const { app, service } = decode({ ...options, 'web/log/run': svlogd })
  assert.deepEqual(Object.keys(app.services), ['web'])
  const { logger } = service('web').process
  assert(logger?.kind === 'svlogd')
  assert.deepEqual([logger.svlogd.stamp, logger.svlogd.directories], ['date', ['/etc/sv/web/log/./main']])
  const other = decode({ ...options, 'web/log/run': '#!/bin/sh\nmkdir -p main\nexec svlogd main\n' })
  assert.deepEqual(Object.keys(other.app.services), ['web', 'web.log'])
  assert.match(
    other.problems.join(),
    /web\/log\/run: the builtin logger cannot take the place of this script: it does more/,
  )
})

test('what is unchanged is not read again', () => {
  const reader = memorySourceReader({ files: { '/sv/a/run': run, '/sv/b/run': run } })
  const context = { reader, unlogged: 'store' } as const
  const first = decodeServices({ path: '/sv', which: 'below' }, context)
  const known = new Map(first.services.filter(({ name }) => name === 'a').map((one) => [one.name, one]))
  const second = decodeServices({ path: '/sv', which: 'below' }, context, known)
  assert.equal(second.app.services.a, first.app.services.a)
  assert.notEqual(second.app.services.b, first.app.services.b)
})

test('one service directory is a source of its own', () => {
  const reader = memorySourceReader({ files: { '/etc/sv/web/run': run, '/etc/sv/web/log/run': run } })
  const { app } = decodeServices({ path: '/etc/sv/web', which: 'itself' }, { reader, unlogged: 'store' })
  assert.equal(app.name, 'web')
  assert.deepEqual(Object.keys(app.services), ['web', 'web.log'])
  assert.deepEqual(app.services.web?.process.environment, { SVDIR: '/etc/sv' })
})
