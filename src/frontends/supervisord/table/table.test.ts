import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { afterCrash, ask, asked, code, needs, play, shutdown } from '../../../core/fixture.ts'
import type { App, Event, Service } from '../../../core/model.ts'
import type { SupervisordSettings } from '../../../dialects/supervisord/settings.ts'
import type { ProcessEvent } from '../contract.ts'
import {
  bySignal,
  declared,
  exitOf,
  groupApp,
  plainPolicy,
  program,
  runningScene,
  type Scene,
  sceneOf,
  started,
  targetOf,
  wallAt,
} from './fixture.ts'

const remove: Event = targetOf()

function composeApp(name: string, ...services: readonly Service[]): App {
  return { ...groupApp(name, 1_000, ...services), dialect: 'compose' }
}

function stateOf(scene: Scene, name = 'web') {
  const view = scene.table.process('a', name)
  assert(view !== null)
  return view
}

describe('the life of a process', () => {
  it('a start is STARTING with its intent, spawned with its process, RUNNING after startsecs', () => {
    const scene = sceneOf()
    assert.deepEqual(scene.turn(0, declared(program('web'))), ['group a added', 'web STOPPED->STARTING tries:0'])
    assert.deepEqual(scene.turn(5, scene.play.spawned('web')), ['web spawned 101'])
    assert.deepEqual(scene.turn(900), [])
    assert.deepEqual(scene.turn(1_000), ['web STARTING->RUNNING pid:101'])
    const { startWallMs, stopWallMs, pid, startsecs } = stateOf(scene)
    assert.deepEqual([startWallMs, stopWallMs, pid, startsecs], [wallAt(0), null, 101, 1])
  })

  it('with startsecs=0 it is RUNNING at once', () => {
    const scene = sceneOf()
    scene.turn(0, declared(program('web', { restart: { ...plainPolicy, stableMs: 0 } })))
    assert.deepEqual(scene.turn(0, scene.play.spawned('web')), ['web spawned 101', 'web STARTING->RUNNING pid:101'])
  })

  it('an end that is not expected is followed by the next start in the same turn', () => {
    const scene = runningScene()
    assert.deepEqual(scene.turn(5_000, exitOf(scene, 3)), [
      'web RUNNING->EXITED expected:false pid:101 (exit status 3)',
      'web EXITED->STARTING tries:0',
    ])
    const [exited] = scene.events.filter((event) => event.kind === 'state' && event.process.state === 'EXITED')
    assert(exited?.kind === 'state')
    const { exitStatus, spawnError, stopWallMs, pid } = exited.process
    assert.deepEqual([exitStatus, spawnError, stopWallMs, pid], [3, 'Bad exit code 3', wallAt(5_000), 0])
    assert.deepEqual([stateOf(scene).spawnError, stateOf(scene).exitStatus], ['', 0], 'a new start knows nothing of it')
  })

  it('an expected end stays EXITED', () => {
    const scene = runningScene()
    assert.deepEqual(scene.turn(5_000, exitOf(scene, 0)), ['web RUNNING->EXITED expected:true pid:101 (exit status 0)'])
    const { state, exitStatus, spawnError } = stateOf(scene)
    assert.deepEqual([state, exitStatus, spawnError], ['EXITED', 0, ''])
  })

  it('a signal counts as exit status -1, and its core is told', () => {
    const scene = runningScene({ when: 'no' })
    const how = '(terminated by SIGSEGV (core dumped))'
    assert.deepEqual(scene.turn(5_000, exitOf(scene, bySignal('SEGV', true))), [
      `web RUNNING->EXITED expected:false pid:101 ${how}`,
    ])
    assert.deepEqual([stateOf(scene).exitStatus, stateOf(scene).spawnError], [-1, 'Bad exit code -1'])
  })

  it('a run that was over before its startsecs were noticed was RUNNING in between', () => {
    const scene = started()
    assert.deepEqual(scene.turn(1_200, exitOf(scene, 0)), [
      'web STARTING->RUNNING pid:101',
      'web RUNNING->EXITED expected:true pid:101 (exit status 0)',
    ])
  })

  it('a process that was spawned and has ended in one turn is told with its pid', () => {
    const scene = sceneOf()
    scene.turn(0, declared(program('web')))
    assert.deepEqual(scene.turn(10, scene.play.spawned('web'), exitOf(scene, 0)), [
      'web spawned 101',
      'web STARTING->BACKOFF tries:1 pid:101 (exit status 0)',
    ])
  })
})

