import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import type { RestartPolicy } from '../../src/core/model.ts'
import type { LoggerPort, LoggerState } from '../../src/engine/ports.ts'
import { listDescriptors } from '../../src/sys/descriptor-list.ts'
import { errnoOf } from '../../src/sys/errno.ts'
import { lockFile } from '../../src/sys/flock.ts'
import { descriptorLimit, setSoftDescriptorLimit } from '../../src/sys/rlimit.ts'
import { isAlive } from './processes.ts'
import { type Bench, withBench } from './supervise-bench.ts'
import { until } from './until.ts'

const hasRunit = ['sv', 'runsv'].every((program) => existsSync(`/usr/bin/${program}`))
const limit = { timeout: 60_000 }
const withSv = { ...limit, skip: hasRunit ? false : 'not installed: runit' }
const down = { autostart: false }

// ---- what the unmodified sv sees and does

test('sv starts, pauses and stops a service, and sees each step', withSv, async () => {
  await withBench(async (bench) => {
    bench.add('web', { service: down })
    assert.equal((await bench.declare()).size, 0)
    assert.match((await bench.sv('status', 'web')).stdout, /^down: web: \d+s\n$/)
    assert.match((await bench.sv('start', 'web')).stdout, /^ok: run: web: \(pid 1000\) \d+s, normally down\n$/)
    assert.equal(bench.file('web', 'pid'), '1000\n')
    assert.equal((await bench.sv('-w', '5', 'pause', 'web')).code, 0)
    await bench.until(() => bench.status('web').isPaused)
    assert.match((await bench.sv('status', 'web')).stdout, /^run: web: \(pid 1000\) \d+s, normally down, paused\n$/)
    assert.equal((await bench.sv('cont', 'web')).code, 0)
    await bench.until(() => !bench.status('web').isPaused)
    assert.match((await bench.sv('stop', 'web')).stdout, /^ok: down: web: \d+s\n$/)
    assert.deepEqual([bench.file('web', 'stat'), bench.file('web', 'pid')], ['down\n', ''])
    assert.deepEqual(bench.warnings, [])
  })
})

test('a service that runs once is wanted down, and not started again', withSv, async () => {
  await withBench(async (bench) => {
    bench.add('web', { service: down })
    await bench.declare()
    assert.equal((await bench.sv('once', 'web')).code, 0)
    await bench.until(() => bench.status('web').state === 'run')
    assert.match((await bench.sv('status', 'web')).stdout, /^run: web: \(pid 1000\) \d+s, normally down, want down\n$/)
    await bench.sv('term', 'web')
    await bench.until(() => bench.status('web').state === 'down')
    assert.equal(bench.engine.snapshot().state.units.get(bench.unit('web'))?.phase, 'ended')
  })
})

test('sv restart ends the run and sees the next one', withSv, async () => {
  await withBench(async (bench) => {
    bench.add('web', { service: { ...down, restart: atOnce }, script: { stopMs: 50 } })
    await bench.declare()
    await bench.sv('start', 'web')
    // What began in the second in which sv looks counts as new for it.
    const { sinceSeconds } = bench.status('web')
    await until('the next second', () => Date.now() / 1000 > sinceSeconds + 1)
    assert.match((await bench.sv('restart', 'web')).stdout, /^ok: run: web: \(pid 1001\) \d+s, normally down\n$/)
    const asked = ['TERM web by sv', 'CONT web by sv', 'start web by sv']
    assert.deepEqual(bench.commands, ['start web by sv', ...asked])
  })
})

test('who ignores SIGTERM is told to have got it, and is killed by force-stop', withSv, async () => {
  await withBench(async (bench) => {
    bench.add('web', { script: { ignores: ['TERM'] } })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    const result = await bench.sv('-w', '1', 'force-stop', 'web')
    assert.match(result.stdout, /^kill: run: web: \(pid 1000\) \d+s, want down, got TERM\n$/)
    assert.equal(result.code, 1)
    await bench.until(() => bench.status('web').state === 'down')
  })
})

