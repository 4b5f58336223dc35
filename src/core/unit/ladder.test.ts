import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from '../explain.ts'
import {
  afterCrash,
  ask,
  at,
  code,
  directory,
  idOf,
  logged,
  needs,
  type Play,
  play,
  running,
  service,
  setTarget,
  shutdown,
  withLogger,
} from '../fixture.ts'
import type { Hook, Service, StopRung } from '../model.ts'
import { plan } from '../plan.ts'

const undeclared = 'no longer declared'
const byAnn = 'stopped by ann (uid 1000)'
const finish: Hook = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true }
const other = service('other')
const killed = { kind: 'signal', signal: 'KILL', core: false } as const

/** A ladder of its own to end for good. */
const parting: readonly StopRung[] = [
  { signal: 'USR1', scope: 'main', waitMs: 100 },
  { signal: 'KILL', scope: 'tree', waitMs: 100 },
]

function retiring(settings: Partial<Service> = {}): Service {
  return service('web', { retire: parting, ...settings })
}

describe('the ladder for good', () => {
  it('is climbed when the unit is no longer declared, and not by a stop or a replacement', () => {
    const stopped = running(0, retiring())
    assert.deepEqual(stopped.turn(1, ask('stop', 'web')), [`TERM web: ${byAnn}`])
    const replaced = running(0, retiring())
    const changed = { ...retiring().process, command: ['new'] }
    assert.deepEqual(replaced.turn(1, setTarget(retiring({ process: changed }))), [
      'TERM web: its configuration changed',
    ])
    const gone = running(0, retiring())
    assert.deepEqual(gone.turn(1, setTarget()), [`USR1 web: ${undeclared}`])
    assert.deepEqual(gone.unit('web').stop, { rung: 1, dueBootMs: 101, why: undeclared, isForGood: true })
    assert.deepEqual(gone.turn(100), [])
    assert.deepEqual(gone.turn(101), [`KILL web: ${undeclared}`])
    assert.deepEqual(gone.turn(201), [`KILL web: ${undeclared}`])
    assert.deepEqual(gone.turn(202, gone.exited('web', killed)), [`forget web: ${undeclared}`])
  })

  it('is climbed when the daemon ends', () => {
    const scene = running(0, retiring())
    assert.deepEqual(scene.turn(1, shutdown()), ['USR1 web: SIGTERM'])
    assert.deepEqual(scene.turn(101), ['KILL web: SIGTERM'])
  })

  it('is begun at its first rung by what is being stopped already, whichever way it is ended', () => {
    for (const [end, why] of [
      [setTarget(), undeclared],
      [shutdown(), 'SIGTERM'],
    ] as const) {
      const scene = running(0, retiring())
      scene.turn(1, ask('stop', 'web'))
      assert.deepEqual(scene.turn(2, end), [`USR1 web: ${why}`])
      assert.deepEqual(scene.unit('web').stop, { rung: 1, dueBootMs: 102, why, isForGood: true })
      assert.equal(scene.unit('web').reason, `${why}: still there, SIGUSR1 sent`)
      assert.deepEqual(scene.turn(3), [])
      assert.deepEqual(scene.turn(102), [`KILL web: ${why}`])
    }
  })

  it('goes on where it is when the daemon ends meanwhile', () => {
    const scene = running(0, retiring())
    scene.turn(1, setTarget())
    assert.deepEqual(scene.turn(2, shutdown()), [])
    assert.deepEqual(scene.turn(101), [`KILL web: ${undeclared}`])
  })

  it('goes on when the unit is declared again meanwhile, which is started after it', () => {
    const scene = running(0, retiring())
    scene.turn(1, setTarget())
    assert.deepEqual(scene.turn(2, setTarget(retiring())), [])
    assert.deepEqual(scene.turn(101), [`KILL web: ${undeclared}`])
    assert.match(scene.turn(102, scene.exited('web', killed)).join(), /^spawn web: /)
  })

  it('says what it is: a step of it is marked, and its rungs reach whom they say', () => {
    const scene = running(0, retiring())
    scene.turn(1, setTarget())
    assert.deepEqual(plan(scene.state, at(101)), [
      {
        ...{ kind: 'signal', unit: idOf('web'), run: 1, signal: 'KILL', scope: 'tree' },
        ...{ isForGood: true, purpose: 'ladder', why: undeclared },
      },
    ])
  })

  it('is that of the stop where there is none of its own', () => {
    const scene = running(0, directory('web'))
    assert.deepEqual(scene.turn(1, ask('stop', 'web')), [`TERM web: ${byAnn}`, `CONT web: ${byAnn}`])
    assert.deepEqual(scene.unit('web').stop?.isForGood, false)
    assert.deepEqual(scene.turn(1), [])
    assert.deepEqual(scene.turn(2, shutdown()), [])
    assert.deepEqual(scene.turn(99_999), [])
  })

  it('is sent as far as nothing waits, in its order and in one turn, and says all of it', () => {
    const rungs: readonly StopRung[] = [
      { signal: 'TERM', scope: 'main', waitMs: 0 },
      { signal: 'CONT', scope: 'main', waitMs: 0 },
      { signal: '0', script: ['control/d'], scope: 'main', waitMs: 0 },
    ]
    const after = running(0, service('web', { stop: rungs }))
    assert.deepEqual(after.turn(1, ask('stop', 'web')), [`TERM web: ${byAnn}`, `CONT web: ${byAnn}`, `0 web: ${byAnn}`])
    assert.deepEqual(after.unit('web').stop, { rung: 3, dueBootMs: null, why: byAnn, isForGood: false })
    assert.equal(after.unit('web').reason, `${byAnn}: SIGTERM sent, SIGCONT sent, word to its control script sent`)
    assert.deepEqual(after.turn(99_999), [])
  })

  it('is sent together up to the rung that waits, and the next ones together after that', () => {
    const rung = (signal: string, waitMs: number): StopRung => ({ signal, scope: 'main', waitMs })
    const stop = [rung('TERM', 0), rung('CONT', 100), rung('INT', 0), rung('KILL', 50)]
    const scene = running(0, service('web', { stop }))
    assert.deepEqual(scene.turn(1, ask('stop', 'web')), [`TERM web: ${byAnn}`, `CONT web: ${byAnn}`])
    assert.deepEqual(scene.unit('web').stop, { rung: 2, dueBootMs: 101, why: byAnn, isForGood: false })
    assert.equal(scene.unit('web').reason, `${byAnn}: SIGTERM sent, SIGCONT sent`)
    assert.deepEqual(scene.turn(100), [])
    assert.deepEqual(scene.turn(101), [`INT web: ${byAnn}`, `KILL web: ${byAnn}`])
    assert.equal(scene.unit('web').reason, `${byAnn}: still there, SIGINT sent, SIGKILL sent`)
    assert.deepEqual(scene.turn(150), [])
    assert.deepEqual(scene.turn(151), [`KILL web: ${byAnn}`])
    assert.equal(scene.unit('web').reason, `${byAnn}: still there, SIGKILL sent`)
  })

  it('is sent together from its first rung when it takes the place of the other, and after a crash', () => {
    const together: readonly StopRung[] = [
      { signal: 'USR1', scope: 'main', waitMs: 0 },
      { signal: 'USR2', scope: 'main', waitMs: 0 },
    ]
    const scene = running(0, retiring({ retire: together }))
    scene.turn(1, ask('stop', 'web'))
    assert.deepEqual(scene.turn(2, setTarget()), [`USR1 web: ${undeclared}`, `USR2 web: ${undeclared}`])
    assert.equal(scene.unit('web').reason, `${undeclared}: still there, SIGUSR1 sent, SIGUSR2 sent`)
    const next = afterCrash(scene, 3)
    assert.deepEqual(next.turn(3, next.adopted('web')), [`USR1 web: ${undeclared}`, `USR2 web: ${undeclared}`])
    assert.deepEqual(next.turn(99_999), [])
  })

  it('is climbed again from its first rung after a crash', () => {
    const scene = running(0, retiring())
    scene.turn(1, setTarget())
    scene.turn(101)
    const next = afterCrash(scene, 150)
    assert.deepEqual(next.turn(150, next.adopted('web')), [`USR1 web: ${undeclared}`])
    assert.deepEqual(next.turn(249), [])
    assert.deepEqual(next.turn(250), [`KILL web: ${undeclared}`])
  })

  it('that was over and has got longer goes on', () => {
    const short = retiring({ retire: parting.slice(0, 1) })
    const scene = running(0, short)
    scene.turn(1, setTarget())
    scene.turn(2, setTarget(short))
    assert.deepEqual(scene.turn(101), [])
    scene.turn(200, setTarget(retiring()))
    assert.deepEqual(scene.turn(299), [])
    assert.deepEqual(scene.turn(300), [`KILL web: ${undeclared}`])
  })

  it('ends a hook by its signals as well, and runs no script for it', () => {
    const asking: StopRung = { signal: 'TERM', script: ['control/t'], scope: 'main', waitMs: 0 }
    const hooks = { preStart: { ...finish, command: ['pre'] }, postStop: null }
    const scene = play()
    scene.turn(0, setTarget(service('web', { hooks, retire: [asking] })))
    scene.turn(1, scene.spawned('web'))
    assert.deepEqual(scene.turn(2, setTarget()), [`TERM web: ${undeclared}`])
    assert.equal(scene.run('web').gotTerm, true)
  })
})

