import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { play } from '../../core/fixture.ts'
import type { App, Target } from '../../core/model.ts'
import { engineOf } from '../../frontends/native/fixture.ts'
import { fakeClock, poolApp } from '../../frontends/supervisord/events/fixture.ts'
import type { SupervisordParts } from './frontend.ts'
import { createSupervisordPlace } from './place.ts'

const plain: App = { name: 'shop', source: '/shop.yaml', dialect: 'compose', priority: 1_000, services: {} }

function targetOf(...apps: readonly App[]): Target {
  return { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
}

const untouched = new Proxy({} as SupervisordParts, {
  get(_target, name) {
    throw new Error(`nobody asks for ${String(name)}`)
  },
})

test('without files of supervisord and without listeners there is no frontend, and nothing is touched for one', async () => {
  const place = createSupervisordPlace(untouched)
  await place.goingOn(targetOf(plain))
  await place.preparing({ supervisord: [], target: targetOf(plain) })
  await place.applied({ supervisord: [], target: targetOf(plain) })
  place.output({ unit: 'shop/web/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('x') })
  assert.equal(place.frontend(), null)
})

for (const [when, come] of [
  ['that is declared', (place, target) => place.preparing({ supervisord: [], target })],
  ['that was in force before a death', (place, target) => place.goingOn(target)],
] as const satisfies readonly (readonly [string, (place: Place, target: Target) => Promise<void>])[])
  test(`a listener of any dialect ${when} has a frontend, which opens nothing`, async () => {
    const warnings: string[] = []
    const kept: unknown[] = []
    const place = createSupervisordPlace({
      engine: engineOf(play()),
      logs: { pathOf: () => null, reopen() {}, clear: () => null } as unknown as SupervisordParts['logs'],
      stdin: {} as SupervisordParts['stdin'],
      dialogues: { subscribe: () => () => {} },
      files: () => assert.fail('no files are read'),
      onSocket() {},
      kept: { read: () => [], write: (settings) => void kept.push(...settings), remove() {} },
      begun: null,
      runDirectory: tmpdir(),
      version: '0',
      openClock: () => fakeClock(0).clock as ReturnType<SupervisordParts['openClock']>,
      print: (text) => void warnings.push(text),
      warn: (text) => void warnings.push(text),
    })
    const target = targetOf(plain, poolApp('ear', {}, 'compose'))
    await come(place, target)
    const frontend = place.frontend()
    assert(frontend !== null)
    await place.applied({ supervisord: [], target })
    assert.deepEqual([frontend.daemon.activity.path(), await frontend.handOver(1_000)], [null, []])
    assert.deepEqual([warnings, kept], [[], []])
    frontend.close({ isOver: true })
  })

type Place = ReturnType<typeof createSupervisordPlace>
