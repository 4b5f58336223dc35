import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, realTest } from './harness.ts'
import { eager, sleeper } from './services.ts'
import { until } from './until.ts'

/** Each says who it is, and what it was told. */
const preStart = ['sh', '-c', 'echo "pre $$HOLDFAST_HOOK"']
const postStop = ['sh', '-c', 'echo "post $$HOLDFAST_EXIT_KIND,$$HOLDFAST_EXIT_CODE,$$HOLDFAST_EXIT_SIGNAL"']

realTest('hooks run around each run, in order, with their output in its log', {}, async (home) => {
  const file = home.declare('app', {
    web: {
      command: ['sh', '-c', 'echo main; exit 3'],
      restart: 'on-failure:1',
      'x-holdfast': { ...eager, stable_after: '10s', hooks: { pre_start: preStart, post_stop: postStop } },
    },
  })
  await home.start([file])
  await home.untilState('app/web', 'failed')
  const start = ['pre pre_start', 'main']
  assert.deepEqual(lines(home, 'app/web'), [...start, 'post unexpected,3,', ...start, 'post gave-up,3,'])
})

realTest('post_stop is told of a stop by hand, and of the end of the daemon', {}, async (home) => {
  const hooks = { post_stop: postStop }
  const file = home.declare('app', {
    one: { ...sleeper, 'x-holdfast': { hooks } },
    two: { ...sleeper, 'x-holdfast': { hooks } },
  })
  const daemon = await home.start([file])
  await home.untilState('app/one', 'running')
  await home.untilState('app/two', 'running')
  assert.equal((await home.cli('stop', 'app/one')).code, 0)
  assert.deepEqual(lines(home, 'app/one'), ['post requested,,TERM'])
  await daemon.stop()
  assert.deepEqual(lines(home, 'app/two'), ['post requested,,TERM'])
})

realTest('a pre_start that fails keeps the main process from starting', {}, async (home) => {
  const flag = join(home.directory, 'fixed')
  const file = home.declare('app', {
    web: {
      command: ['sh', '-c', 'echo main; exec sleep 86400'],
      restart: 'no',
      'x-holdfast': { hooks: { pre_start: ['sh', '-c', `echo pre; test -e ${flag}`] } },
    },
    lenient: {
      ...sleeper,
      'x-holdfast': { hooks: { pre_start: { command: ['false'], ignore_failure: true } } },
    },
  })
  await home.start([file])
  await home.untilState('app/lenient', 'running')
  await home.untilUnit('app/web', (unit) => unit.state === 'exited' || unit.state === 'failed')
  assert.deepEqual(lines(home, 'app/web'), ['pre'])
  writeFileSync(flag, '')
  assert.equal((await home.cli('start', 'app/web')).code, 0)
  assert.deepEqual(await untilLines(home, 'app/web', 3), ['pre', 'pre', 'main'])
})

realTest('a hook that takes too long is ended, and a daemon that dies meanwhile finds it again', {}, async (home) => {
  const begun = join(home.directory, 'begun')
  const go = join(home.directory, 'go')
  const file = home.declare('app', {
    slow: {
      ...sleeper,
      restart: 'no',
      'x-holdfast': { hooks: { pre_start: { command: ['sleep', '86398'], timeout: '200ms' } } },
    },
    web: {
      command: ['sh', '-c', 'echo main; exec sleep 86400'],
      'x-holdfast': {
        hooks: { pre_start: ['sh', '-c', `echo pre; : > ${begun}; until test -e ${go}; do sleep 0.01; done`] },
      },
    },
  })
  const daemon = await home.start([file])
  await home.untilUnit('app/slow', (unit) => unit.state === 'exited' || unit.state === 'failed')
  assert.deepEqual(
    home.processes().filter(({ command }) => command.includes('86398')),
    [],
  )
  await until('the hook to begin', () => existsSync(begun))
  await daemon.crash()
  await home.start([file])
  writeFileSync(go, '')
  await home.untilState('app/web', 'running')
  assert.deepEqual(await untilLines(home, 'app/web', 2), ['pre', 'main'])
})

realTest('stdin from a file, and through a pipe that outlives the daemon', {}, async (home) => {
  const input = home.write('input', 'from a file\n')
  const file = home.declare('app', {
    file: { command: ['cat'], restart: 'no', 'x-holdfast': { stdin: { file: input } } },
    pipe: { command: ['sh', '-c', 'while read line; do echo "got $$line"; done; echo end'], stdin_open: true },
  })
  const daemon = await home.start([file])
  await home.untilLog('app/file', 'from a file')
  const { pid } = await home.untilState('app/pipe', 'running')
  await daemon.crash()
  await home.start([file])
  assert.equal((await home.untilState('app/pipe', 'running')).pid, pid)
  assert.ok(!home.log('app/pipe').includes('end'))
})

function lines(home: Home, unit: string): readonly string[] {
  return home.log(unit).toString('utf8').split('\n').slice(0, -1)
}

async function untilLines(home: Home, unit: string, count: number): Promise<readonly string[]> {
  return await until(`${count} lines of ${unit}`, () => {
    const all = lines(home, unit)
    return all.length >= count ? all : null
  })
}
