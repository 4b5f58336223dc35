import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  afterCrash,
  ann,
  ask,
  asked,
  at,
  code,
  directory,
  identityOf,
  idOf,
  type Play,
  play,
  running,
  sentence,
  setTarget,
  shutdown,
} from '../fixture.ts'
import type { Event, Hook, Service, Step, StopRung } from '../model.ts'
import { observe } from '../observe.ts'
import { plan } from '../plan.ts'

const byAnn = 'stopped by ann (uid 1000)'

const askedLadder = (letter: string): readonly StopRung[] => [
  { signal: 'TERM', script: ['control/t'], scope: 'main', waitMs: 0 },
  { signal: 'CONT', scope: 'main', waitMs: 0 },
  { signal: '0', script: [`control/${letter}`], scope: 'main', waitMs: 0 },
]
const withScripts = directory('web', {
  stop: askedLadder('d'),
  retire: askedLadder('x'),
  signalScripts: { TERM: ['control/t'], HUP: ['control/h'] },
})
const hook: Hook = { command: ['hook'], timeoutMs: null, ignoreFailure: true }

function signal(name: string): Event {
  return asked({ kind: 'signal', units: [idOf('web')], signal: name, by: ann })
}

/** The steps that these events lead to, whole. */
function stepsOf(scene: Play, ...events: readonly Event[]): readonly Step[] {
  return plan(observe(scene.state, events, at(1)).state, at(1))
}

function commands(steps: readonly Step[]): readonly (readonly string[] | null)[] {
  return steps.map((step) => (step.kind === 'signal' ? (step.script?.command ?? null) : null))
}

function gotTerm(web: Service, ...events: readonly Event[]): boolean {
  const scene = running(0, web)
  scene.turn(1, ...events)
  return scene.run('web').gotTerm
}

describe('a script that is asked before a signal', () => {
  it('goes with the step, together with what it takes to run it', () => {
    const scene = running(0, withScripts)
    const { spec } = scene.unit('web')
    const rung = { kind: 'signal', unit: idOf('web'), run: 1, scope: 'main', purpose: 'ladder', why: byAnn }
    assert.deepEqual(stepsOf(scene, ask('stop', 'web')), [
      { ...rung, signal: 'TERM', script: { command: ['control/t'], attempt: 1, spec } },
      { ...rung, signal: 'CONT' },
      { ...rung, signal: '0', script: { command: ['control/d'], attempt: 1, spec } },
    ])
    const wish = { kind: 'signal', unit: idOf('web'), run: 1, signal: 'HUP', scope: 'main', purpose: 'asked' }
    const script = { command: ['control/h'], attempt: 1, spec }
    assert.deepEqual(stepsOf(scene, signal('HUP')), [{ ...wish, script, why: 'asked for' }])
  })

  it('is that of the rung, by the ladder that is climbed', () => {
    const climbed = (end: Event) => commands(stepsOf(running(0, withScripts), end))
    assert.deepEqual(climbed(ask('stop', 'web')), [['control/t'], null, ['control/d']])
    assert.deepEqual(climbed(shutdown()), [['control/t'], null, ['control/x']])
    assert.deepEqual(climbed(setTarget()), [['control/t'], null, ['control/x']])
  })

  it('is not run for a signal that has none', () => {
    assert.deepEqual(commands(stepsOf(running(0, withScripts), signal('USR1'))), [null])
    const steps = stepsOf(running(0, directory('web')), signal('HUP'), ask('stop', 'web'))
    assert.deepEqual(steps.map(sentence), ['HUP web: asked for', `TERM web: ${byAnn}`, `CONT web: ${byAnn}`])
    assert.deepEqual(commands(steps), [null, null, null])
  })

  it('is not run for the hooks of the unit', () => {
    const scene = play()
    scene.turn(0, setTarget({ ...withScripts, hooks: { preStart: hook, postStop: null } }))
    scene.turn(0, scene.spawned('web'))
    const steps = stepsOf(scene, signal('HUP'), ask('stop', 'web'))
    assert.deepEqual(steps.map(sentence), [
      'HUP web: asked for',
      `TERM web: ${byAnn}`,
      `CONT web: ${byAnn}`,
      `0 web: ${byAnn}`,
    ])
    assert.deepEqual(commands(steps), [null, null, null, null])
  })

  it('has the rungs behind it sent in the same turn, whatever comes of it, and is not asked twice', () => {
    for (const outcome of ['handled', 'sent'] as const) {
      const scene = running(0, withScripts)
      const told = [`TERM web: ${byAnn}`, `CONT web: ${byAnn}`, `0 web: ${byAnn}`]
      assert.deepEqual(scene.turn(1, ask('stop', 'web')), told)
      assert.deepEqual(scene.turn(1, scene.signalled('web', 'TERM', outcome)), [])
      assert.deepEqual(scene.turn(1, scene.signalled('web', 'CONT', 'sent')), [])
      assert.equal(scene.unit('web').reason, `${byAnn}: SIGTERM sent, SIGCONT sent, word to its control script sent`)
      assert.deepEqual(scene.turn(99_999), [])
    }
  })

  it('that found nobody makes the driver look', () => {
    const scene = running(0, withScripts)
    scene.turn(1, signal('HUP'))
    assert.deepEqual(scene.turn(2, scene.signalled('web', 'HUP', 'gone')), [
      `observe: ${idOf('web')}: nobody there to signal`,
    ])
  })
})