test('sv check runs the check of a service that runs', withSv, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web')
    writeFileSync(join(directory, 'check'), '#!/bin/sh\ntest -e good\n', { mode: 0o755 })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    assert.match((await bench.sv('-w', '1', 'check', 'web')).stdout, /^timeout: run: web: /)
    writeFileSync(join(directory, 'good'), '')
    assert.match((await bench.sv('check', 'web')).stdout, /^ok: run: web: /)
  })
})

test('finish is seen with its pid and the time of the run before it, and only killed', withSv, async () => {
  await withBench(async (bench) => {
    const finish = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true } as const
    bench.add('web', { service: { hooks: { preStart: null, postStop: finish } }, script: { ignores: ['HUP'] } })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    const { sinceSeconds, sinceNanoseconds } = bench.status('web')
    await bench.sv('term', 'web')
    await bench.until(() => bench.status('web').pid === 1001)
    assert.match((await bench.sv('status', 'web')).stdout, /^finish: web: \(pid 1001\) \d+s\n$/)
    const finishing = bench.status('web')
    assert.deepEqual([finishing.sinceSeconds, finishing.sinceNanoseconds], [sinceSeconds, sinceNanoseconds])
    bench.commands.length = 0
    command(bench, 'web', 'tcuk')
    await bench.until(() => bench.status('web').state === 'down')
    assert.deepEqual(bench.commands, ['start web by sv', 'KILL web by sv'])
  })
})

test('sv exit gives a service up: its files say so, its lock is free, and its FIFOs have nobody', withSv, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web')
    bench.add('other')
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    assert.match((await bench.sv('-v', 'exit', 'web')).stdout, /^ok: web: runsv not running\n$/)
    const lock = lockFile(join(directory, 'supervise/lock'))
    assert(typeof lock === 'number', `the lock is free: ${lock}`)
    closeSync(lock)
    assert.deepEqual([bench.file('web', 'stat'), bench.file('web', 'pid')], ['down\n', ''])
    assert.equal(bench.status('web').want, 'down')
    const left = ['control', 'lock', 'ok', 'pid', 'stat', 'status']
    assert.deepEqual(readdirSync(join(directory, 'supervise')).toSorted(), left)
    assert.deepEqual(bench.supervise.held(), [bench.site('other')])
    assert.equal((await bench.run('runsv', join(directory, 'nothing'))).code, 111)
  })
})

test('the first 18 bytes are what daemontools reads, and its clients command as well', limit, async () => {
  await withBench(async (bench) => {
    bench.add('web')
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    const bytes = readFileSync(join(bench.directory, 'web/supervise/status'))
    assert.equal(bytes.length, 20)
    const seconds = Number(bytes.readBigUInt64BE(0) - 2n ** 62n - 10n)
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 10)
    assert.deepEqual([bytes.readUInt32LE(12), bytes[16], String.fromCharCode(bytes[17]!)], [1000, 0, 'u'])
    // svc -o: down when this run is over
    command(bench, 'web', 'o')
    await bench.until(() => bench.status('web').want === 'down')
    assert.equal(bench.status('web').state, 'run')
  })
})

// ---- commands

test('bytes of one write are commands in their order, and each counts before the next one', limit, async () => {
  await withBench(async (bench) => {
    // What has ended gets no signal: it is there until the last of them.
    bench.add('web', { service: { restart: atOnce }, script: { ignores: ['TERM', 'HUP'] } })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    command(bench, 'web', 'tcu\nh?du')
    await bench.until(() => bench.commands.length === 6)
    const words = ['TERM', 'CONT', 'start', 'HUP', 'stop', 'start'].map((what) => `${what} web by sv`)
    assert.deepEqual(bench.commands, words)
    command(bench, 'web', 'k')
    await bench.until(() => bench.status('web').state === 'run' && bench.status('web').pid > 1000)
  })
})

test('down and up in one write end the run and begin another one', limit, async () => {
  await withBench(async (bench) => {
    bench.add('web', { service: { restart: atOnce } })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    command(bench, 'web', 'du')
    await bench.until(() => bench.status('web').pid > 1000)
    assert.deepEqual(bench.commands, ['stop web by sv', 'start web by sv'])
  })
})

