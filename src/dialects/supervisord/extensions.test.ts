import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dependency, Service } from '../../core/model.ts'
import { memorySourceReader } from '../memory-source-reader.ts'
import { decodeSupervisord } from './decode.ts'

function services(text: string): Readonly<Record<string, Service>> {
  const reader = memorySourceReader({ files: { '/s/main.conf': text }, environment: { HOME: '/root' } })
  const { apps, problems } = decodeSupervisord(['/s/main.conf'], reader)
  assert.deepEqual(problems, [])
  return Object.fromEntries(apps.flatMap(({ services }) => Object.entries(services)))
}

function needs(text: string, of = 'a'): readonly Dependency[] {
  return services(`${text}\n[program:b]\ncommand=b\n[program:c]\ncommand=c\n`)[of]!.dependsOn
}

const need = (service: string, more: Partial<Dependency> = {}): Dependency => ({
  service,
  condition: 'started',
  required: true,
  restart: false,
  ...more,
})

test('depends_on waits for programs of other groups, which are other apps', () => {
  assert.deepEqual(needs('[program:a]\ncommand=a\ndepends_on = b, c'), [
    need('b', { app: 'b' }),
    need('c', { app: 'c' }),
  ])
})

test('depends_on prefers the program of its own group, unless it names another one', () => {
  const groups = '[group:g]\nprograms=b\n[group:h]\nprograms=a,b'
  assert.deepEqual(needs(`[program:a]\ncommand=a\ndepends_on=b\n${groups}`), [need('b')])
  assert.deepEqual(needs(`[program:a]\ncommand=a\ndepends_on=g:b\n${groups}`), [need('b', { app: 'g' })])
})

test('[program-default] says what programs do not say themselves, and wins over [DEFAULT]', () => {
  const all = services(
    '[DEFAULT]\nuser=low\ndirectory=/d\n[program-default]\nuser=www\nautostart=false\n[program:a]\ncommand=a\n[program:b]\ncommand=b\nuser=root\n[eventlistener:l]\ncommand=l\nevents=TICK_5\n',
  )
  const told = Object.values(all).map(({ name, autostart, process }) => [name, process.user, autostart])
  assert.deepEqual(told.sort(), [
    ['a', 'www', false],
    ['b', 'root', false],
    ['l', 'low', true],
  ])
  assert.equal(all.a!.process.workingDir, '/d')
})

test('restartpause is the same pause before each try', () => {
  const { a } = services('[program:a]\ncommand=a\nrestartpause=5\nstartretries=9\n')
  assert.deepEqual([a!.restart.backoff.firstMs, a!.restart.backoff.maxMs], [5_000, 5_000])
})

test('several stop signals are sent one after the other, and killwaitsecs is the wait after the kill', () => {
  const { a } = services('[program:a]\ncommand=a\nstopsignal=INT SIGTERM\nstopwaitsecs=3\nkillwaitsecs=2\n')
  assert.deepEqual(a!.stop, [
    { signal: 'INT', scope: 'main', waitMs: 3_000 },
    { signal: 'TERM', scope: 'main', waitMs: 3_000 },
    { signal: 'KILL', scope: 'main', waitMs: 2_000 },
  ])
})

test('envFiles are read at each start where they are there', () => {
  const { a } = services('[program:a]\ncommand=a\nenvFiles=global.env, /etc/prod.env\n')
  assert.deepEqual(a!.process.envFiles, [
    { path: '/s/global.env', required: false },
    { path: '/etc/prod.env', required: false },
  ])
})

test('what has a cron line starts by it alone; a question mark is a star', () => {
  const { a } = services('[program:a]\ncommand=a\ncron=0 30 4 ? * *\n')
  assert.deepEqual(a!.schedule, { cron: '0 30 4 * * *', timeZone: null, overlap: 'skip', missed: 'skip' })
  assert.equal(a!.autostart, false)
})

const dependent = `[program:a]
command=a
autostart=false
dependent_startup=true
dependent_startup_wait_for=b:running c:exited`

test('dependent_startup is acted on where no listener of the files does it', () => {
  assert.deepEqual(needs(dependent), [need('b', { app: 'b' }), need('c', { app: 'c', condition: 'completed' })])
  assert.equal(services('[program:a]\ncommand=a\nautostart=false\ndependent_startup=true\n').a!.autostart, true)
})

test('dependent_startup is left to the listener that is declared for it', () => {
  const listener =
    '[eventlistener:dependent-startup]\ncommand=python3 -m supervisord_dependent_startup\nevents=PROCESS_STATE\n'
  assert.deepEqual(needs(`${listener}${dependent}`), [])
  const { a } = services(`${listener}${dependent}\n`)
  assert.equal(a!.autostart, false)
})
