import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, policy, running, service } from '../../core/fixture.ts'
import type { JobRun, State } from '../../core/model.ts'
import type { RunFacts } from '../../engine/ports.ts'
import { engineOf, patched } from './fixture.ts'
import { metrics } from './metrics.ts'
import { printFamily, printLabels } from './open-metrics.ts'

const identity = { version: '1.2.3', startedAt: '1970-01-01T00:16:40.000Z' }

const facts: RunFacts = {
  pids: [101],
  rssBytes: 4096,
  rssPeakBytes: null,
  processes: 2,
  cpuMs: 1_500,
  memoryBytes: null,
  memoryPeakBytes: null,
  processesPeak: null,
  oomKills: null,
}

test('a document says of each unit how it is, with its labels', async () => {
  const scene = running(0, service('web'), service('db', { restart: { ...policy, when: 'no' } }))
  scene.turn(100, scene.exited('db', code(3)))
  const lines = await linesOf(scene.state, new Map([['a/web/1', facts]]))
  const web = 'app="a",service="web",unit="a/web/1"'
  const db = 'app="a",service="db",unit="a/db/1"'
  for (const expected of [
    'holdfast_info{version="1.2.3"} 1',
    'holdfast_start_time_seconds 1000',
    'holdfast_mode{holdfast_mode="running"} 1',
    'holdfast_mode{holdfast_mode="held"} 0',
    'holdfast_store_trouble 0',
    `holdfast_unit_state{${web},holdfast_unit_state="running"} 1`,
    `holdfast_unit_state{${web},holdfast_unit_state="failed"} 0`,
    `holdfast_unit_state{${db},holdfast_unit_state="exited"} 1`,
    `holdfast_unit_up{${web}} 1`,
    `holdfast_unit_up{${db}} 0`,
    `holdfast_unit_restarts_total{${web}} 0`,
    `holdfast_unit_start_time_seconds{${web}} 1000`,
    `holdfast_unit_cpu_seconds_total{${web}} 1.5`,
    `holdfast_unit_resident_memory_bytes{${web}} 4096`,
    `holdfast_unit_processes{${web}} 2`,
    `holdfast_unit_last_exit_code{${db}} 3`,
  ]) {
    assert.ok(lines.includes(expected), `${expected}\nis not in\n${lines.join('\n')}`)
  }
  assert.equal(lines.filter((line) => line.startsWith('holdfast_unit_last_exit_code{')).length, 1)
  assert.equal(
    lines.some((line) => line.startsWith('holdfast_unit_healthy')),
    false,
  )
})

test('an end by a signal is told as shells do', async () => {
  const scene = running(0, service('web', { restart: { ...policy, when: 'no' } }))
  scene.turn(100, scene.exited('web', { kind: 'signal', signal: 'KILL', core: false }))
  assert.ok(
    (await linesOf(scene.state)).includes('holdfast_unit_last_exit_code{app="a",service="web",unit="a/web/1"} 137'),
  )
})

test('a job tells of its last success and its last run', async () => {
  const scene = running(0, service('backup'))
  const ended: JobRun = {
    ...{ run: 4, by: { kind: 'schedule' }, dueWallMs: null, exit: code(0), message: '' },
    ...{ startedWallMs: 1_000, endedWallMs: 3_500, outcome: 'expected' },
  }
  const failed: JobRun = { ...ended, run: 5, startedWallMs: 10_000, endedWallMs: 10_250, outcome: 'unexpected' }
  const skipped: JobRun = { ...ended, run: null, startedWallMs: 20_000, endedWallMs: 20_000, outcome: 'skipped' }
  const job = { scheduleHash: 'x', dueWallMs: 60_000, due: 'known', doneWallMs: 0, trustedWallMs: 0 } as const
  const state = patched(scene.state, 'a/backup/1', {
    job: { ...job, isQueued: false, asked: null, done: null, history: [ended, failed, skipped] },
  })
  const labels = '{app="a",service="backup",unit="a/backup/1"}'
  const lines = await linesOf(state)
  assert.ok(lines.includes(`holdfast_job_last_success_time_seconds${labels} 3.5`))
  assert.ok(lines.includes(`holdfast_job_last_duration_seconds${labels} 0.25`))
  assert.ok(lines.includes(`holdfast_job_next_run_time_seconds${labels} 60`))
})

test('each family comes once, in one piece, described before its samples, and the document ends', async () => {
  const lines = await linesOf(running(0, service('web'), service('db')).state, new Map([['a/web/1', facts]]))
  assert.deepEqual(lines.slice(-2), ['# EOF', ''])
  const seen = new Set<string>()
  let family = ''
  for (const line of lines.slice(0, -2)) {
    const [, name = ''] = /^# TYPE (\S+) (?:gauge|counter|info|stateset)$/.exec(line) ?? []
    if (name !== '') {
      assert.ok(!seen.has(name), name)
      seen.add(name)
      family = name
    } else if (line.startsWith('#')) assert.match(line, new RegExp(`^# (UNIT|HELP) ${family} \\S`))
    else assert.match(line, new RegExp(`^${family}(_total|_info)?(\\{[^}]*\\})? -?[0-9.e+-]+$`))
  }
  for (const name of seen) {
    if (lines.includes(`# UNIT ${name} seconds`)) assert.match(name, /_seconds$/)
  }
})

test('values of labels and help texts are escaped', async () => {
  const samples = [{ labels: printLabels({ l: 'a"b\\c\nd' }), value: 1 }]
  assert.equal(
    printFamily({ name: 'x', type: 'gauge', help: 'a\nb \\ "c"', samples }),
    '# TYPE x gauge\n# HELP x a\\nb \\\\ \\"c\\"\nx{l="a\\"b\\\\c\\nd"} 1\n',
  )
  assert.equal(printFamily({ name: 'empty', type: 'gauge', help: 'left out', samples: [] }), '')
})

async function linesOf(state: State, found: ReadonlyMap<string, RunFacts> = new Map()): Promise<readonly string[]> {
  const engine = engineOf(running(0, service('any')))
  const answer = await metrics({ snapshot: { ...engine.snapshot(), state }, facts: found, identity })
  assert.ok(answer.kind === 'text' && typeof answer.text === 'string')
  assert.equal(answer.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  return answer.text.split('\n')
}