describe('whether a run got SIGTERM', () => {
  const plain = directory('web')
  const sent: Event = { kind: 'signalled', unit: idOf('web'), run: 1, signal: 'TERM', outcome: 'sent' }

  it('is told by its ladder, and by somebody who asks for it', () => {
    assert.equal(gotTerm(plain), false)
    assert.equal(gotTerm(plain, ask('stop', 'web')), true)
    assert.equal(gotTerm(plain, signal('TERM')), true)
    assert.equal(gotTerm(plain, signal('HUP')), false)
    assert.equal(
      gotTerm(directory('web', { stop: [{ signal: 'INT', scope: 'main', waitMs: 5 }] }), ask('stop', 'web')),
      false,
    )
  })

  it('is told by the outcome where a script is asked first', () => {
    assert.equal(gotTerm(withScripts, signal('TERM')), false)
    assert.equal(gotTerm(withScripts, ask('stop', 'web')), false)
    assert.equal(gotTerm(withScripts, ask('stop', 'web'), sent), true)
    assert.equal(gotTerm(withScripts, ask('stop', 'web'), { ...sent, outcome: 'handled' }), false)
    assert.equal(gotTerm(withScripts, signal('HUP'), { ...sent, signal: 'HUP' }), false)
    assert.equal(gotTerm(withScripts, { ...sent, run: 0 }), false)
  })

  it('is not told of a signal that only wakes it', () => {
    const scene = running(0, withScripts)
    scene.turn(1, { kind: 'paused', unit: idOf('web'), run: 1 }, ask('stop', 'web'))
    assert.equal(scene.run('web').gotTerm, false)
  })

  it('stays known over a crash of ours', () => {
    const scene = running(0, plain)
    scene.turn(1, signal('TERM'))
    const next = afterCrash(scene, 2)
    next.turn(2, next.adopted('web'))
    assert.equal(next.run('web').gotTerm, true)
  })

  it('is not known of a run that nothing was stored of', () => {
    const scene = running(0, plain)
    scene.turn(1, ask('stop', 'web'))
    scene.turn(2, scene.exited('web', code(0)))
    const found = { unit: idOf('web'), run: 7, role: 'main', attempt: 7, isChild: false } as const
    scene.turn(3, ask('start', 'web'), { kind: 'found', ...found, identity: identityOf(7) })
    assert.deepEqual([scene.run('web').n, scene.run('web').gotTerm], [7, false])
  })

  it('begins anew with each run', () => {
    const scene = running(0, plain)
    scene.turn(1, ask('restart', 'web'))
    assert.equal(scene.run('web').gotTerm, true)
    scene.turn(2, scene.exited('web', code(0)))
    assert.deepEqual([scene.run('web').n, scene.run('web').gotTerm], [2, false])
  })
})