/** A writer and its logger, and something else. */
function pair(settings: Partial<Service> = {}, loggers: Partial<Service> = {}): Play {
  return running(0, ...logged('web', settings, loggers), other)
}

describe('a logger', () => {
  it('is ended for good by the end of its input, when its writer has ended', () => {
    const scene = pair()
    assert.deepEqual(scene.turn(1, setTarget(other)), [`TERM web: ${undeclared}`, `CONT web: ${undeclared}`])
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), [
      `forget web: ${undeclared}`,
      `EOF web.log: ${undeclared}`,
    ])
    assert.equal(scene.unit('web.log').reason, `${undeclared}: the end of its input sent`)
    assert.deepEqual(scene.turn(99_999), [])
    assert.deepEqual(scene.turn(100_000, scene.exited('web.log', code(0))), [`forget web.log: ${undeclared}`])
  })

  it('waits for the post_stop hook of its writer, due or under way', () => {
    const scene = pair({ hooks: { preStart: null, postStop: finish } })
    scene.turn(1, setTarget(other))
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), ['post web: post_stop hook'])
    assert.deepEqual(scene.turn(3, scene.spawned('web')), [])
    assert.deepEqual(scene.turn(99_999), [])
    assert.deepEqual(scene.turn(100_000, scene.exited('web', code(0))), [
      `forget web: ${undeclared}`,
      `EOF web.log: ${undeclared}`,
    ])
  })

  it('is stopped as by hand while its writer lives on', () => {
    const [writer] = logged('web')
    const plain = directory('web')
    const scene = pair()
    assert.deepEqual(scene.turn(1, ask('stop', 'web.log')), [`TERM web.log: ${byAnn}`, `CONT web.log: ${byAnn}`])
    assert.equal(scene.unit('web').phase, 'up')
    const single = pair()
    // Its service directory stays, only the `log/` in it is gone: the service is to get another pipe.
    assert.deepEqual(single.turn(1, setTarget(plain, other)), [
      'TERM web: its configuration changed',
      'CONT web: its configuration changed',
      `TERM web.log: ${undeclared}`,
      `CONT web.log: ${undeclared}`,
    ])
    assert.equal(single.unit('web.log').stop?.isForGood, false)
    const kept = pair()
    assert.deepEqual(kept.turn(1, setTarget(writer, other)), [
      `TERM web.log: ${undeclared}`,
      `CONT web.log: ${undeclared}`,
    ])
  })

  it('that did not end by that gets no end of its input while its writer is started again', () => {
    const scene = pair()
    scene.turn(1, setTarget(directory('web'), other))
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), [
      'spawn web: its configuration changed: exit code 0 after 2 ms',
    ])
    assert.deepEqual(scene.turn(3, scene.spawned('web')), [])
  })

  it('of a writer that waits to be tried again is stopped as by hand as well', () => {
    const [writer] = logged('web')
    const slow = { ...writer, restart: { ...writer.restart, backoff: { ...writer.restart.backoff, freeRestarts: 0 } } }
    const scene = running(0, slow, logged('web')[1])
    scene.turn(1, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').phase, 'backoff')
    assert.deepEqual(scene.turn(2, setTarget(slow)), [`TERM web.log: ${undeclared}`, `CONT web.log: ${undeclared}`])
  })

  it('of a writer that is down for good is ended by the end of its input at once', () => {
    const scene = pair()
    scene.turn(1, ask('stop', 'web'))
    scene.turn(2, scene.exited('web', code(0)))
    assert.deepEqual(scene.turn(3, setTarget(logged('web')[0], other)), [`EOF web.log: ${undeclared}`])
  })

  it('being stopped by hand gets the end of its input as soon as that comes', () => {
    const scene = pair()
    scene.turn(1, ask('stop', 'web.log'))
    scene.turn(2, setTarget(other))
    assert.deepEqual(scene.turn(3, scene.exited('web', code(0))), [
      `forget web: ${undeclared}`,
      `EOF web.log: ${undeclared}`,
    ])
    assert.deepEqual(scene.turn(4), [])
  })

  it('whose input goes on again after its end was sent is stopped as by hand, so that it does not read for ever', () => {
    const scene = pair()
    scene.turn(1, setTarget(other))
    scene.turn(2, scene.exited('web', code(0)))
    assert.deepEqual(scene.turn(3, setTarget(...logged('web'), other)), [
      'spawn web: declared',
      `TERM web.log: ${undeclared}`,
      `CONT web.log: ${undeclared}`,
    ])
    assert.deepEqual(scene.turn(3, scene.spawned('web')), [])
    assert.match(scene.turn(4, scene.exited('web.log', code(0))).join(), /^spawn web.log: /)
  })

  it('whose end of input was stored and perhaps not sent gets it from the next daemon', () => {
    const scene = pair()
    scene.turn(1, setTarget(other))
    scene.turn(2, scene.exited('web', code(0)))
    const next = afterCrash(scene, 3)
    assert.deepEqual(next.turn(3, next.adopted('web.log'), next.adopted('other')), [`EOF web.log: ${undeclared}`])
  })

  it('is killed where its ladder says so and its input has no end for it', () => {
    const retire: readonly StopRung[] = [
      { signal: 'EOF', scope: 'main', waitMs: 500 },
      { signal: 'KILL', scope: 'tree', waitMs: 500 },
    ]
    const scene = pair({}, { retire })
    scene.turn(1, setTarget(other))
    scene.turn(2, scene.exited('web', code(0)))
    const [told] = explain(scene.state, at(2)).filter(({ unit }) => unit === idOf('web.log'))
    assert.equal(told?.next, 'SIGKILL in 500 ms if it is still there')
    assert.deepEqual(scene.turn(501), [])
    assert.deepEqual(scene.turn(502), [`KILL web.log: ${undeclared}`])
  })

  it('that is paused is continued with the end of its input, which it could not read', () => {
    const scene = pair()
    scene.turn(1, { kind: 'paused', unit: idOf('web.log'), run: scene.run('web.log').n }, setTarget(other))
    const steps = scene.turn(2, scene.exited('web', code(0)))
    assert.deepEqual(steps.slice(1), [
      `EOF web.log: ${undeclared}`,
      'CONT web.log: paused, it could not act on the signal',
    ])
  })

  it('does not wait for a writer that nobody can tell', () => {
    const scene = pair()
    scene.turn(1, { kind: 'unresolved', unit: idOf('web'), run: scene.run('web').n, message: 'two of them' })
    assert.deepEqual(scene.turn(2, setTarget(other)), [`TERM web.log: ${undeclared}`, `CONT web.log: ${undeclared}`])
  })

  it('that is not declared any more while its start is under way is ended when its outcome is known', () => {
    const scene = play()
    scene.turn(0, setTarget(...logged('web', { autostart: false })))
    assert.deepEqual(scene.turn(1, setTarget()), [`forget web: ${undeclared}`])
    assert.deepEqual(scene.turn(2, scene.spawned('web.log')), [`EOF web.log: ${undeclared}`])
  })
})