describe('starts that fail', () => {
  it('early ends are BACKOFF with one more try each, and FATAL after the last one', () => {
    const scene = started({ budget: { restartsMax: 1, windowMs: null } })
    assert.deepEqual(scene.turn(300, exitOf(scene, 1)), ['web STARTING->BACKOFF tries:1 pid:101 (exit status 1)'])
    assert.deepEqual(
      [stateOf(scene).spawnError, stateOf(scene).exitStatus, stateOf(scene).stopWallMs],
      ['Exited too quickly (process log may have details)', 0, wallAt(300)],
    )
    assert.deepEqual(scene.turn(1_300), ['web BACKOFF->STARTING tries:1'])
    scene.turn(1_300, scene.play.spawned('web'))
    assert.deepEqual(scene.turn(1_600, exitOf(scene, 1)), [
      'web STARTING->BACKOFF tries:2 pid:102 (exit status 1)',
      'web BACKOFF->FATAL',
    ])
    const { tries, spawnError, pid } = stateOf(scene)
    assert.deepEqual([tries, spawnError, pid], [0, 'Exited too quickly (process log may have details)', 0])
  })

  it('a failed spawn is BACKOFF in the words of supervisord, and nothing has ended', () => {
    const scene = sceneOf()
    scene.turn(0, declared(program('web')))
    assert.deepEqual(scene.turn(10, scene.play.spawnFailed('web')), ['web STARTING->BACKOFF tries:1'])
    assert.deepEqual([stateOf(scene).spawnError, stateOf(scene).stopWallMs], ["can't find command 'web'", null])
  })

  it('the last failed spawn says why as well', () => {
    const budget = { restartsMax: 0, windowMs: null }
    const scene = sceneOf()
    scene.turn(0, declared(program('web', { restart: { ...plainPolicy, budget } })))
    assert.deepEqual(scene.turn(2_000, scene.play.spawnFailed('web')), [
      'web STARTING->BACKOFF tries:1',
      'web BACKOFF->FATAL',
    ])
    const errors = scene.events.flatMap((event) => (event.kind === 'state' ? [event.process.spawnError] : []))
    assert.deepEqual(errors, ['', "can't find command 'web'", "can't find command 'web'"])
  })

  it('one run that was asked for and ends early is EXITED, and never was RUNNING', () => {
    const scene = sceneOf()
    scene.turn(
      0,
      declared(program('web', { autostart: false, restart: { ...plainPolicy, when: 'no', early: 'by-policy' } })),
    )
    scene.turn(0, ask('run', 'web'))
    scene.turn(0, scene.play.spawned('web'))
    assert.deepEqual(scene.turn(300, exitOf(scene, 1)), ['web STARTING->EXITED expected:false pid:101 (exit status 1)'])
  })

  it('a start by hand leaves FATAL without passing another state', () => {
    const scene = started({ budget: { restartsMax: 0, windowMs: null } })
    scene.turn(300, exitOf(scene, 1))
    assert.deepEqual(scene.turn(400, ask('start', 'web')), ['web FATAL->STARTING tries:0'])
  })

  it('what waits for another one to be started stays what it was', () => {
    const scene = sceneOf()
    const budget = { restartsMax: 0, windowMs: null }
    const web = program('web', { restart: { ...plainPolicy, budget }, dependsOn: [needs('db')] })
    scene.turn(0, declared(program('db'), web))
    scene.turn(0, scene.play.spawned('db'))
    scene.turn(10, scene.play.spawned('web'))
    scene.turn(20, scene.play.exited('web', code(1)), ask('stop', 'db'))
    scene.turn(30, scene.play.exited('db', bySignal('TERM')))
    assert.deepEqual(scene.turn(40, ask('start', 'web')), [])
    assert.equal(stateOf(scene).state, 'FATAL')
    assert.deepEqual(scene.turn(50, ask('stop', 'web')), ['web FATAL->STOPPED expected:false'])
  })
})

