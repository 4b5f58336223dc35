import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  afterCrash,
  ask,
  code,
  identityOf,
  idOf,
  type Play,
  play,
  policy,
  running,
  service,
  setTarget,
} from '../fixture.ts'
import { plainProcess } from '../target/plain.ts'

const hook = { command: ['hook'], timeoutMs: 60_000, ignoreFailure: false }
const once = { ...policy, when: 'no' } as const
const talker = (settings: Parameters<typeof service>[1] = {}) =>
  service('ear', { process: { ...plainProcess, command: ['ear'], stdin: { kind: 'events' } }, ...settings })

const why = 'it talked with the daemon before'

describe('a run that talks with the daemon, when that is gone', () => {
  it('is ended by its ladder and followed by another one', () => {
    const scene = afterCrash(running(0, talker()), 50)
    assert.deepEqual(scene.turn(60, scene.adopted('ear')), [`TERM ear: ${why}`])
    scene.turn(61, scene.signalled('ear', 'TERM', 'sent'))
    assert.deepEqual(scene.turn(62, scene.exited('ear', code(1))), [`spawn ear: ${why}: exit code 1 after 62 ms`])
    isUnblamed(scene)
  })

  it('has not failed where it ended before the next one saw it, whatever its policy says', () => {
    const scene = afterCrash(running(0, talker({ restart: once })), 50)
    assert.deepEqual(scene.turn(60, scene.exited('ear', code(1))), [`spawn ear: exit code 1 after 60 ms; ${why}`])
    isUnblamed(scene)
  })

  it('is replaced where its identity was not stored, or nothing of it', () => {
    const starting = play()
    starting.turn(0, setTarget(talker()))
    const scene = afterCrash(starting, 50)
    assert.deepEqual(scene.turn(60, scene.adopted('ear')), [`TERM ear: ${why}`])

    const forgotten = play()
    forgotten.turn(0, {
      kind: 'found',
      unit: idOf('ear'),
      run: 7,
      role: 'main',
      attempt: 7,
      identity: identityOf(7),
      isChild: true,
    })
    assert.deepEqual(forgotten.turn(1, setTarget(talker())), [`TERM ear: ${why}`])
  })

  it('is let be once it is the present daemon’s own', () => {
    const scene = afterCrash(running(0, talker()), 50)
    scene.turn(60, scene.adopted('ear'))
    scene.turn(61, scene.exited('ear', code(0)))
    assert.deepEqual(scene.turn(62, scene.spawned('ear')), [])
    assert.deepEqual([scene.unit('ear').phase, scene.run('ear').n], ['up', 1_001])
  })

  it('rests where somebody stopped it', () => {
    const before = running(0, talker())
    before.turn(10, ask('stop', 'ear'))
    const scene = afterCrash(before, 50)
    scene.turn(60, scene.adopted('ear'))
    assert.deepEqual(scene.turn(61, scene.exited('ear', code(0))), [])
    assert.equal(scene.unit('ear').phase, 'idle')
  })

  it('says nothing of its hooks, and of what does not talk', () => {
    const hooked = play()
    hooked.turn(0, setTarget(talker({ hooks: { preStart: hook, postStop: null } })))
    hooked.turn(1, hooked.spawned('ear'))
    const scene = afterCrash(hooked, 50)
    assert.deepEqual(scene.turn(60, scene.adopted('ear')), [])
    const plain = afterCrash(running(0, service('web')), 50)
    assert.deepEqual(plain.turn(60, plain.adopted('web')), [])
  })
})

function isUnblamed(scene: Play): void {
  const { phase, restarts, earlyExits } = scene.unit('ear')
  assert.deepEqual([phase, restarts, earlyExits], ['starting', 0, 0])
}
