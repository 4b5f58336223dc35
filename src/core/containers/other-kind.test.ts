import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, needs, service, storedForm } from '../fixture.ts'
import { revive } from '../revive.ts'
import { appOf, container, type Dock, dock } from './fixture.ts'

const web = 'a/web/1'
const asContainer = () => appOf([container('web')])
const asProcess = () => appOf([service('web')])

/** Somebody lost what was known of runs, and what runs with it. */
function forgetful(world: Dock): void {
  world.successor(revive({ ...storedForm(world.state), units: [] }, at(0)))
}

describe('what is declared as the other kind by now', () => {
  it('a start of a process that is under way is that of a process', () => {
    const world = dock('web:1')
    world.settle(0, world.up(asContainer()))
    world.settle(10, world.up(appOf([])))
    world.turn(20, world.up(asProcess()))
    const { run } = world.state.units.get(web)!
    // The answer to the start is late, and the engine tells something before it.
    world.successor(world.state)
    const news = { kind: 'engine-news', takenBootMs: 30, news: { volumesGone: ['other'] } } as const
    world.turn(30, world.up(asContainer()), news)
    assert.deepEqual(world.state.units.get(web)!.run, run)
  })

  it('a start of a container that is under way is not looked for among processes', () => {
    const world = dock('web:1')
    world.silent.add('start-container')
    world.settle(0, world.up(asContainer()))
    world.turn(10, world.up(asProcess()))
    assert.equal(world.state.units.get(web)!.run?.isContained, true)
  })

  it('a container that nothing is stored of is ended and removed before the process is started', () => {
    const world = dock('web:1')
    world.settle(0, world.up(asContainer()))
    world.settle(10, world.command({ kind: 'stop', units: [web], by: { kind: 'daemon' } }))
    forgetful(world)
    // A container of another service has the engine asked at all.
    const told = world.settle(20, world.up(appOf([service('web', { autostart: false }), container('db')])))
    assert.ok(told.includes('remove-container a/web/1: it is no container any more'), told.join('\n'))
    assert.ok(![...world.containers.values()].some(({ unit }) => unit === web))
  })

  it('a container that lives beside its process is removed', () => {
    const world = dock('web:1')
    world.settle(0, world.up(asContainer()))
    forgetful(world)
    const told = world.settle(20, world.up(appOf([service('web'), container('db')])))
    assert.ok(told.includes('remove-container a/web/1: another run has taken its place'), told.join('\n'))
    assert.equal(world.state.units.get(web)!.phase, 'up')
    assert.equal(world.state.units.get(web)!.run?.identity?.container, undefined)
  })

  it('a container that is found to run where a process is wanted is ended first', () => {
    const world = dock('web:1')
    world.settle(0, world.up(asContainer()))
    forgetful(world)
    const waits = { dependsOn: [needs('db', 'completed')] }
    const told = world.settle(20, world.up(appOf([service('web', waits), container('db')])))
    assert.ok(told.includes('TERM web: it is no container any more'), told.join('\n'))
    assert.ok(![...world.containers.values()].some(({ unit }) => unit === web))
  })
})