describe('stops', () => {
  it('a stop is STOPPING with its signals, and STOPPED with how it ended', () => {
    const scene = runningScene()
    assert.deepEqual(scene.turn(5_000, ask('stop', 'web')), ['web RUNNING->STOPPING pid:101', 'web SIGTERM to 101'])
    assert.deepEqual(scene.turn(15_000), ['web SIGKILL to 101 again'])
    assert.deepEqual(scene.turn(16_000), [])
    assert.deepEqual(scene.turn(25_000), ['web SIGKILL to 101 again'], 'as long as it takes')
    assert.deepEqual(scene.turn(25_001, exitOf(scene, bySignal('KILL'))), [
      'web STOPPING->STOPPED expected:false pid:101 (terminated by SIGKILL)',
    ])
    const { state, exitStatus, pid, stopWallMs } = stateOf(scene)
    assert.deepEqual([state, exitStatus, pid, stopWallMs], ['STOPPED', -1, 0, wallAt(25_001)])
  })

  it('a stop with stopasgroup says that it goes to the group', () => {
    const stop = [{ signal: 'INT', scope: 'group', waitMs: 1_000 }] as const
    const scene = runningScene({}, { stop })
    assert.deepEqual(scene.turn(5_000, ask('stop', 'web')).at(-1), 'web SIGINT to the group of 101')
  })

  it('a stop in BACKOFF is STOPPED without a signal', () => {
    const scene = started()
    scene.turn(300, exitOf(scene, 1))
    assert.deepEqual(scene.turn(400, ask('stop', 'web')), ['web BACKOFF->STOPPED expected:false'])
  })

  it('what is asked to stop while its spawn is in flight is stopped once it lives', () => {
    const scene = sceneOf()
    scene.turn(0, declared(program('web')))
    assert.deepEqual(scene.turn(5, ask('stop', 'web')), [])
    assert.deepEqual(scene.turn(10, scene.play.spawned('web')), [
      'web spawned 101',
      'web STARTING->STOPPING pid:101',
      'web SIGTERM to 101',
    ])
  })

  it('what ends by itself in the turn that stops it counts as stopped', () => {
    const scene = runningScene()
    assert.deepEqual(scene.turn(5_000, ask('stop', 'web'), exitOf(scene, 0)), [
      'web RUNNING->STOPPING pid:101',
      'web STOPPING->STOPPED expected:true pid:101 (exit status 0)',
    ])
  })

  it('a restart is STOPPED before it is STARTING', () => {
    const scene = runningScene()
    scene.turn(5_000, ask('restart', 'web'))
    assert.deepEqual(scene.turn(5_100, exitOf(scene, bySignal('TERM'))), [
      'web STOPPING->STOPPED expected:false pid:101 (terminated by SIGTERM)',
      'web STOPPED->STARTING tries:0',
    ])
  })

  it('at the end of the daemon what has ended stays as it is, and what waits for its next try is FATAL', () => {
    const scene = sceneOf()
    scene.turn(0, declared(program('done'), program('web'), program('weak')))
    scene.turn(0, ...['done', 'web', 'weak'].map(scene.play.spawned))
    scene.turn(500, scene.play.exited('weak', code(1)))
    scene.turn(1_000, scene.play.exited('done', code(0)))
    assert.deepEqual(scene.turn(1_100, shutdown()), [
      'web RUNNING->STOPPING pid:102',
      'web SIGTERM to 102',
      'weak BACKOFF->FATAL',
    ])
    scene.turn(1_200, scene.play.exited('web', bySignal('TERM')))
    const states = scene.table.group('a')?.map(({ state }) => state)
    assert.deepEqual(states, ['EXITED', 'STOPPED', 'FATAL'])
  })
})

describe('what cannot be told', () => {
  it('a unit that is unresolved is UNKNOWN until it is found', () => {
    const scene = runningScene()
    const unresolved: Event = { kind: 'unresolved', unit: 'a/web/1', run: 1, message: 'several' }
    assert.deepEqual(scene.turn(5_000, unresolved), ['web RUNNING->UNKNOWN pid:101'])
    assert.deepEqual(scene.turn(6_000, scene.play.adopted('web')), ['web UNKNOWN->RUNNING pid:101'])
  })

  it('an end that nobody saw is EXITED, and not expected', () => {
    const scene = runningScene()
    assert.deepEqual(scene.turn(5_000, exitOf(scene, { kind: 'unknown' })), [
      'web RUNNING->EXITED expected:false pid:101 (unknown termination cause)',
    ])
  })
})

