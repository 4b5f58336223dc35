import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ann, at, idOf, needs, play, running, service, setTarget } from '../../core/fixture.ts'
import type { Check, CheckState, Job, JobRun, ProcessSpec, Run, State } from '../../core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../core/target/plain.ts'
import type { HistoryEntry, RunFacts } from '../../engine/ports.ts'
import type { UnitDetail } from '../../wire/api.ts'
import { detailsMax, statusList } from './details.ts'
import { patched } from './fixture.ts'

const facts: RunFacts = {
  pids: [101, 102],
  rssBytes: 1_000,
  rssPeakBytes: 2_000,
  processes: 3,
  cpuMs: 400,
  memoryBytes: 5_000,
  memoryPeakBytes: 6_000,
  processesPeak: 7,
  oomKills: 0,
}

function status(
  state: State,
  names: readonly string[],
  bootMs = 1_000,
  factsOf: (run: Run) => RunFacts | null = () => facts,
) {
  const snapshot = { state, now: at(bootMs), storeTrouble: null }
  return statusList(snapshot, names, {
    factsOf,
    logPathOf: ({ unit, stream }) => `/log/${unit}.${stream}`,
    processTree: (pids) => pids.map((pid, depth) => ({ ...processItem, pid, depth })),
    history: { read: ({ matches }) => history.filter((entry) => matches?.(entry) ?? true) },
  })
}

const processItem = { parentPid: 1, command: 'web', state: 'S', rssBytes: 1_000 }

const crash: HistoryEntry = {
  kind: 'transition',
  seq: 7,
  transition: {
    seq: 7,
    atWallMs: 1_000_000,
    unit: 'a/web/1',
    run: 4,
    from: 'up',
    to: 'backoff',
    why: 'exit code 1 after 3 s; restart at once',
    exit: { kind: 'code', code: 1 },
  },
}
const history: readonly HistoryEntry[] = [crash]

function detail(state: State, name: string, bootMs?: number): UnitDetail {
  return status(state, [name], bootMs).items[0]!
}

function processOf(change: Partial<ProcessSpec>): ProcessSpec {
  return { ...service('x').process, ...change }
}

const check: Check = {
  probe: {
    kind: 'http',
    url: 'http://127.0.0.1/health',
    headers: {},
    statusMin: 200,
    statusMax: 299,
    bodyPattern: null,
  },
  intervalMs: 10_000,
  timeoutMs: 3_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 1_000,
}