test('of a hundred times down and up none is lost', limit, async () => {
  await withBench(async (bench) => {
    bench.add('web', { service: { restart: atOnce } })
    bench.add('other', { service: down })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    command(bench, 'web', 'du'.repeat(100))
    command(bench, 'other', 'u')
    await bench.until(() => bench.commands.filter((text) => text.startsWith('start web')).length === 100)
    const words = bench.commands.filter((text) => /^(start|stop) web/.test(text))
    assert.deepEqual(words, Array(100).fill(['stop web by sv', 'start web by sv']).flat())
    await bench.until(() => bench.status('web').want === 'up' && bench.status('web').state === 'run')
    // Who has much to say keeps nobody waiting.
    assert.ok(bench.commands.indexOf('start other by sv') < bench.commands.length - 1)
    assert.ok(bench.world.processes.size > 0)
  })
})

test('what was written before a service is declared is taken when it is', limit, async () => {
  await withBench(async (bench) => {
    bench.add('other', { service: down })
    await bench.declare()
    bench.add('web', { service: down })
    const sites = [bench.site('other'), bench.site('web')]
    assert.deepEqual([...bench.supervise.claim(sites)], [])
    command(bench, 'web', 'u')
    command(bench, 'other', 'u')
    await bench.until(() => bench.status('other').state === 'run')
    assert.deepEqual(bench.supervise.held(), sites)
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    assert.deepEqual(bench.commands, ['start other by sv', 'start web by sv'])
  })
})

test('a command that is refused is told once, and the next ones are taken', limit, async () => {
  await withBench(async (bench) => {
    bench.add('web')
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    const { command: ask } = bench.engine
    let refusals = 0
    Object.assign(bench.engine, {
      command: () => {
        refusals += 1
        return Promise.reject(new Error('full'))
      },
    })
    command(bench, 'web', 'hhh')
    await until('three refusals', () => refusals === 3)
    Object.assign(bench.engine, { command: ask })
    command(bench, 'web', 'd')
    await bench.until(() => bench.status('web').state === 'down')
    assert.deepEqual(bench.warnings, ['a command of sv was refused: full'])
  })
})

// ---- a service and its logger

test('a service and its logger are given back together, when both have ended', withSv, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web', { log: 'process' })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run' && bench.status('web/log').state === 'run')
    assert.match((await bench.sv('status', 'web')).stdout, /^run: web: \(pid \d+\) \d+s; run: log: \(pid \d+\) \d+s\n$/)
    bench.remove('web')
    await bench.declare()
    const states: boolean[] = []
    await bench.until(() => {
      const isServiceGone = !bench.engine.snapshot().state.units.has(bench.unit('web'))
      const isLogGone = !bench.engine.snapshot().state.units.has(bench.unit('web.log'))
      if (isServiceGone && !isLogGone) states.push(isSupervised(directory))
      return isServiceGone && isLogGone
    })
    assert.ok(states.length > 0 && states.every(Boolean), 'the service waits for its logger')
    assert.equal(isSupervised(directory), false)
    assert.equal(isSupervised(join(directory, 'log')), false)
    assert.deepEqual([bench.file('web', 'stat'), bench.file('web/log', 'stat')], ['down\n', 'down\n'])
  })
})

test('a logger is commanded as a service is, and does not exit', withSv, async () => {
  await withBench(async (bench) => {
    bench.add('web', { log: 'process' })
    await bench.declare()
    await bench.until(() => bench.status('web/log').state === 'run')
    command(bench, 'web/log', 'xd')
    await bench.until(() => bench.status('web/log').state === 'down')
    assert.deepEqual(bench.commands, ['stop web.log by sv'])
    assert.match((await bench.sv('start', 'web/log')).stdout, /^ok: run: web\/log: \(pid \d+\) \d+s\n$/)
  })
})

