import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom } from '../../../src/base/prng.ts'
import { appOf, container, joined, network } from '../../../src/core/containers/fixture.ts'
import type { ContainerSpec, UpdateStrategy } from '../../../src/core/containers/model.ts'
import { needs } from '../../../src/core/fixture.ts'
import type { App, Target } from '../../../src/core/model.ts'
import type { EngineWorld } from '../../../src/drivers/fake/engine/engine-world.ts'
import { published } from './dock.ts'
import { explore, type Small, type SmallFault } from './small.ts'

/** Every order of what one or two containers take, with one fault anywhere: installed, changed, taken away. */

const mebibyte = 1024 * 1024

const nothing: Target = { apps: {} }

function targetOf(app: App): Target {
  return { apps: { a: app } }
}

function web(version: number, spec: Partial<ContainerSpec> = {}, settings: object = {}) {
  return container('web', { environment: { LEVEL: String(version) }, ...settings }, { image: 'web:1', ...spec })
}

function publish(world: EngineWorld): void {
  for (const name of ['web', 'db']) {
    for (const version of [1, 2]) {
      world.registry.publish(`${name}:${version}`, { ...published(name, version, createRandom(1)), pullMs: 0 })
    }
  }
}

function every(small: Partial<Small> & Pick<Small, 'first' | 'next'>): void {
  const { situations, paths } = explore({ publish, faults: [], situationsMax: 40_000, ...small })
  assert(paths > 1 && situations > 10, `${situations} situations, ${paths} paths`)
}

const all: readonly SmallFault[] = ['lost', 'refused', 'dies']

/** What each strategy does differently is gone through with the fault that it differs in. */
const strategies: readonly (readonly [UpdateStrategy, readonly SmallFault[]])[] = [
  [{ kind: 'download-then-kill' }, ['lost', 'dies']],
  [{ kind: 'kill-then-download' }, []],
  [{ kind: 'delete-then-download' }, ['refused']],
  [{ kind: 'hand-over', timeoutMs: 1_000, doneFiles: [] }, ['dies']],
]

describe('in every order of outcomes, news and one fault', () => {
  it('a container is installed, and declared once more meanwhile', () => {
    every({ first: targetOf(appOf([web(1)])), next: targetOf(appOf([web(1)])), faults: all })
  })

  it('a container is taken away, also before it is there', () => {
    every({ first: targetOf(appOf([web(1)])), next: nothing, faults: all })
  })

  for (const [strategy, faults] of strategies) {
    it(`a container is changed by ${strategy.kind}`, () => {
      const [first, next] = [web(1, { strategy }), web(2, { strategy, image: 'web:2' })]
      every({ first: targetOf(appOf([first])), next: targetOf(appOf([next])), faults })
    })
  }

  it('a container is renamed and given more memory in place', () => {
    const [first, next] = [
      web(1, {}, { memoryBytes: 4 * mebibyte }),
      web(1, { containerName: 'other' }, { memoryBytes: 8 * mebibyte }),
    ]
    every({ first: targetOf(appOf([first])), next: targetOf(appOf([next])), faults: all })
  })

  it('a container is changed under an update lock', () => {
    const lockFiles = ['/run/a/updates.lock']
    const [first, next] = [web(1, { lockFiles }), web(2, { lockFiles })]
    every({ first: targetOf(appOf([first])), next: targetOf(appOf([next])), faults: all })
  })

  it('a network comes, changes and goes with its container', () => {
    const inside = web(1, {}, { networks: [joined('net')] })
    const [first, next] = [network('net'), network('net', { isInternal: true })].map((net) =>
      targetOf(appOf([inside], { networks: { net } })),
    )
    every({ first: first!, next: next!, faults: ['refused'] })
    every({ first: first!, next: nothing })
  })

  it('two containers, one of which waits for the other, are installed and changed', () => {
    const database = container('db', {}, { image: 'db:1' })
    const dependent = { ...web(1), dependsOn: [needs('db')] }
    const changed = { ...web(2), dependsOn: [needs('db')] }
    every({ first: targetOf(appOf([database, dependent])), next: targetOf(appOf([database, changed])) })
    every({ first: targetOf(appOf([database, dependent])), next: targetOf(appOf([database])) })
  })
})
