import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { ask, code, shutdown } from '../../../core/fixture.ts'
import type { Mood } from '../contract.ts'
import { bySignal, declared, exitOf, program, runningScene, type Scene, sceneOf, started } from '../table/fixture.ts'
import { tellProcesses } from './tell-processes.ts'

// The lines are those of supervisord 4.2.5, written down from its log.

interface Log {
  /** What was written since the last time, but debug lines. */
  lines(): readonly string[]
  all(): readonly string[]
}

function logOf({ table }: Scene, mood: () => Mood = () => 'RUNNING'): Log {
  let lines: string[] = []
  tellProcesses({ table, log: { write: (level, message) => lines.push(`${level} ${message}`) }, mood })
  const all = (): readonly string[] => {
    const taken = lines
    lines = []
    return taken
  }
  return { all, lines: () => all().filter((line) => !line.startsWith('debug')) }
}

const early = { budget: { restartsMax: 0, windowMs: null } } as const

describe('lines of a process', () => {
  it('spawned, a success, and an end as expected', () => {
    const scene = sceneOf()
    const log = logOf(scene)
    scene.turn(0, declared(program('cat')))
    scene.turn(0, scene.play.spawned('cat'))
    scene.turn(1_000)
    scene.turn(2_000, scene.play.exited('cat', code(0)))
    assert.deepEqual(log.all(), [
      "info spawned: 'cat' with pid 101",
      'info success: cat entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)',
      'info exited: cat (exit status 0; expected)',
    ])
  })

  it('an end that is not expected is a warning', () => {
    const scene = runningScene({ when: 'no' })
    const log = logOf(scene)
    scene.turn(2_000, exitOf(scene, bySignal('SEGV', true)))
    assert.deepEqual(log.all(), ['warn exited: web (terminated by SIGSEGV (core dumped); not expected)'])
  })

  it('ends that come too early are never expected, and after the last one it gives up', () => {
    const scene = started(early)
    const log = logOf(scene)
    scene.turn(300, exitOf(scene, 0))
    assert.deepEqual(log.all(), [
      'warn exited: web (exit status 0; not expected)',
      'info gave up: web entered FATAL state, too many start retries too quickly',
    ])
  })

  it('a start without a process says why', () => {
    const scene = sceneOf()
    const log = logOf(scene)
    scene.turn(0, declared(program('web')))
    scene.turn(0, scene.play.spawnFailed('web'))
    assert.deepEqual(log.all(), ["info spawnerr: can't find command 'web'"])
  })

  it('a stop in BACKOFF is a debug line', () => {
    const scene = started()
    scene.turn(300, exitOf(scene, 1))
    const log = logOf(scene)
    scene.turn(400, ask('stop', 'web'))
    assert.deepEqual(log.all(), ['debug Attempted to kill web, which is in BACKOFF state.'])
  })
})

describe('lines of a stop', () => {
  it('it is told again and again that it takes its time, until it is killed', () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const stop = [
        { signal: 'TERM', scope: 'group', waitMs: 3_000 },
        { signal: 'KILL', scope: 'group', waitMs: 3_000 },
      ] as const
      const scene = runningScene({}, { stop })
      const log = logOf(scene)
      scene.turn(5_000, ask('stop', 'web'))
      assert.deepEqual(log.all(), [
        'debug killing web (pid 101) process group with signal SIGTERM',
        'info waiting for web to stop',
      ])
      mock.timers.tick(2_000)
      assert.deepEqual(log.all(), ['info waiting for web to stop'])
      scene.turn(8_000)
      scene.turn(8_001, exitOf(scene, bySignal('KILL')))
      mock.timers.tick(10_000)
      assert.deepEqual(log.all(), [
        "warn killing 'web' (101) with SIGKILL",
        'debug killing web (pid 101) process group with signal SIGKILL',
        'warn stopped: web (terminated by SIGKILL)',
      ])
    } finally {
      mock.timers.reset()
    }
  })

  it('an exit code that is expected makes it no warning', () => {
    const scene = runningScene()
    const log = logOf(scene)
    scene.turn(5_000, ask('stop', 'web'))
    scene.turn(5_100, exitOf(scene, 0))
    assert.deepEqual(log.lines(), ['info waiting for web to stop', 'info stopped: web (exit status 0)'])
  })

  it('at the end of the daemon all that is still there is told together', () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const scene = sceneOf()
      let mood: Mood = 'RUNNING'
      const log = logOf(scene, () => mood)
      scene.turn(0, declared(program('cat'), program('deaf', { priority: 1_000 }), program('weak')))
      scene.turn(0, ...['cat', 'deaf', 'weak'].map(scene.play.spawned))
      scene.turn(500, scene.play.exited('weak', code(1)))
      scene.turn(1_000)
      log.all()
      mood = 'SHUTDOWN'
      scene.turn(2_000, shutdown())
      assert.deepEqual(log.lines(), ['info waiting for cat, deaf, weak to die'])
      mock.timers.tick(3_000)
      assert.deepEqual(log.lines(), ['info waiting for cat, deaf to die'])
      scene.turn(6_000, scene.play.exited('deaf', bySignal('TERM')))
      scene.turn(6_001, scene.play.exited('cat', bySignal('TERM')))
      mock.timers.tick(10_000)
      assert.deepEqual(log.lines(), [
        'warn stopped: deaf (terminated by SIGTERM)',
        'warn stopped: cat (terminated by SIGTERM)',
      ])
    } finally {
      mock.timers.reset()
    }
  })
})