describe('the status of a unit', () => {
  it('tells its run, with the wall time of its start', () => {
    const { state } = running(500, service('web'))
    const { run, unit, explanation, lastEnd } = detail(state, 'web', 4_000)
    assert.deepEqual(run, {
      n: 1,
      attempt: 1,
      role: 'main',
      pid: 101,
      startedAt: '1970-01-01T00:16:40.500Z',
      isAdopted: false,
      isPaused: false,
      isStable: false,
      shortfalls: [],
    })
    assert.deepEqual([unit, explanation.isAtTarget, lastEnd], ['a/web/1', true, null])
  })

  it('tells a check with its last results, latest first, and when it is probed next', () => {
    const scene = running(0, service('web', { checks: { readiness: check, liveness: null } }))
    const readiness: CheckState = {
      status: 'unhealthy',
      failures: 3,
      dueBootMs: 6_000,
      inFlight: null,
      nextSeq: 9,
      results: [
        { atWallMs: 1_000_100, isOk: true, output: '', durationMs: 4 },
        { atWallMs: 1_000_200, isOk: false, output: 'status 503', durationMs: 5 },
      ],
    }
    const health = { readiness, liveness: null }
    const [told] = detail(patched(scene.state, 'a/web/1', { health }), 'web', 1_000).checks
    assert.equal(told?.nextProbeAt, '1970-01-01T00:16:46.000Z')
    assert.deepEqual(told?.results, [
      { at: '1970-01-01T00:16:40.200Z', isOk: false, output: 'status 503', durationMs: 5 },
      { at: '1970-01-01T00:16:40.100Z', isOk: true, output: '', durationMs: 4 },
    ])
    assert.deepEqual(
      [told?.name, told?.probe, told?.what, told?.status, told?.failures],
      ['readiness', 'http', 'http://127.0.0.1/health', 'unhealthy', 3],
    )
    const underWay = { ...readiness, inFlight: { seq: 8, dueBootMs: 9_000 } }
    const probing = patched(scene.state, 'a/web/1', { health: { readiness: underWay, liveness: null } })
    assert.equal(detail(probing, 'web').checks[0]?.nextProbeAt, null)
  })

  it('tells the checks of what does not run as not known', () => {
    const scene = play()
    scene.turn(0, setTarget(service('web', { autostart: false, checks: { readiness: null, liveness: check } })))
    const [told] = detail(scene.state, 'web').checks
    assert.deepEqual([told?.name, told?.status, told?.nextProbeAt, told?.results], ['liveness', null, null, []])
  })

  it('tells what is used beside what it is limited to', () => {
    const limits = {
      ...noProcessLimits,
      nice: 5,
      ulimits: { nofile: { soft: 1_024, hard: null } },
      cgroup: { ...noCgroupLimits, memoryMaxBytes: 512 * 1024 * 1024, cpus: 0.5, pidsMax: 64 },
    }
    const { pids: _pids, ...used } = facts
    const { usage, limits: told } = detail(running(0, service('web', { process: processOf({ limits }) })).state, 'web')
    assert.deepEqual(usage, { ...used, memoryMaxBytes: 536_870_912, processesMax: 64, cpusMax: 0.5 })
    assert.deepEqual(
      told.map(({ name, value }) => `${name}: ${value}`),
      ['memory: 512 MiB', 'cpus: 0.5', 'processes: 64', 'nofile: 1024, hard unlimited', 'nice: 5'],
    )
    const gone = status(running(0, service('web')).state, ['web'], 1, () => null)
    assert.equal(gone.items[0]?.usage, null)
  })

  it('tells dependencies both ways, and whether each holds', () => {
    const { state } = running(
      0,
      service('db'),
      service('migrate', { autostart: false }),
      service('web', { dependsOn: [needs('db'), needs('migrate', 'completed')] }),
    )
    const of = ({ service, condition, isMet }: UnitDetail['dependsOn'][number]) => [service, condition, isMet]
    const web = detail(state, 'web')
    assert.deepEqual(web.dependsOn.map(of), [
      ['a/db', 'started', true],
      ['a/migrate', 'completed', false],
    ])
    assert.equal(web.dependsOn[1]?.why, 'a/migrate/1 to complete; it is not started by itself')
    assert.deepEqual(detail(state, 'db').neededBy.map(of), [['a/web', 'started', true]])
  })

  it('tells a schedule and the runs of a job, latest first', () => {
    const scene = play()
    const schedule = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', overlap: 'queue', missed: 'run-once' } as const
    scene.turn(0, setTarget(service('backup', { schedule, autostart: false })))
    const ran: JobRun = {
      run: 4,
      by: ann,
      dueWallMs: null,
      startedWallMs: 1_000,
      endedWallMs: 3_500,
      outcome: 'unexpected',
      exit: { kind: 'code', code: 2 },
      message: 'exit code 2 after 2.5 s',
    }
    const skipped: JobRun = {
      ...ran,
      run: null,
      by: { kind: 'schedule' },
      dueWallMs: 4_000,
      startedWallMs: 4_000,
      endedWallMs: 4_000,
      outcome: 'skipped',
      exit: null,
      message: 'the run before had not ended',
    }
    const job: Job = {
      ...(scene.unit('backup').job as Job),
      due: 'known',
      dueWallMs: 7_200_000,
      isQueued: true,
      history: [ran, skipped],
    }
    const told = detail(patched(scene.state, 'a/backup/1', { job }), 'backup')
    assert.deepEqual(told.schedule, { ...schedule, nextRunAt: '1970-01-01T02:00:00.000Z', isQueued: true })
    assert.deepEqual(
      told.history.map(({ run, by, outcome, durationMs, exit }) => [run, by, outcome, durationMs, exit]),
      [
        [null, 'its schedule', 'skipped', 0, null],
        [4, 'ann (uid 1000)', 'unexpected', 2_500, { code: 2, signal: null }],
      ],
    )
  })

  it('tells its processes, and how its last runs ended', () => {
    const { processes, lastEnds } = detail(running(0, service('web')).state, 'web')
    assert.deepEqual(
      processes.map(({ pid, depth }) => [pid, depth]),
      [
        [101, 0],
        [102, 1],
      ],
    )
    assert.deepEqual(lastEnds, [
      {
        kind: 'unexpected',
        run: 4,
        exit: { code: 1, signal: null },
        message: 'exit code 1 after 3 s; restart at once',
        at: '1970-01-01T00:16:40.000Z',
      },
    ])
  })

  it('tells where its output goes, one place where both streams go there', () => {
    const { state } = running(
      0,
      service('web'),
      service('apart', { process: processOf({ stderr: service('x').process.stdout }) }),
    )
    const paths = (name: string) => detail(state, name).logs.map(({ path }) => path)
    assert.deepEqual(paths('web'), ['/log/a/web/1.stdout', '/log/a/web/1.stdout'])
    assert.deepEqual(paths('apart'), ['/log/a/apart/1.stdout', '/log/a/apart/1.stderr'])
  })
})

describe('a status is refused', () => {
  it('of nothing in particular', () => {
    assert.throws(() => status(running(0, service('web')).state, []), {
      code: 'bad-request',
      hint: 'all units: /v1/units',
    })
  })

  it('of more units than can be looked at without holding up the daemon', () => {
    const instances = Array.from({ length: detailsMax + 1 }, (_, at) => ({ n: at + 1 }))
    const scene = play()
    scene.turn(0, setTarget(service('many', { autostart: false, instances })))
    assert.throws(() => status(scene.state, ['many']), { code: 'bad-request', message: /^101 units are named/ })
    assert.equal(status(scene.state, [idOf('many/7')]).items.length, 1)
  })
})
