import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ann } from '../fixture.ts'
import { engineRestartsMs } from '../limits.ts'
import { appOf, container, type Dock, dock } from './fixture.ts'
import type { EngineContainer } from './model.ts'

const web = 'a/web/1'

function upAndRunning(): Dock {
  const world = dock('web:1')
  world.settle(0, world.up(appOf([container('web')])))
  return world
}

function stateOf({ state }: Dock): string | undefined {
  return [...state.containerEngine.containers.values()][0]?.state
}

/** The engine has ended it, and says that it starts it again. */
function restarting(world: Dock): void {
  const died = { state: 'restarting', pid: 0, exitCode: 1 } as const
  world.settle(1_000, world.change('a-web-1', died))
  assert.equal(world.state.units.get(web)!.phase, 'backoff')
}

describe('of what the engine tells', () => {
  it('news older than the newest look changes nothing, whether it is of what is there or of what is gone', () => {
    const world = upAndRunning()
    const running = world.container('a-web-1')
    const other: EngineContainer = { ...running, id: 'gone', unit: 'a/other/1' }
    world.change('a-web-1', { state: 'exited', pid: 0, exitCode: 0 })
    world.turn(100, { kind: 'engine-doubt', why: 'the stream was cut' })
    world.turn(101)
    assert.equal(stateOf(world), 'exited')
    world.turn(102, { kind: 'engine-news', takenBootMs: 99, news: { containers: [running, other] } })
    assert.equal(stateOf(world), 'exited')
    assert.equal(world.state.containerEngine.containers.size, 1)
  })

  it('a look older than the newest one changes nothing', () => {
    const world = upAndRunning()
    const running = world.container('a-web-1')
    world.change('a-web-1', { state: 'exited', pid: 0, exitCode: 0 })
    world.turn(100, { kind: 'engine-doubt', why: 'the stream was cut' })
    world.turn(101)
    const older = { takenBootMs: 99, name: 'Docker 20', apiVersion: '1.41', networks: [], volumes: [], images: [] }
    world.turn(102, { kind: 'engine-observed', ...older, containers: [running] })
    assert.equal(stateOf(world), 'exited')
  })
})

describe('a container between two runs of the engine', () => {
  it('is asked about when the engine was to have started it, and started by us when the engine could not', () => {
    const world = upAndRunning()
    restarting(world)
    // It fails to, and tells nobody.
    world.change('a-web-1', { state: 'exited', exitCode: 128 })
    const { retryBootMs } = world.state.units.get(web)!
    const [look] = world.turn(retryBootMs!)
    assert.equal(look, 'observe-engine: a/web/1: the engine was to start it again')
    assert.deepEqual(
      world.settle(retryBootMs! + engineRestartsMs).map((text) => text.split(':')[0]),
      ['start-container a/web/1'],
    )
  })

  it('is not waited for when somebody starts it', () => {
    const world = upAndRunning()
    restarting(world)
    assert.deepEqual(
      world.settle(1_100, world.command({ kind: 'start', units: [web], by: ann })).map((text) => text.split(':')[0]),
      ['stop-container a/web/1', 'start-container a/web/1'],
    )
  })
})
