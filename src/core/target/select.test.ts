import assert from 'node:assert/strict'
import { it } from 'node:test'
import { asked, play, service, setTarget } from '../fixture.ts'
import type { State } from '../model.ts'
import { parseLabelRules } from './label-rules.ts'
import { editDistance, selectUnits } from './select.ts'

/** shop: web with two units and db; mail: web. */
function shop(): State {
  const app = (name: string, ...services: readonly ReturnType<typeof service>[]) => {
    const keyed = Object.fromEntries(services.map((one) => [one.name, one]))
    return { name, source: `/${name}.yaml`, dialect: 'compose' as const, priority: 999, services: keyed }
  }
  const apps = {
    shop: app(
      'shop',
      service('web', { instances: [{ n: 1 }, { n: 2, processName: 'web_02' }], labels: { tier: 'front' } }),
      service('db', { labels: { tier: 'back' } }),
    ),
    mail: app('mail', service('web', { labels: { tier: 'front', canary: '' } })),
  }
  const scene = play()
  scene.turn(0, asked({ kind: 'set-target', target: { apps }, by: { kind: 'daemon' }, why: '' }))
  return scene.state
}

const units = (...names: readonly string[]) => {
  const selection = selectUnits(shop(), names)
  return selection.kind === 'selected' ? selection.units : selection
}

it('a name may be a service, a unit, a service of an app, or a whole app', () => {
  assert.deepEqual(units('db'), ['shop/db/1'])
  assert.deepEqual(units('db/1'), ['shop/db/1'])
  assert.deepEqual(units('shop/web'), ['shop/web/1', 'shop/web/2'])
  assert.deepEqual(units('shop/web/2'), ['shop/web/2'])
  assert.deepEqual(units('mail/'), ['mail/web/1'])
  assert.deepEqual(units('web/2'), ['shop/web/2'])
})

it("supervisord's groups are apps", () => {
  assert.deepEqual(units('shop:db'), ['shop/db/1'])
  assert.deepEqual(units('shop:*'), ['shop/web/1', 'shop/web/2', 'shop/db/1'])
  assert.deepEqual(units('shop:'), ['shop/web/1', 'shop/web/2', 'shop/db/1'])
  assert.deepEqual(units('mail:db'), { kind: 'unknown', name: 'mail:db', similar: [] })
})

it("a process's own name works within its group", () => {
  assert.deepEqual(units('shop:web_02'), ['shop/web/2'])
  assert.deepEqual(units('shop:web_0?'), ['shop/web/2'])
  assert.deepEqual(units('web_02'), { kind: 'unknown', name: 'web_02', similar: [] })
})

it('a pattern means all it matches, in every app', () => {
  assert.deepEqual(units('w*'), ['shop/web/1', 'shop/web/2', 'mail/web/1'])
  assert.deepEqual(units('shop/*'), ['shop/web/1', 'shop/web/2', 'shop/db/1'])
  assert.deepEqual(units('*/web/1'), ['shop/web/1', 'mail/web/1'])
  assert.deepEqual(units('web/[!1]'), ['shop/web/2'])
  assert.deepEqual(units('m*/'), ['mail/web/1'])
  assert.deepEqual(units('sh*:d?'), ['shop/db/1'])
  assert.deepEqual(units('*'), ['shop/web/1', 'shop/web/2', 'shop/db/1', 'mail/web/1'])
  assert.deepEqual(units('db', 'x*'), { kind: 'unknown', name: 'x*', similar: [] })
})

const labelled = (names: readonly string[], ...texts: readonly string[]) => {
  const parsed = parseLabelRules(texts)
  assert.equal(parsed.kind, 'rules')
  const selection = selectUnits(shop(), names, parsed.rules)
  return selection.kind === 'selected' ? selection.units : selection
}

it('labels select of everything, or of what is named', () => {
  assert.deepEqual(labelled([], 'tier=front'), ['shop/web/1', 'shop/web/2', 'mail/web/1'])
  assert.deepEqual(labelled([], 'tier=front,canary'), ['mail/web/1'])
  assert.deepEqual(labelled([], 'tier!=front'), ['shop/db/1'])
  assert.deepEqual(labelled(['shop/'], 'tier=front'), ['shop/web/1', 'shop/web/2'])
  assert.deepEqual(labelled(['mail/'], 'tier=back'), { kind: 'no-such-labels' })
  assert.deepEqual(labelled([], 'tier=middle'), { kind: 'no-such-labels' })
  assert.deepEqual(labelled(['nobody'], 'tier'), { kind: 'unknown', name: 'nobody', similar: [] })
})

it('several names are taken together, each unit once, in order', () => {
  assert.deepEqual(units('shop/web/2', 'db', 'shop/web'), ['shop/web/2', 'shop/db/1', 'shop/web/1'])
  assert.deepEqual(units(), [])
})

it('a bare name that two apps have is ambiguous, and nothing is selected', () => {
  const ambiguous = { kind: 'ambiguous', name: 'web', candidates: ['shop/web', 'mail/web'] }
  assert.deepEqual(units('db', 'web'), ambiguous)
})

it('an unknown name comes with similar ones', () => {
  assert.deepEqual(units('bd'), { kind: 'unknown', name: 'bd', similar: ['db'] })
  assert.deepEqual(units('shop/wbe'), { kind: 'unknown', name: 'shop/wbe', similar: ['shop/web', 'shop/db'] })
  assert.deepEqual(units('something'), { kind: 'unknown', name: 'something', similar: [] })
})

it('the edit distance counts inserted, removed and replaced letters, and stops counting at its limit', () => {
  assert.equal(editDistance('web', 'web', 2), 0)
  assert.equal(editDistance('web', 'wb', 2), 1)
  assert.equal(editDistance('web', 'weeb', 2), 1)
  assert.equal(editDistance('web', 'wab', 2), 1)
  assert.equal(editDistance('kitten', 'sitting', 9), 3)
  assert.equal(editDistance('a', 'abcd', 2), 3)
})

it('not more than five names are suggested', () => {
  const scene = play()
  scene.turn(0, setTarget(...['ab', 'ac', 'ad', 'ae', 'af', 'ag'].map((name) => service(name))))
  const selection = selectUnits(scene.state, ['ax'])
  assert.equal(selection.kind === 'unknown' && selection.similar.length, 5)
})

it('words are as far apart as the letters that have to change, up to the limit', () => {
  assert.deepEqual(
    [editDistance('a', 'abc', 2), editDistance('a', 'abcd', 2), editDistance('abc', 'abd', 2)],
    [2, 3, 1],
  )
})
