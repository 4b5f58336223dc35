import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  appOf,
  appUuid,
  containerOf,
  decode,
  facts,
  type Json,
  oneService,
  said,
  saidOf,
  settingsOf,
  stateOf,
  uuid,
} from './fixture.ts'

const featured = (feature: string, value = '1'): Json => ({ labels: { [`io.balena.features.${feature}`]: value } })

describe('what every container is given', () => {
  test('variables by both prefixes, unless the service says otherwise', () => {
    const { environment } = settingsOf({}, { environment: { BALENA_APP_NAME: 'mine' } })
    for (const prefix of ['BALENA', 'RESIN']) {
      const found = (name: string) => environment[`${prefix}_${name}`]
      assert.deepEqual(
        [
          ...[found('APP_ID'), found('APP_UUID'), found('SERVICE_NAME'), found('DEVICE_UUID'), found('DEVICE_TYPE')],
          ...[found('DEVICE_ARCH'), found('HOST_OS_VERSION'), found('APP_LOCK_PATH'), found('DEVICE_NAME_AT_INIT')],
        ],
        [
          ...['1234', appUuid, 'main', uuid, 'raspberrypi4-64'],
          ...['aarch64', 'balenaOS 6.5.44+rev2', '/tmp/balena/updates.lock', 'still-waterfall'],
        ],
      )
      assert.equal(environment[prefix], '1')
    }
    assert.deepEqual(
      [environment.BALENA_APP_NAME, environment.RESIN_APP_NAME, environment.USER],
      ['mine', 'shop', 'root'],
    )
    assert.equal(environment.BALENA_SERVICE_HANDOVER_COMPLETE_PATH, '/tmp/balena/handover-complete')
    assert.equal(environment.RESIN_SERVICE_KILL_ME_PATH, '/tmp/balena/handover-complete')
  })

  test('the name of the device stays as it was first, and else is that of the state', () => {
    const state = stateOf({ services: { main: oneService() } }, {}, { name: 'renamed' })
    const name = (nameAtInit: string | null) => {
      return appOf(state, { ...facts, nameAtInit }).services.main?.container?.settings.environment
        .BALENA_DEVICE_NAME_AT_INIT
    }
    assert.deepEqual([name('first'), name(null)], ['first', 'renamed'])
  })

  test('labels by which it is known, which no service changes', () => {
    const { labels } = settingsOf({}, { labels: { 'io.balena.app-id': '9', own: 'x' } })
    assert.deepEqual(labels, {
      own: 'x',
      'io.balena.supervised': 'true',
      'io.balena.app-id': '1234',
      'io.balena.app-uuid': appUuid,
      'io.balena.service-id': '11',
      'io.balena.service-name': 'main',
    })
  })
})