describe('while the daemon ends', () => {
  /** The ends of all, each as soon as it may. */
  function ends(scene: Play): readonly string[] {
    const told: string[] = []
    let steps = scene.turn(10, shutdown())
    for (let round = 11; round < 40; round++) {
      told.push(...steps.filter((step) => !step.startsWith('CONT')))
      const stopping = [...scene.state.units.values()].filter(({ phase }) => phase === 'stopping')
      steps = scene.turn(round, ...stopping.map(({ service: name }) => scene.exited(name, code(0))))
    }
    assert(
      [...scene.state.units.values()].every(({ run }) => run === null),
      'everything has ended',
    )
    return told.map((step) => step.replace(': SIGTERM', ''))
  }

  it('each logger follows its own writer, where priorities say nothing', () => {
    const pairs = [...logged('a', { priority: 5 }, { priority: 5 }), ...logged('b', { priority: 5 }, { priority: 5 })]
    assert.deepEqual(ends(running(0, ...pairs)), ['TERM a', 'TERM b', 'EOF a.log', 'EOF b.log'])
    const scene = running(0, ...pairs)
    assert.deepEqual(scene.turn(10, shutdown()), [
      'TERM a: SIGTERM',
      'CONT a: SIGTERM',
      'TERM b: SIGTERM',
      'CONT b: SIGTERM',
    ])
    assert.deepEqual(scene.turn(11, scene.exited('b', code(0))), ['EOF b.log: SIGTERM'])
    assert.deepEqual(scene.turn(12, scene.exited('a', code(0))), ['EOF a.log: SIGTERM'])
  })

  it('loggers that are started first end last', () => {
    const pairs = [...logged('a', {}, { priority: 0 }), ...logged('b', {}, { priority: 0 })]
    const scene = running(0, ...pairs)
    assert.deepEqual(scene.turn(10, shutdown()), [
      'TERM a: SIGTERM',
      'CONT a: SIGTERM',
      'TERM b: SIGTERM',
      'CONT b: SIGTERM',
    ])
    assert.deepEqual(scene.turn(11, scene.exited('b', code(0))), [])
    assert.deepEqual(scene.turn(12, scene.exited('a', code(0))), ['EOF a.log: SIGTERM', 'EOF b.log: SIGTERM'])
  })

  it('a logger ends after its writer, also where its priority says the contrary', () => {
    const pairs = [...logged('a', { priority: 1 }, { priority: 9 }), ...logged('b', { priority: 5 }, { priority: 3 })]
    assert.deepEqual(ends(running(0, ...pairs)), ['TERM b', 'EOF b.log', 'TERM a', 'EOF a.log'])
  })

  it('what a writer depends on does not wait for its logger', () => {
    const [writer, logger] = logged('a', { dependsOn: [needs('db')], priority: 999 }, { priority: 999 })
    assert.deepEqual(ends(running(0, service('db'), writer, logger)), ['TERM a', 'TERM db', 'EOF a.log'])
  })

  it('a logger that is down for a while holds nobody back', () => {
    const scene = running(0, ...logged('a', {}, { priority: 1 }))
    scene.turn(1, ask('stop', 'a.log'))
    scene.turn(2, scene.exited('a.log', code(0)))
    assert.deepEqual(scene.turn(3, shutdown()), ['TERM a: SIGTERM', 'CONT a: SIGTERM'])
  })
})