test('a builtin logger is seen as the daemon, rests, goes on, and a restart of it is seen', withSv, async () => {
  const loggers = playedLoggers()
  await withBench(
    async (bench) => {
      bench.add('web', { log: 'builtin' })
      await bench.declare()
      const own = `\\(pid ${process.pid}\\)`
      const status = async () => (await bench.sv('status', 'web/log')).stdout
      assert.match(await status(), new RegExp(`^run: web/log: ${own} \\d+s\\n$`))
      assert.match((await bench.sv('stop', 'web/log')).stdout, /^ok: down: web\/log: \d+s, normally up\n$/)
      assert.match((await bench.sv('start', 'web/log')).stdout, new RegExp(`^ok: run: web/log: ${own} \\d+s\\n$`))
      const { sinceSeconds } = bench.status('web/log')
      await until('the next second', () => Date.now() / 1000 > sinceSeconds + 1)
      assert.equal((await bench.sv('restart', 'web/log')).code, 0)
      assert.ok(bench.status('web/log').sinceSeconds > sinceSeconds)
      await bench.sv('hup', 'web/log')
      await bench.sv('alarm', 'web/log')
      await until('all to be taken', () => loggers.actions.length === 7)
      assert.deepEqual(loggers.actions, ['pause', 'resume', 'reload', 'resume', 'resume', 'reload', 'rotate'])
    },
    { loggers: loggers.port },
  )
})

// ---- who else supervises

test('a real runsv is refused by our lock', withSv, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web')
    await bench.declare()
    const result = await bench.run('runsv', directory)
    assert.equal(result.code, 111)
    assert.match(result.stderr, /unable to lock supervise\/lock: temporary failure/)
  })
})

test(
  'a directory that a real runsv has is refused with its pid, the logger with it, and taken when it has ended',
  withSv,
  async (context) => {
    await withBench(async (bench) => {
      const directory = bench.add('web', { log: 'process' })
      bench.add('other')
      rmSync(join(directory, 'log'), { recursive: true })
      const runsv = await startRunsv(context, directory)
      mkdirSync(join(directory, 'log'))
      const refused = await bench.declare()
      const why = `${directory} is supervised by runsv (pid ${runsv.pid}): take it from its runsvdir, then: sv exit ${directory}`
      assert.deepEqual(
        [...refused],
        [
          [bench.unit('web'), why],
          [bench.unit('web.log'), why],
        ],
      )
      assert.equal(isSupervised(join(directory, 'log')), false)
      assert.equal(bench.status('other').want, 'up')
      const ended = once(runsv, 'exit')
      assert.equal((await bench.sv('exit', directory)).code, 0)
      await ended
      assert.equal((await bench.declare()).size, 0)
      await bench.until(() => bench.status('web').state === 'run')
    })
  },
)

test('what a dead runsv left behind is taken over, with the modes that its FIFOs have', withSv, async (context) => {
  await withBench(async (bench) => {
    const directory = bench.add('web')
    const runsv = await startRunsv(context, directory)
    await until('the service to run', () => bench.file('web', 'pid') !== '')
    const orphan = Number(bench.file('web', 'pid'))
    runsv.kill('SIGKILL')
    await once(runsv, 'exit')
    process.kill(orphan, 'SIGKILL')
    // Before its exec it has the lock of runsv as well.
    await until('the service to be gone', () => !isAlive(orphan))
    chmodSync(join(directory, 'supervise'), 0o755)
    chmodSync(join(directory, 'supervise/ok'), 0o620)
    chmodSync(join(directory, 'supervise/control'), 0o622)
    writeFileSync(join(directory, 'supervise/status'), 'short')
    assert.equal((await bench.declare()).size, 0)
    await bench.until(() => bench.status('web').state === 'run')
    assert.equal(bench.file('web', 'pid'), '1000\n')
    const mode = (name: string): string => (statSync(join(directory, 'supervise', name)).mode & 0o777).toString(8)
    assert.deepEqual(['.', 'ok', 'control', 'lock', 'pid', 'stat', 'status'].map(mode), [
      ...['755', '620', '622', '600', '644', '644', '644'],
    ])
  })
})

