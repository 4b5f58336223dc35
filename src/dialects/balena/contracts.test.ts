import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, facts, type Json, oneService, said, stateOf } from './fixture.ts'

const withContract = (contract: unknown, more: Json = {}) =>
  stateOf({
    services: { main: oneService({ contract, ...more }), other: oneService({ id: 2 }, { depends_on: ['main'] }) },
  })

const requiring = (...requires: readonly unknown[]) => ({ type: 'sw.container', slug: 'main', requires })

describe('what a service needs of its device', () => {
  for (const requirement of [
    { type: 'sw.supervisor', version: '>=10' },
    { type: 'sw.supervisor', slug: 'balena-supervisor' },
    { type: 'sw.os', slug: 'balena-os', version: '^6.5' },
    { type: 'sw.kernel', version: '>=6' },
    { type: 'hw.device-type', slug: 'raspberrypi4-64' },
    { type: 'arch.sw', slug: 'aarch64' },
    {
      or: [
        { type: 'arch.sw', slug: 'amd64' },
        { type: 'arch.sw', slug: 'aarch64' },
      ],
    },
  ]) {
    test(`${JSON.stringify(requirement)} is met`, () => {
      const { apps, heldBack } = decode(withContract(requiring(requirement)))
      assert.deepEqual([apps.length, heldBack], [1, []])
    })
  }

  for (const [requirement, why] of [
    [
      { type: 'sw.supervisor', version: '>=20' },
      'it needs sw.supervisor >=20, and this device has balena-supervisor 19.0.5',
    ],
    [{ type: 'sw.l4t', version: '32.7' }, 'it needs sw.l4t 32.7, and this device has none'],
    [{ type: 'sw.os', slug: 'debian' }, 'it needs sw.os debian, and this device has balena-os 6.5.44'],
    [{ type: 'sw.kernel', version: '<6' }, 'it needs sw.kernel <6, and this device has linux 6.6.22'],
    [{ type: 'hw.device-type', slug: 'jetson' }, 'it needs hw.device-type jetson, and this device has raspberrypi4-64'],
    [
      {
        or: [
          { type: 'arch.sw', slug: 'amd64' },
          { type: 'arch.sw', slug: 'i386' },
        ],
      },
      'it needs arch.sw amd64, and this device has aarch64, or it needs arch.sw i386, and this device has aarch64',
    ],
  ] as const) {
    test(`${JSON.stringify(requirement)} is not met: the app stays as it is, and the reason is told`, () => {
      const source = decode(withContract(requiring(requirement)))
      assert.deepEqual(source.apps, [])
      assert.deepEqual(source.heldBack, [
        { app: 'shop', why: `the release deadbeef of shop is not taken: main: ${why}` },
      ])
      assert.match(said(source)[0]!, /^warning: .*; what there is of this app stays as it is$/)
    })
  }

  test('an app that is not taken keeps no other from being taken', () => {
    const state = withContract(requiring({ type: 'arch.sw', slug: 'amd64' }))
    const [device] = Object.values(state) as [{ apps: Json }]
    const other = { id: 9, name: 'other', releases: { c: { id: 1, services: { main: oneService() } } } }
    const changed = { [Object.keys(state)[0]!]: { ...device, apps: { ...device.apps, bbbb: other } } }
    const { apps, heldBack } = decode(changed)
    assert.deepEqual([apps.map(({ name }) => name), heldBack?.map(({ app }) => app)], [['other'], ['shop']])
  })

  test('a service that may be missing is left out, and nobody waits for it', () => {
    const optional = { labels: { 'io.balena.features.optional': '1' } }
    const source = decode(withContract(requiring({ type: 'arch.sw', slug: 'amd64' }), optional))
    assert.deepEqual(Object.keys(source.apps[0]?.services ?? {}), ['other'])
    assert.deepEqual(source.apps[0]?.services.other?.dependsOn, [])
    assert.match(said(source)[0]!, /the service main is left out, as it may be: it needs arch.sw amd64/)
    assert.match(said(source)[1]!, /'main' is not run here, and not waited for/)
  })

  test('when only the text is checked, no device is asked', () => {
    assert.equal(decode(withContract(requiring({ type: 'arch.sw', slug: 'amd64' })), null).apps.length, 1)
  })
})

describe('a contract that is none makes all of the state an error', () => {
  for (const [contract, message] of [
    [5, 'contract: an object is expected here, not 5'],
    [{ type: 'sw.stack' }, "contract.type: 'sw.stack' is no contract of a container"],
    [{ requires: {} }, 'contract.requires: a list of requirements is expected here'],
    [requiring({}), 'contract.requires[0]: this requirement has no type'],
    [requiring({ type: 'sw.wings' }), "contract.requires[0].type: 'sw.wings' is no type of requirement"],
    [requiring({ type: 'sw.os', version: 'new' }), "contract.requires[0].version: 'new' is not a range of versions"],
    [requiring({ or: [] }), 'contract.requires[0].or: a list of requirements is expected here'],
    [requiring({ type: 5 }), 'contract.requires[0].type: a text is expected here, not 5'],
  ] as const) {
    test(`${JSON.stringify(contract)}`, () => {
      const source = decode(withContract(contract))
      assert.deepEqual(source.apps, [])
      assert.ok(said(source)[0]?.startsWith(message), said(source)[0])
    })
  }
})

describe('what is not ours to run', () => {
  const hostApp = (labels: Json) => {
    const releases = { c: { id: 1, services: { os: oneService({ labels }) } } }
    return withApps({ host: { id: 1, name: 'host', is_host: true, releases } })
  }
  const withApps = (apps: Json) => stateOf({}, {}, { apps })
  const names = (state: Json) => decode(state).apps.flatMap(({ services }) => Object.keys(services))

  test('parts of the operating system', () => {
    assert.deepEqual(names(hostApp({ 'io.balena.image.class': 'hostapp' })), [])
    assert.deepEqual(names(hostApp({ 'io.balena.image.store': 'root' })), [])
    assert.deepEqual(names(hostApp({ 'io.balena.image.class': 'service', 'io.balena.image.store': 'data' })), ['os'])
    assert.deepEqual(names(hostApp({})), ['os'])
  })

  test('the agent whose place this daemon takes', () => {
    const agent = {
      id: 1,
      name: 'sv',
      class: 'app',
      releases: { c: { id: 1, services: { main: oneService(), other: oneService() } } },
    }
    assert.deepEqual(names(withApps({ '52e35121417640b1b28a680504e4039b': agent })), ['other'])
    assert.deepEqual(names(withApps({ ffff: agent })), ['main', 'other'])
  })
})

test('a device whose version is no version meets no range', () => {
  const state = withContract(requiring({ type: 'sw.os', version: '*' }))
  assert.equal(decode(state, { ...facts, os: { ...facts.os, version: 'rolling' } }).heldBack?.length, 1)
})
