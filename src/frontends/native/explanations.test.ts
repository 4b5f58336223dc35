import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, play, running, service, setTarget } from '../../core/fixture.ts'
import type { CheckState, Job, State } from '../../core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../core/target/plain.ts'
import type { RunFacts } from '../../engine/ports.ts'
import { explanationList } from './explanations.ts'
import { patched } from './fixture.ts'

/** The facts with these names, as `name: value`. */
function facts(state: State, name: string, names: readonly string[], live: Partial<RunFacts> = {}): readonly string[] {
  const all: RunFacts = {
    pids: [101],
    rssBytes: 0,
    rssPeakBytes: null,
    processes: 1,
    cpuMs: null,
    memoryBytes: null,
    memoryPeakBytes: null,
    processesPeak: null,
    oomKills: null,
    ...live,
  }
  const list = explanationList({ state, now: at(10_000), storeTrouble: null }, [`a/${name}/1`], () => all)
  return list.items[0]!.facts.filter((fact) => names.includes(fact.name)).map((fact) => `${fact.name}: ${fact.value}`)
}

describe('the facts of an explanation', () => {
  it('tell a failing check with what its last probe said', () => {
    const { state } = running(0, service('web'))
    const known: CheckState = { status: 'healthy', failures: 0, dueBootMs: 5, inFlight: null, nextSeq: 2, results: [] }
    const results = [{ atWallMs: 1, isOk: false, output: 'connection refused', durationMs: 1 }]
    const health = { readiness: { ...known, status: 'unhealthy', failures: 3, results } as const, liveness: known }
    assert.deepEqual(facts(patched(state, 'a/web/1', { health }), 'web', ['readiness', 'liveness']), [
      'readiness: unhealthy, 3 failures in a row: connection refused',
      'liveness: healthy, not probed yet',
    ])
  })

  it('tell a hook that is under way, and how long it may take', () => {
    const preStart = { command: ['./migrate', '--all now'], timeoutMs: 60_000, ignoreFailure: false }
    const scene = play()
    scene.turn(4_000, setTarget(service('web', { hooks: { preStart, postStop: null } })))
    scene.turn(4_001, scene.spawned('web'))
    assert.deepEqual(facts(scene.state, 'web', ['pre_start hook']), [
      "pre_start hook: for 6 s of at most 1 min: ./migrate '--all now'",
    ])
  })

  it('tell limits that are not enforced, and kills for lack of memory', () => {
    const cgroup = { ...noCgroupLimits, memoryMaxBytes: 64 * 1024 * 1024 }
    const process = { ...service('web').process, limits: { ...noProcessLimits, cgroup } }
    const { state, unit } = running(0, service('web', { process }))
    const run = { ...unit('web').run!, shortfalls: ['cpus: the cpu controller is not delegated'] }
    const told = facts(patched(state, 'a/web/1', { run }), 'web', ['not enforced', 'out of memory'], { oomKills: 2 })
    assert.deepEqual(told, [
      'not enforced: cpus: the cpu controller is not delegated',
      'out of memory: 2 times a process of it was killed; its limit is 64 MiB',
    ])
  })

  it('tell the next run of a schedule, and the last ones', () => {
    const scene = play()
    const schedule = { cron: '@hourly', timeZone: null, overlap: 'queue', missed: 'skip' } as const
    scene.turn(0, setTarget(service('backup', { schedule, autostart: false })))
    const entry = { run: 1, by: { kind: 'schedule' }, dueWallMs: 0, startedWallMs: 0, message: '' } as const
    const job: Job = {
      ...(scene.unit('backup').job as Job),
      due: 'known',
      dueWallMs: at(10_000).wallMs + 7_200_000,
      isQueued: true,
      history: [
        { ...entry, endedWallMs: 900, outcome: 'expected', exit: { kind: 'code', code: 0 } },
        { ...entry, run: null, endedWallMs: 0, outcome: 'missed', exit: null, message: 'was due 2 h ago' },
      ],
    }
    const told = facts(patched(scene.state, 'a/backup/1', { job }), 'backup', ['schedule', 'last runs', ''])
    assert.deepEqual(told, [
      'schedule: @hourly; next at 1970-01-01T02:16:50.000Z, in 2 h; one more run follows the present one',
      'last runs: 1970-01-01T00:00:00.000Z: missed (was due 2 h ago), by its schedule',
      ': 1970-01-01T00:00:00.000Z: expected (exit code 0) after 900 ms, by its schedule',
    ])
  })
})