describe('what labels give it besides', () => {
  const mountsOf = (feature: string) => {
    return settingsOf({}, featured(feature))
      .mounts.slice(2)
      .map((mount) => {
        return mount.kind === 'bind' ? `${mount.source}:${mount.target}${mount.isReadOnly ? ':ro' : ''}` : mount.target
      })
  }

  for (const [feature, mounts] of [
    ['dbus', ['/run/dbus:/host/run/dbus']],
    ['sysfs', ['/sys:/sys']],
    ['procfs', ['/proc:/proc']],
    ['kernel-modules', ['/lib/modules:/lib/modules']],
    ['firmware', ['/lib/firmware:/lib/firmware']],
    [
      'journal-logs',
      [
        '/var/log/journal:/var/log/journal:ro',
        '/run/log/journal:/run/log/journal:ro',
        '/etc/machine-id:/etc/machine-id:ro',
      ],
    ],
    [
      'balena-socket',
      [
        '/var/run/docker.sock:/host/run/balena-engine.sock',
        '/var/run/docker.sock:/var/run/docker.sock',
        '/var/run/docker.sock:/var/run/balena.sock',
      ],
    ],
    ['extra-firmware', ['/extra-firmware']],
  ] as const) {
    test(`${feature}: ${mounts.join(', ')}`, () => {
      assert.deepEqual(mountsOf(feature), mounts)
    })
  }

  test('only where the value says yes', () => {
    for (const value of ['0', 'false', '', 'no', 'off', '2']) {
      assert.equal(settingsOf({}, featured('dbus', value)).mounts.length, 2, value)
    }
    for (const value of ['1', 'true', 'TRUE', 'on']) {
      assert.equal(settingsOf({}, featured('dbus', value)).mounts.length, 3, value)
    }
  })

  test('the socket of the engine never becomes a directory, and is found by a variable unless one is said', () => {
    const given = settingsOf({}, featured('balena-socket'))
    assert.equal(given.environment.DOCKER_HOST, 'unix:///host/run/balena-engine.sock')
    assert.ok(given.mounts.slice(2).every((mount) => mount.kind === 'bind' && !mount.isSourceMade))
    assert.equal(
      settingsOf({ environment: { DOCKER_HOST: 'tcp://x' } }, featured('balena-socket')).environment.DOCKER_HOST,
      'tcp://x',
    )
  })

  test('one graphics processor', () => {
    assert.deepEqual(settingsOf({}, featured('gpu')).deviceRequests, [
      { driver: '', count: 1, deviceIds: [], capabilities: [['gpu']], options: {} },
    ])
  })

  test('the key of the device for the cloud, whatever the service says; of a device without a cloud it is told', () => {
    const cloud = { apiEndpoint: 'https://api.example', deviceApiKey: 'k' }
    const state = stateOf({
      services: { main: oneService({ ...featured('balena-api'), environment: { BALENA_API_KEY: 'x' } }) },
    })
    const { environment } = appOf(state, { ...facts, cloud }).services.main!.container!.settings
    assert.deepEqual([environment.BALENA_API_KEY, environment.RESIN_API_URL], ['k', 'https://api.example'])
    assert.match(
      saidOf({}, featured('balena-api'))[0]!,
      /^warning: .*the label io.balena.features.balena-api has no effect: this device belongs to no cloud$/,
    )
  })

  test('the API of the device: a key of its own that stays the same, and the network on which it is', () => {
    const { environment, networks } = settingsOf({}, featured('supervisor-api'))
    assert.match(environment.BALENA_SUPERVISOR_API_KEY ?? '', /^[0-9a-f]{32}$/)
    assert.equal(environment.RESIN_SUPERVISOR_API_KEY, environment.BALENA_SUPERVISOR_API_KEY)
    assert.equal(environment.BALENA_SUPERVISOR_ADDRESS, 'http://10.114.104.1:48484')
    assert.deepEqual(
      networks.map(({ engineName }) => engineName),
      [`${appUuid}_default`, 'supervisor0'],
    )
    assert.equal(
      settingsOf({}, featured('supervisor-api')).environment.BALENA_SUPERVISOR_API_KEY,
      environment.BALENA_SUPERVISOR_API_KEY,
    )
    const app = appOf(
      stateOf({
        services: { main: oneService(featured('supervisor-api')), other: oneService(featured('supervisor-api')) },
      }),
    )
    assert.notEqual(
      app.services.other?.container?.settings.environment.BALENA_SUPERVISOR_API_KEY,
      environment.BALENA_SUPERVISOR_API_KEY,
    )
    const network = Object.values(app.resources!.networks).find(({ engineName }) => engineName === 'supervisor0')
    assert.deepEqual(network?.ipam?.config[0]?.subnet, '10.114.104.0/25')
  })

  test('a key that was given otherwise is kept', () => {
    const serviceKeys = { secret: 's', given: { '1234/main': 'c0ffee' } }
    const app = appOf(stateOf({ services: { main: oneService(featured('supervisor-api')) } }), {
      ...facts,
      serviceKeys,
    })
    assert.equal(app.services.main?.container?.settings.environment.BALENA_SUPERVISOR_API_KEY, 'c0ffee')
  })

  test('in the network of the host the API is at home', () => {
    const { environment, networks } = settingsOf({ network_mode: 'host' }, featured('supervisor-api'))
    assert.deepEqual([environment.BALENA_SUPERVISOR_HOST, networks], ['127.0.0.1', []])
  })

  test('the volume for firmware is one for all apps, and the board is told by variables', () => {
    const app = appOf(stateOf({ services: { main: oneService(featured('extra-firmware')) } }))
    assert.ok(Object.values(app.resources!.volumes).some(({ engineName }) => engineName === 'extra-firmware'))
    assert.equal(settingsOf({}, featured('host-os.board-rev')).environment.BALENA_HOST_OS_BOARD_REV, 'a1b2c3')
  })

  test('what this host does not have, and what nobody knows, is told; when only the text is checked, the former is not', () => {
    const state = stateOf({
      services: {
        main: oneService({ labels: { 'io.balena.features.firmware': '1', 'io.balena.features.wings': '1' } }),
      },
    })
    const bare = { ...facts, has: { kernelModules: false, firmware: false } }
    assert.deepEqual(
      said(decode(state, bare)).map((line) => line.replace(/^.*the label/, 'the label')),
      [
        'the label io.balena.features.firmware has no effect: there is no /lib/firmware on this host',
        'the label io.balena.features.wings has no effect: it is not known here',
      ],
    )
    assert.deepEqual(said(decode(state, null)), [])
  })
})

describe('how it is replaced', () => {
  const strategyOf = (labels: Json) => containerOf({}, { labels }).strategy
  const done = ['handover-complete', 'resin-kill-me'].map((name) => `/tmp/balena-supervisor/services/1234/main/${name}`)

  test('by the label of its strategy, also by its older name', () => {
    assert.deepEqual(strategyOf({}), { kind: 'download-then-kill' })
    assert.deepEqual(strategyOf({ 'io.balena.update.strategy': 'delete-then-download' }), {
      kind: 'delete-then-download',
    })
    assert.deepEqual(strategyOf({ 'io.resin.update.strategy': 'kill-then-download' }), { kind: 'kill-then-download' })
  })

  test('a hand-over ends with a file, by either name, or after the time that a label says', () => {
    const hand = { 'io.balena.update.strategy': 'hand-over' }
    assert.deepEqual(strategyOf(hand), { kind: 'hand-over', timeoutMs: 60_000, doneFiles: done })
    assert.deepEqual(strategyOf({ ...hand, 'io.balena.update.handover-timeout': '8000' }), {
      ...{ kind: 'hand-over', timeoutMs: 8_000, doneFiles: done },
    })
  })

  test('what is none counts for nothing, and is told', () => {
    const labels = { 'io.balena.update.strategy': 'swap' }
    assert.deepEqual(strategyOf(labels), { kind: 'download-then-kill' })
    assert.match(
      saidOf({}, { labels })[0]!,
      /warning: .*says 'swap', which is no strategy: download-then-kill is taken; write/,
    )
    const late = { 'io.balena.update.strategy': 'hand-over', 'io.balena.update.handover-timeout': 'soon' }
    assert.match(
      saidOf({}, { labels: late })[0]!,
      /warning: .*says 'soon', which is no number of milliseconds: 60000 is taken/,
    )
    const reboot = { 'io.balena.update.requires-reboot': '1' }
    assert.match(saidOf({}, { labels: reboot })[0]!, /warning: .*requires-reboot has no effect: it is started at once/)
  })
})