describe('after a death of the daemon', () => {
  it('the table starts from the state, and a run keeps the time of its start', () => {
    const before = runningScene()
    const scene = sceneOf(afterCrash(before.play, 9_000))
    scene.turn(9_000, scene.play.adopted('web'))
    const { state, startWallMs, pid } = stateOf(scene)
    assert.deepEqual([state, startWallMs, pid], ['RUNNING', wallAt(0), 101])
    assert.deepEqual(scene.turn(9_500, exitOf(scene, 1)), [
      'web RUNNING->EXITED expected:false pid:101 (exit status 1)',
      'web EXITED->STARTING tries:0',
    ])
  })

  it('what had ended is shown as it ended', () => {
    const before = runningScene({ when: 'no' })
    before.turn(5_000, exitOf(before, 4))
    const scene = sceneOf(afterCrash(before.play, 9_000))
    const { state, exitStatus, spawnError, stopWallMs } = stateOf(scene)
    assert.deepEqual([state, exitStatus, spawnError, stopWallMs], ['EXITED', 4, 'Bad exit code 4', wallAt(5_000)])
  })

  it('a run that ended while no daemon ran has its end told', () => {
    const before = started()
    const scene = sceneOf(afterCrash(before.play, 300))
    assert.deepEqual(scene.turn(300, exitOf(scene, 1)), ['web STARTING->BACKOFF tries:1 pid:101 (exit status 1)'])
  })
})

describe('groups', () => {
  it('apps are groups, by priority and name', () => {
    const scene = sceneOf()
    const told = scene.turn(0, targetOf(groupApp('b', 5), groupApp('late', 10), groupApp('a', 5)))
    assert.deepEqual(told, ['group a added', 'group b added', 'group late added'])
    assert.deepEqual(
      scene.table.groups().map(({ name }) => name),
      ['a', 'b', 'late'],
    )
    assert.deepEqual(scene.turn(1, targetOf(groupApp('b', 5))), ['group a removed', 'group late removed'])
  })

  it('processes are in the order of the settings, by their process names', () => {
    const processes = [
      { service: 'web', n: 2 },
      { service: 'web', n: 1 },
      { service: 'db', n: 1 },
    ]
    const settings = [{ groups: [{ name: 'a', processes }] }] as unknown as readonly SupervisordSettings[]
    let inForce: readonly SupervisordSettings[] = []
    const scene = sceneOf(play(), { settings: () => inForce })
    const instances = [
      { n: 1, processName: 'web_1' },
      { n: 2, processName: 'web_2' },
    ]
    scene.turn(0, declared(program('db'), program('web', { instances })))
    const names = () => scene.table.group('a')?.map(({ name }) => name)
    assert.deepEqual(names(), ['db', 'web_1', 'web_2'])
    inForce = settings
    assert.deepEqual(names(), ['web_2', 'web_1', 'db'], 'also where they are read later than the target')
    const shown = scene.table.groups()
    inForce = settings.map((one) => ({ ...one }))
    assert.equal(scene.table.groups(), shown, 'settings that say the same change nothing')
    assert.equal(scene.table.process('a', 'web_2')?.unit, 'a/web/2')
    assert.equal(scene.table.process('a', 'web'), null)
  })

  it('a group that nothing declares any more is removed when its last process is gone', () => {
    const scene = runningScene()
    assert.deepEqual(scene.turn(5_000, remove), ['web RUNNING->STOPPING pid:101', 'web SIGTERM to 101'])
    assert.equal(scene.table.group('a')?.length, 1)
    assert.deepEqual(scene.turn(5_100, exitOf(scene, bySignal('TERM'))), [
      'web STOPPING->STOPPED expected:false pid:101 (terminated by SIGTERM)',
      'group a removed',
    ])
    assert.deepEqual([scene.table.group('a'), scene.table.byUnit('a/web/1')], [null, null])
  })

  it('a group that comes back begins anew', () => {
    const scene = runningScene()
    scene.turn(5_000, ask('stop', 'web'))
    scene.turn(5_100, exitOf(scene, 0))
    assert.deepEqual(scene.turn(5_200, remove), ['group a removed'])
    assert.deepEqual(scene.turn(5_300, declared(program('web'))), ['group a added', 'web STOPPED->STARTING tries:0'])
    assert.equal(stateOf(scene).stopWallMs, null)
  })

  it('a process that leaves a group is there until it has stopped', () => {
    const scene = sceneOf()
    scene.turn(0, declared(program('db'), program('web')))
    scene.turn(0, scene.play.spawned('db'), scene.play.spawned('web'))
    scene.turn(2_000, declared(program('web')))
    const names = () => scene.table.group('a')?.map(({ name }) => name)
    assert.deepEqual(names(), ['web', 'db'])
    assert.deepEqual(scene.turn(2_100, scene.play.exited('db', code(0))), [
      'db STOPPING->STOPPED expected:true pid:101 (exit status 0)',
    ])
    assert.deepEqual(names(), ['web'])
  })
})