test('one directory that two services name is supervised as the first one', limit, async () => {
  await withBench(async (bench) => {
    bench.add('web')
    await bench.declare()
    const twin = { ...bench.site('web'), unit: 'other/web/1' }
    assert.deepEqual(Object.fromEntries(bench.supervise.claim([twin, bench.site('web')])), {
      'other/web/1': `${join(bench.directory, 'web')} is supervised as sv/web/1 already: remove one of the two`,
    })
    symlinkSync('web', join(bench.directory, 'link'))
    const linked = { ...twin, directory: join(bench.directory, 'link') }
    assert.match(bench.supervise.claim([bench.site('web'), linked]).get('other/web/1') ?? '', /by this daemon already/)
  })
})

// ---- what may be in the way

const obstacles: Readonly<
  Record<string, { readonly make: (supervise: string) => void; readonly told: (supervise: string) => string }>
> = {
  'supervise is a file': {
    make: (path) => writeFileSync(path, ''),
    told: (path) => `${path} exists and is not a directory: remove it, it is made anew`,
  },
  'ok is a regular file': {
    make: (path) => inSupervise(path, 'ok', (file) => writeFileSync(file, '')),
    told: (path) => `${path}/ok exists and is not a FIFO: remove it, it is made anew`,
  },
  'control is a regular file': {
    make: (path) => inSupervise(path, 'control', (file) => writeFileSync(file, '')),
    told: (path) => `${path}/control exists and is not a FIFO: remove it, it is made anew`,
  },
  'status is a directory': {
    make: (path) => inSupervise(path, 'status', (file) => mkdirSync(file)),
    told: (path) => `${path}/status is a directory, and a file belongs there: remove it`,
  },
  'lock is a directory': {
    make: (path) => inSupervise(path, 'lock', (file) => mkdirSync(file)),
    told: (path) => `${path}/lock is a directory, and a file belongs there: remove it`,
  },
  'supervise is a link to nowhere': {
    make: (path) => symlinkSync('/nowhere/at/all', path),
    told: (path) =>
      `${path.replace(/\/supervise$/, '')} cannot be supervised (ENOENT): make the directory, or what ${path} is a link to`,
  },
}

for (const [what, { make, told }] of Object.entries(obstacles)) {
  test(`${what}: told with its remedy, nothing stays open, and others are supervised`, limit, async () => {
    await withBench(async (bench) => {
      const directory = bench.add('web')
      bench.add('other')
      const supervise = join(directory, 'supervise')
      make(supervise)
      assert.deepEqual([...(await bench.declare())], [[bench.unit('web'), told(supervise)]])
      assert.deepEqual(bench.supervise.held(), [bench.site('other')])
      assert.deepEqual(openBelow(directory), [])
      rmSync(supervise, { recursive: true })
      assert.equal((await bench.declare()).size, 0)
    })
  })
}

test('a link to a directory that is not there yet has it made, of mode 0700', limit, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web')
    symlinkSync('../state', join(directory, 'supervise'))
    assert.equal((await bench.declare()).size, 0)
    assert.equal(statSync(join(bench.directory, 'state')).mode & 0o777, 0o700)
    assert.equal(isSupervised(directory), true)
  })
})

test('a line break in a path stays out of what is told', limit, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('a\nb')
    writeFileSync(join(directory, 'supervise'), '')
    assert.deepEqual(
      [...(await bench.declare()).values()],
      [`${bench.directory}/a\\x0ab/supervise exists and is not a directory: remove it, it is made anew`],
    )
  })
})

test('a full disk is told once, for all that is on it, and stops no service', limit, async () => {
  await withBench(async (bench) => {
    const full = (name: string): void => symlinkSync('/dev/full', join(bench.directory, name, 'supervise/status.new'))
    for (const name of ['a', 'b']) {
      bench.add(name, { service: down })
      mkdirSync(join(bench.directory, name, 'supervise'))
      full(name)
    }
    assert.equal((await bench.declare()).size, 0)
    command(bench, 'a', 'u')
    await bench.until(() => bench.file('a', 'stat') === 'run\n')
    assert.deepEqual(bench.warnings, [
      `the state in ${bench.directory}/a/supervise cannot be written (ENOSPC); sv sees an old state until the next change; make room on its file system`,
    ])
    rmSync(join(bench.directory, 'a/supervise/status.new'))
    command(bench, 'a', 'd')
    await bench.until(() => bench.engine.snapshot().state.units.get(bench.unit('a'))?.run === null)
    assert.deepEqual([bench.status('a').state, bench.file('a', 'pid')], ['down', ''])
  })
})