describe('a logger that is declared or not while the service runs', () => {
  const plain = directory('web')
  const loggerOfWeb = logged('web')[1]
  const bySvlogd = (one: Service): Service => {
    const svlogd = { directories: ['/log'], replacement: null, replaced: '', lineBytesMax: 1_000, user: null }
    const logger = { kind: 'svlogd', svlogd: { ...svlogd, stamp: 'none' }, stderr: one.process.stdout } as const
    return { ...one, process: { ...one.process, logger } }
  }

  it('and appears is started, and the service is let be', () => {
    const scene = running(0, plain)
    const hash = scene.unit('web').spec.runHash
    assert.deepEqual(scene.turn(1, setTarget(withLogger(plain), loggerOfWeb)), ['spawn web.log: declared'])
    assert.equal(scene.unit('web').spec.runHash, hash)
    assert.equal(scene.unit('web').phase, 'up')
  })

  it('and vanishes replaces the run of the service, which gets another pipe with the next one', () => {
    const scene = running(0, withLogger(plain), loggerOfWeb)
    scene.turn(1, setTarget(plain))
    assert.equal(scene.unit('web').endRunsUpTo, 1)
    assert.deepEqual(scene.turn(2, scene.exited('web', code(0))), [
      'spawn web: its configuration changed: exit code 0 after 2 ms',
    ])
  })

  it('and vanishes while nothing runs, or only a post_stop hook, replaces nothing', () => {
    const hooks = { preStart: null, postStop: finish }
    const scene = running(0, withLogger({ ...plain, hooks }), loggerOfWeb)
    scene.turn(1, scene.exited('web', code(1)))
    scene.turn(2, scene.spawned('web'))
    assert.deepEqual(scene.turn(3, setTarget({ ...plain, hooks })), [
      `TERM web.log: ${undeclared}`,
      `CONT web.log: ${undeclared}`,
    ])
    assert.equal(scene.unit('web').endRunsUpTo, 0)
  })

  it('and becomes one of the daemon itself replaces the run of the service; the contrary does not', () => {
    const scene = running(0, withLogger(plain), loggerOfWeb)
    assert.deepEqual(scene.turn(1, setTarget(bySvlogd(plain))), [
      'TERM web: its configuration changed',
      'CONT web: its configuration changed',
      `TERM web.log: ${undeclared}`,
      `CONT web.log: ${undeclared}`,
    ])
    const builtin = running(0, bySvlogd(plain))
    assert.deepEqual(builtin.turn(1, setTarget(withLogger(plain), loggerOfWeb)), ['spawn web.log: declared'])
    const gone = running(0, bySvlogd(plain))
    assert.deepEqual(gone.turn(1, setTarget(plain)), [])
  })
})