describe('apps of other dialects', () => {
  it('are groups with their units, and are not there for who asks for those of supervisord', () => {
    const scene = sceneOf()
    const ours: ProcessEvent[] = []
    scene.table.ours.subscribe((event) => ours.push(event))
    const told = scene.turn(0, targetOf(groupApp('a', 5), composeApp('shop', program('web'))))
    assert.deepEqual(told, ['group a added', 'group shop added', 'web STOPPED->STARTING tries:0'])
    const seen = [scene.table, scene.table.ours].map((table) => [
      table.groups().map(({ name }) => name),
      table.group('shop')?.length,
      table.process('shop', 'web')?.dialect,
      table.byUnit('shop/web/1')?.name,
    ])
    assert.deepEqual(seen, [
      [['a', 'shop'], 1, 'compose', 'web'],
      [['a'], undefined, undefined, undefined],
    ])
    scene.turn(1, targetOf())
    assert.deepEqual(
      ours.map((event) => (event.kind === 'group' ? `${event.group} ${event.change}` : event.process.unit)),
      ['a added', 'a removed'],
    )
  })

  it('units are called as their service, several with their number, and never as another one', () => {
    const scene = sceneOf()
    const instances = [{ n: 1 }, { n: 2 }, { n: 3, processName: 'third' }]
    const names = () => scene.table.group('shop')?.map(({ name }) => name)
    scene.turn(0, targetOf(composeApp('shop', program('web', { instances }), program('db'), program('web_1'))))
    assert.deepEqual(names(), ['web/1', 'web_2', 'third', 'db', 'web_1'])
    scene.turn(1, targetOf(composeApp('shop', program('web', { instances: [{ n: 1 }] }), program('db'))))
    assert.equal(scene.table.byUnit('shop/web/1')?.name, 'web', 'as many as there are now')
  })

  it('an app that goes over to another dialect stays a group, and comes and goes for who knows only one', () => {
    const scene = sceneOf()
    const ours: ProcessEvent[] = []
    scene.table.ours.subscribe((event) => ours.push(event))
    const web = program('web', { autostart: false })
    scene.turn(0, targetOf(groupApp('a', 999, web)))
    assert.deepEqual(scene.turn(1, targetOf({ ...composeApp('a', web), priority: 999 })), [])
    assert.deepEqual([scene.table.group('a')?.[0]?.dialect, scene.table.ours.group('a')], ['compose', null])
    assert.deepEqual(scene.turn(2, targetOf(groupApp('a', 999, web))), [])
    assert.deepEqual(
      ours.map((event) => event.kind === 'group' && event.change),
      ['added', 'removed', 'added'],
    )
  })

  it('what ran long enough has EXITED also where a hook came after it', () => {
    const postStop = { command: ['h'], timeoutMs: null, ignoreFailure: false }
    const scene = started({}, { hooks: { preStart: null, postStop } })
    scene.turn(1_000)
    assert.deepEqual(scene.turn(5_000, exitOf(scene, 3)), ['web RUNNING->STOPPING pid:101'])
    scene.turn(5_000, scene.play.spawned('web'))
    const told = scene.turn(5_100, exitOf(scene, 0))
    assert.match(told[0] ?? '', /^web STOPPING->EXITED expected:false .*\(exit status 3\)$/)
  })
})

describe('views', () => {
  it('what did not change stays the same object', () => {
    const scene = runningScene()
    const [groups, view] = [scene.table.groups(), scene.table.byUnit('a/web/1')]
    scene.turn(5_000, asked({ kind: 'signal', units: ['a/web/1'], signal: 'HUP', by: { kind: 'daemon' } }))
    assert.equal(scene.table.groups(), groups)
    assert.equal(scene.table.byUnit('a/web/1'), view)
    scene.turn(6_000, ask('stop', 'web'))
    assert.notEqual(scene.table.groups(), groups)
  })

  it('a declaration that changes shows without an event', () => {
    const scene = runningScene()
    const restart = { ...plainPolicy, stableMs: 7_000 }
    assert.deepEqual(scene.turn(5_000, declared(program('web', { restart }))), [])
    assert.deepEqual([stateOf(scene).startsecs, stateOf(scene).state], [7, 'RUNNING'])
  })

  it('logs are where the given function says, and merged errors have none', () => {
    const scene = runningScene()
    const { stdoutPath, stderrPath } = stateOf(scene)
    assert.deepEqual([stdoutPath, stderrPath], ['/logs/a/web/1.stdout', null])
  })
})