test('a directory that was removed is made anew with the next change', limit, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web', { service: down })
    await bench.declare()
    rmSync(join(directory, 'supervise'), { recursive: true })
    await bench.engine.command({ kind: 'start', units: [bench.unit('web')], by: { kind: 'daemon' } })
    await bench.until(() => bench.status('web').state === 'run')
    command(bench, 'web', 'd')
    await bench.until(() => bench.status('web').state === 'down')
    assert.deepEqual(bench.warnings, [
      `${directory}/supervise was removed or replaced while it was in use; it was made anew`,
    ])
  })
})

test('a directory in which another one supervises by now is left alone', withSv, async (context) => {
  await withBench(async (bench) => {
    const directory = bench.add('web', { service: down })
    await bench.declare()
    renameSync(join(directory, 'supervise'), join(directory, 'before'))
    await startRunsv(context, directory)
    const before = readFileSync(join(directory, 'supervise/status'))
    await bench.engine.command({ kind: 'start', units: [bench.unit('web')], by: { kind: 'daemon' } })
    await bench.until(() => bench.engine.snapshot().state.units.get(bench.unit('web'))?.phase === 'up')
    assert.deepEqual(readFileSync(join(directory, 'supervise/status')), before)
    assert.equal(bench.warnings.length, 1)
    assert.match(bench.warnings[0]!, /supervise was removed or replaced .* supervised by runsv \(pid \d+\)/)
  })
})

test('when descriptors run out the rest is refused with the limit, and what is held goes on', limit, async () => {
  await withBench(async (bench) => {
    const names = Array.from({ length: 40 }, (_, n) => `web${String(n).padStart(2, '0')}`)
    for (const name of names) bench.add(name, { service: down })
    const { soft } = descriptorLimit()
    // All numbers that are free below the limit are those of some thirty directories.
    const highest = Math.max(...listDescriptors().map(({ fd }) => fd))
    const fillers: number[] = []
    while ((fillers.at(-1) ?? 0) <= highest) fillers.push(openSync('/dev/null', 'r'))
    const limit = 64 + highest + 91
    assert.equal(setSoftDescriptorLimit(limit), null)
    try {
      const refused = await bench.declare()
      assert.ok(refused.size > 5 && refused.size < 15, `${refused.size} of 40`)
      for (const why of refused.values()) {
        assert.match(
          why,
          new RegExp(`\\(EMFILE\\): the daemon may open no more than ${limit} files, and each directory `),
        )
      }
      command(bench, names[0]!, 'u')
      await bench.until(() => bench.status(names[0]!).state === 'run')
    } finally {
      setSoftDescriptorLimit(soft)
      for (const fd of fillers) closeSync(fd)
    }
    assert.equal((await bench.declare()).size, 0)
  })
})

// ---- the end, and another image

test('with the end of the daemon everything is given back, and says what it was', withSv, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web')
    const spawnFailure = { code: 'ENOENT', message: 'test', retry: false }
    bench.add('failing', { service: { autostartAgain: true }, script: { spawnFailure } })
    await bench.declare()
    await bench.until(() => bench.status('web').state === 'run')
    assert.deepEqual([bench.status('failing').state, bench.status('failing').want], ['down', 'up'])
    await bench.engine.command({ kind: 'shutdown', by: { kind: 'daemon' }, why: 'test' })
    assert.equal(bench.file('web', 'stat'), 'run, got TERM, want exit\n')
    assert.equal(bench.status('failing').want, 'down')
    await bench.engine.stopped
    bench.close()
    assert.equal(isSupervised(directory), false)
    assert.equal(bench.file('web', 'stat'), 'down\n')
    assert.deepEqual(openBelow(bench.directory), [])
    assert.match((await bench.sv('status', 'web')).stdout, /^fail: web: runsv not running\n$/)
  })
})

