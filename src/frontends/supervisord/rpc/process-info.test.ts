import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessTable, ProcessView, RpcMethods } from '../contract.ts'
import { groupApp } from '../table/fixture.ts'
import { describe } from './describe.ts'
import { alone, off, quick, rpcOf, sceneOf } from './fixture.ts'
import { processInfoMethods } from './process-info.ts'

const view: ProcessView = {
  ...{
    unit: 'g/web/1',
    group: 'g',
    dialect: 'supervisord',
    name: 'web',
    state: 'RUNNING',
    startWallMs: 1_000_500,
    stopWallMs: null,
  },
  ...{ spawnError: '', exitStatus: 0, pid: 42, tries: 0, startsecs: 1, stdoutPath: '/logs/web', stderrPath: null },
}

test('all that is told of a process, in the order of supervisord', async () => {
  const scene = sceneOf(alone(quick('web')))
  const started = scene.rpc('supervisor.startProcess', 'web')
  scene.spawned(2_000, 'web/web/1')
  await started
  scene.engine.turn(65_000)
  const info = (await scene.rpc('supervisor.getProcessInfo', 'web')) as Record<string, unknown>
  assert.deepEqual(Object.entries(info), [
    ...[
      ['name', 'web'],
      ['group', 'web'],
      ['start', 1_000],
      ['stop', 0],
      ['now', 1_065],
      ['state', 20],
    ],
    ...[
      ['statename', 'RUNNING'],
      ['spawnerr', ''],
      ['exitstatus', 0],
      ['logfile', '/logs/web/web/1.stdout'],
    ],
    ...[
      ['stdout_logfile', '/logs/web/web/1.stdout'],
      ['stderr_logfile', ''],
      ['pid', 101],
    ],
    ['description', 'pid 101, uptime 0:01:05'],
  ])
  assert.equal(await scene.rpc('supervisor.getProcessInfo', 'web:*'), '10 BAD_NAME: web:*')
  assert.equal(await scene.rpc('supervisor.getProcessInfo', 'nobody'), '10 BAD_NAME: nobody')
  assert.equal(await scene.rpc('supervisor.getProcessInfo', 5), '2 INCORRECT_PARAMETERS')
})

test('all processes stand by group and name, whatever their priority', async () => {
  const scene = sceneOf([
    groupApp('b', 1, off('z', { priority: 1 }), off('y', { priority: 2 })),
    groupApp('a', 9, off('x')),
  ])
  const all = (await scene.rpc('supervisor.getAllProcessInfo')) as readonly { group: string; name: string }[]
  assert.deepEqual(
    all.map(({ group, name }) => `${group}:${name}`),
    ['a:x', 'b:y', 'b:z'],
  )
})

test('an answer is made anew when the second is another one, or when a process is', async () => {
  let present = view
  let nowWallMs = 1_002_000
  const table = { groups: () => [{ name: 'g', processes: [present] }] } as unknown as ProcessTable
  const { call } = processInfoMethods({ table, nowWallMs: () => nowWallMs }).getAllProcessInfo!
  const asked = { who: { kind: 'daemon' }, signal: new AbortController().signal } as const
  const methods: RpcMethods = { call: async () => call([], asked) }
  const told = async () => {
    const [info] = (await rpcOf(methods)('all')) as readonly { readonly description: string }[]
    return info?.description
  }
  const first = call([], asked)
  assert.equal(call([], asked), first, 'nothing happened: the same value')
  nowWallMs = 1_003_000
  assert.equal(await told(), 'pid 42, uptime 0:00:03')
  present = { ...view, pid: 43 }
  assert.equal(await told(), 'pid 43, uptime 0:00:03')
})

test('an uptime counts days, and never back', () => {
  const up = (seconds: number) => describe(view, { start: 1_000, stop: 0, now: 1_000 + seconds })
  assert.equal(up(0), 'pid 42, uptime 0:00:00')
  assert.equal(up(36_061), 'pid 42, uptime 10:01:01')
  assert.equal(up(86_400), 'pid 42, uptime 1 day, 0:00:00')
  assert.equal(up(12 * 86_400 + 3_661), 'pid 42, uptime 12 days, 1:01:01')
  assert.equal(up(-5), 'pid 42, uptime 0:00:00')
})

test('what does not run tells why, or since when by the local clock', () => {
  const at = (year: number, month: number, day: number, hour: number, minute: number) =>
    new Date(year, month, day, hour, minute).getTime() / 1000
  const told = (state: ProcessView['state'], stop = 0, more: Partial<ProcessView> = {}, start = 5) =>
    describe({ ...view, state, ...more }, { start, stop, now: 0 })
  assert.equal(told('STOPPED', at(2026, 10, 22, 0, 4)), 'Nov 22 12:04 AM')
  assert.equal(told('EXITED', at(2026, 0, 2, 12, 30)), 'Jan 02 12:30 PM')
  assert.equal(told('EXITED', at(2026, 0, 2, 23, 59)), 'Jan 02 11:59 PM')
  assert.equal(told('STOPPED', 0, {}, 0), 'Not started')
  assert.equal(told('BACKOFF', 0, { spawnError: 'Exited too quickly' }), 'Exited too quickly')
  assert.equal(told('FATAL'), 'unknown error (try "tail web")')
  assert.deepEqual([told('STARTING'), told('STOPPING'), told('UNKNOWN')], ['', '', ''])
})

test('a time that an integer of XML-RPC cannot hold is the last one that it can', async () => {
  const table = { process: () => ({ ...view, startWallMs: 5e12 }) } as unknown as ProcessTable
  const { call } = processInfoMethods({ table, nowWallMs: () => 5e12 }).getProcessInfo!
  const methods: RpcMethods = { call: async (_name, params, asked) => call(params, asked) }
  const { start, now } = (await rpcOf(methods)('one', 'web')) as Record<string, unknown>
  assert.deepEqual([start, now], [2 ** 31 - 1, 2 ** 31 - 1])
})