test('another image of the process goes on without anybody noticing', limit, async () => {
  await withBench(async (bench) => {
    const directory = bench.add('web', { log: 'process' })
    const image = startImage(bench.directory)
    let isOver = false
    try {
      assert.deepEqual(await image.next(), { image: 1, refused: 0, pid: image.pid })
      const seen: string[] = []
      const watch = (): void => {
        for (const part of ['', 'log']) {
          if (!isSupervised(join(directory, part))) seen.push(`nobody supervises ${part}`)
          const lock = lockFile(join(directory, part, 'supervise/lock'))
          if (typeof lock === 'number') closeSync(lock)
          if (lock !== 'EAGAIN') seen.push('the lock was free')
        }
        if (!isOver) setImmediate(watch)
      }
      watch()
      image.become()
      assert.equal(await image.next(), 'closed')
      command(bench, 'web', 'd')
      const inherited = { inherited: 6, left: 0, leaks: 0 }
      assert.deepEqual(await image.next(), { image: 2, refused: 0, pid: image.pid, ...inherited })
      await until('the command to be taken', () => bench.status('web').want === 'down')
      assert.deepEqual(seen, [])
    } finally {
      isOver = true
      await image.end()
    }
    assert.equal(isSupervised(directory), false)
  })
})

// ---- helpers

const atOnce: RestartPolicy = {
  ...{ when: 'always', successExits: [0], stableMs: 1_000, early: 'always', budget: null },
  backoff: { shape: 'linear', firstMs: 1, factor: 1, maxMs: 1, jitter: 0, freeRestarts: 0 },
}

function command(bench: Bench, name: string, bytes: string): void {
  const fd = openSync(join(bench.directory, name, 'supervise/control'), constants.O_WRONLY | constants.O_NONBLOCK)
  writeSync(fd, bytes)
  closeSync(fd)
}

/** As clients ask: by opening `ok`. */
function isSupervised(directory: string): boolean {
  try {
    closeSync(openSync(join(directory, 'supervise/ok'), constants.O_WRONLY | constants.O_NONBLOCK))
    return true
  } catch (error) {
    assert.match(errnoOf(error), /^(ENXIO|ENOENT)$/)
    return false
  }
}

function inSupervise(path: string, name: string, make: (file: string) => void): void {
  mkdirSync(path)
  make(join(path, name))
}

function openBelow(directory: string): readonly string[] {
  return listDescriptors().flatMap(({ target }) => (target.startsWith(directory) ? [target] : []))
}

function playedLoggers(): { readonly port: LoggerPort; readonly actions: string[] } {
  const actions: string[] = []
  let state: LoggerState = { isPaused: false, sinceWallMs: Date.now(), trouble: null }
  const port: LoggerPort = {
    state: () => state,
    control(_unit, action) {
      actions.push(action)
      if (action === 'pause' || action === 'resume') {
        state = { ...state, isPaused: action === 'pause', sinceWallMs: Date.now() }
      }
    },
  }
  return { port, actions }
}

/** Ends with the test at the latest. */
async function startRunsv(context: TestContext, directory: string): Promise<ChildProcess> {
  const runsv = spawn('runsv', [directory], { stdio: 'ignore' })
  context.after(async () => {
    if (runsv.exitCode !== null || runsv.signalCode !== null) return
    runsv.kill('SIGTERM')
    await once(runsv, 'exit')
  })
  await until('runsv to supervise', () => isSupervised(directory))
  return runsv
}

interface Image {
  readonly pid: number
  /** What the next image says when it supervises. */
  next(): Promise<unknown>
  become(): void
  end(): Promise<void>
}

function startImage(directory: string): Image {
  const program = join(import.meta.dirname, 'supervise-image.ts')
  const child: ChildProcess = spawn(process.execPath, [...process.execArgv, program, directory, '1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return {
    pid: child.pid!,
    async next() {
      const { value, done } = await lines.next()
      assert(done !== true, 'the image says how it goes')
      return JSON.parse(value)
    },
    become: () => void child.stdin!.write('become\n'),
    async end() {
      const exit = once(child, 'exit')
      child.stdin!.end()
      await exit
    },
  }
}
