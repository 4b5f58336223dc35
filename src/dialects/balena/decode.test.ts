import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configDepthMax } from '../../core/limits.ts'
import { validateApp } from '../../core/target/validate.ts'
import { printProblem } from '../../formats/format-error.ts'
import { memorySourceReader } from '../memory-source-reader.ts'
import { decodeBalena } from './decode.ts'
import { appOf, appUuid, decode, facts, type Json, oneService, said, stateOf, uuid } from './fixture.ts'

const plain = stateOf({ services: { main: oneService() } })

/** What is wrong, with its place; of a state that is refused whole. */
function refused(state: unknown, device: typeof facts | null = facts): readonly string[] {
  const { apps, problems } = decode(state, device)
  assert.deepEqual(apps, [])
  return problems.filter(({ severity }) => severity === 'error').map(printProblem)
}

/** As lines of text, so that places are seen. */
function lines(state: unknown): readonly string[] {
  return JSON.stringify(state, null, 2).split('\n')
}

describe('version 3', () => {
  test('an app has the name, the networks and volumes, and the release of the state', () => {
    const state = stateOf({
      services: { main: oneService() },
      volumes: { data: { driver_opts: { size: 5 }, labels: { 'io.resin.x': '1' } } },
      networks: {
        back: {
          internal: true,
          enable_ipv6: 'true',
          ipam: { config: [{ subnet: '10.1.0.0/24', gateway: '10.1.0.1' }] },
        },
      },
    })
    const { name, source, dialect, resources, release, services } = appOf(state)
    assert.deepEqual([name, source, dialect, Object.keys(services)], ['shop', '/target.json', 'balena', ['main']])
    assert.deepEqual(release, { id: 'deadbeef', minHealthyMs: 10_000, deadlineMs: 300_000, isReverted: true })
    assert.deepEqual(resources?.volumes, {
      data: {
        engineName: '1234_data',
        isExternal: false,
        driver: 'local',
        driverOpts: { size: '5' },
        labels: { 'io.balena.x': '1', 'io.balena.supervised': 'true', 'io.balena.app-uuid': appUuid },
      },
    })
    const { back, default: usual } = resources!.networks
    assert.deepEqual([usual?.engineName, usual?.isConfigOnly, usual?.ipam], [`${appUuid}_default`, false, null])
    assert.deepEqual([back?.engineName, back?.isInternal, back?.enableIpv6], [`${appUuid}_back`, true, true])
    assert.deepEqual(back?.ipam?.config, [
      { subnet: '10.1.0.0/24', gateway: '10.1.0.1', ipRange: null, auxAddresses: {} },
    ])
    assert.deepEqual(back?.labels, {
      'io.balena.app-id': '1234',
      'io.balena.supervised': 'true',
      'io.balena.private.ipam.config': 'true',
    })
  })

  test('with every service in the network of the host the default network is only a name', () => {
    const host = stateOf({ services: { main: oneService({}, { network_mode: 'host' }) } })
    assert.equal(appOf(host).resources?.networks.default?.isConfigOnly, true)
    assert.equal(appOf(stateOf({ services: {} })).resources?.networks.default?.isConfigOnly, true)
  })

  test('a network or a volume of which nothing is said is one', () => {
    const composition = { networks: ['back'], volumes: ['data:/data'] }
    const { resources } = appOf(
      stateOf({ services: { main: oneService({}, composition) }, networks: { back: null }, volumes: { data: null } }),
    )
    assert.equal(resources?.networks.back?.engineName, `${appUuid}_back`)
    assert.equal(resources?.volumes.data?.engineName, '1234_data')
  })

  test('a service that is not to run is declared, and wanted down', () => {
    assert.equal(appOf(stateOf({ services: { main: oneService({ running: false }) } })).services.main?.autostart, false)
    assert.equal(appOf(plain).services.main?.autostart, true)
  })

  test('numbers may be written as texts, and fields that nobody knows are let be', () => {
    const service = oneService({ id: '11', image_id: '21', later: true })
    const app = appOf(stateOf({ id: '7', services: { main: service }, later: 1 }, { later: {} }, { later: [] }))
    assert.equal(app.services.main?.container?.containerName, 'main_21_7_deadbeef')
  })

  test('only the first release counts, which is told; an app without any is not there', () => {
    const release = { id: 7, services: { main: oneService() } }
    const app = { id: 1, name: 'shop', releases: { one: release, two: release } }
    const two = decode({ [uuid]: { name: 'd', config: {}, apps: { a: app } } })
    assert.deepEqual(said(two), [
      `warning: ${uuid}.apps.a.releases.two: only the first release counts: one; remove the others`,
    ])
    assert.equal(two.apps[0]?.release?.id, 'one')
    assert.deepEqual(decode({ [uuid]: { apps: { a: { id: 1, name: 'shop' } } } }).apps, [])
  })

  test('two apps of one name are told apart by their uuids, and names are made safe', () => {
    const app = (name: string) => ({ id: 1, name, releases: { c: { id: 7, services: { main: oneService() } } } })
    const apps = { aaaaaaaa1: app('shop'), bbbbbbbb2: app('shop'), cccc: app('a/b\u0007c'), dddd: app('..') }
    const found = decode({ [uuid]: { apps } }).apps
    assert.deepEqual(
      found.map(({ name }) => name),
      ['shop-aaaaaaaa', 'shop-bbbbbbbb', 'a-b-c', 'dddd'],
    )
    for (const one of found) assert.deepEqual(validateApp(one), [])
  })

  test('update locks are where the device says, and count for nothing where its configuration says so', () => {
    const lockFiles = (state: Json) =>
      appOf(state, { ...facts, lockRoot: '/locks' }).services.main?.container?.lockFiles
    assert.deepEqual(lockFiles(plain), ['/locks/1234/main/updates.lock', '/locks/1234/main/resin-updates.lock'])
    const override = (name: string, value: string) => {
      return lockFiles(stateOf({ services: { main: oneService() } }, {}, { config: { [name]: value } }))
    }
    assert.deepEqual(override('RESIN_SUPERVISOR_OVERRIDE_LOCK', 'true'), [])
    assert.equal(override('BALENA_SUPERVISOR_OVERRIDE_LOCK', '0')?.length, 2)
  })
})

describe('which device it is for', () => {
  test('the state of another device is refused', () => {
    assert.match(
      refused({ other: {} })[0]!,
      /^\/target.json:1:1: this state is for other, and this device is f00d.*; fetch the state/,
    )
  })

  test('of a device that does not know its uuid the only one there is taken, and told', () => {
    const unknown = { ...facts, uuid: null }
    const { apps, device } = decode(plain, unknown)
    assert.equal(apps.length, 1)
    assert.deepEqual(device, { uuid, name: 'still-waterfall' })
    assert.match(
      said(decode(plain, unknown))[0]!,
      /^warning: .*the uuid of this device is not known, and this one is taken/,
    )
    assert.match(refused({ ...plain, other: {} }, unknown)[0]!, /there are 2 devices in this state/)
    assert.match(refused({}, unknown)[0]!, /there is no device in this state/)
  })

  test('where neither knows, it has the uuid that was made for it', () => {
    const local = { local: { apps: { 1: { name: 'x', commit: 'c', releaseId: 1, services: {} } } } }
    assert.equal(decode(local, { ...facts, uuid: null }).device?.uuid, facts.uuidElse)
  })

  test('without any device every record is checked as it is written', () => {
    assert.deepEqual(said(decode(plain, null)), [])
    assert.match(
      refused({ ...plain, other: { apps: [] } }, null)[0]!,
      /other.apps: an object is expected here, not a list/,
    )
  })
})

describe('version 2, as it is posted to the device itself', () => {
  const local = (app: Json): Json => ({ local: { name: 'dev', config: {}, apps: { 1: { name: 'localapp', ...app } } } })
  const release = { commit: '10ca12e1ea5e', releaseId: '1' }

  test('its fields are those of version 3, and what is none of them is the composition', () => {
    const service = { serviceId: 9, imageId: 2, serviceName: 'web', image: 'local_image_web:latest', running: true }
    const state = local({
      ...release,
      services: { 3: { ...service, restart: 'no', ports: ['80:80'], environment: { A: '1' } } },
    })
    const { name, services, resources } = appOf(state)
    const { containerName, image, settings, lockFiles } = services.web!.container!
    assert.deepEqual([name, containerName, image], ['localapp', 'web_2_1_10ca12e1ea5e', 'local_image_web:latest'])
    assert.deepEqual([settings.restart.name, settings.ports.length, settings.environment.A], ['no', 1, '1'])
    assert.deepEqual([settings.labels['io.balena.service-id'], settings.labels['io.balena.app-uuid']], ['3', '1'])
    assert.equal(resources?.networks.default?.engineName, '1_default')
    assert.equal(lockFiles[0], '/tmp/balena-supervisor/services/1/web/updates.lock')
  })

  test('without a commit nothing of an app is to run', () => {
    assert.deepEqual(decode(local({ services: {} })).apps, [])
  })

  test('what is missing or wrong is told at its place', () => {
    const services = {
      x: { serviceName: 'a', imageId: 1, image: 'i' },
      2: { image: 'i' },
      3: { serviceName: '-', imageId: 1, image: 'i' },
    }
    assert.deepEqual(
      refused(local({ ...release, services })).map((line) => line.replace(/^.*?local\.apps\.1\.services\./, '')),
      [
        '2.serviceName: this is missing; write the name of the service',
        '2.imageId: this is missing; write the number of the image',
        "3.serviceName: '-' cannot be the name of a service; use letters, digits, _, . and -, beginning with a letter or digit",
        "x: 'x' is not the number of a service; write digits",
      ],
    )
    assert.match(refused({ local: { apps: { shop: { name: 'x' } } } })[0]!, /'shop' is not the number of an app/)
    const twice = { 1: { serviceName: 'a', imageId: 1, image: 'i' }, 2: { serviceName: 'a', imageId: 2, image: 'i' } }
    assert.match(refused(local({ ...release, services: twice }))[0]!, /there are two services called 'a'/)
  })

  test("'force' beside it has no effect here, which is told with the option that has", () => {
    assert.match(said(decode({ ...local({}), force: true }))[0]!, /^warning: force: .*holdfast apply --force$/)
  })
})

describe('what images are preloaded with', () => {
  test('apps by their uuid, as in version 3', () => {
    const apps = { [appUuid]: { id: 5, name: 'shop', releases: { c: { id: 7, services: { main: oneService() } } } } }
    assert.equal(
      appOf({ config: { A: '1' }, apps, pinDevice: true }).services.main?.container?.containerName,
      'main_21_7_c',
    )
  })

  test('apps by their number, as in version 2: the number is the uuid', () => {
    const service = { imageId: 2, serviceName: 'web', image: 'i', labels: {}, environment: {} }
    const { name, services } = appOf({
      apps: { 77: { name: 'old', commit: 'c', releaseId: 3, services: { 4: service } } },
    })
    assert.deepEqual([name, services.web?.container?.settings.labels['io.balena.app-uuid']], ['old', '77'])
  })

  test('a list of apps of one container each, as long ago', () => {
    const app = {
      appId: 5,
      name: 'old',
      commit: 'c',
      imageId: 'registry.example/old',
      env: { A: '1', RESIN_X: '2' },
      config: { RESIN_SUPERVISOR_UPDATE_STRATEGY: 'hand-over', RESIN_SUPERVISOR_HANDOVER_TIMEOUT: '5000' },
    }
    const { services, resources } = appOf([app])
    const { settings, strategy, image, containerName } = services.main!.container!
    assert.deepEqual([image, containerName, settings.isPrivileged], ['registry.example/old:latest', 'main_1_1_c', true])
    assert.deepEqual(settings.networkMode, { kind: 'named', name: 'host' })
    assert.deepEqual([settings.environment.A, settings.environment.RESIN_X], ['1', undefined])
    assert.equal(strategy.kind === 'hand-over' && strategy.timeoutMs, 5_000)
    assert.deepEqual(resources?.volumes['resin-data']?.engineName, '5_resin-data')
    assert.ok(settings.mounts.some((mount) => mount.kind === 'volume' && mount.target === '/data'))
    assert.deepEqual(
      refused([{}]).map((line) => line.replace(/;.*/, '')),
      [
        '/target.json:2:3: [0].appId: this is missing',
        '/target.json:2:3: [0].commit: this is missing',
        '/target.json:2:3: [0].imageId: this is missing',
      ],
    )
  })
})

describe('what is wrong is told with its path, its line and column, and the remedy; and none of it is taken', () => {
  const broken = stateOf(
    {
      id: -1,
      services: {
        main: oneService({ id: 'x', image: '', environment: { A: 1, '1': 'x' }, labels: { 'a b': '' } }),
        'no/name': oneService(),
        other: 5,
      },
      volumes: [],
      networks: { 'a b': {} },
    },
    {},
    { name: 'a\nb', config: { 'a-b': 'x', C: 1 } },
  )

  test('each field by itself', () => {
    const written = lines(broken)
    const problems = decode(broken).problems.map(({ line, column, setting, message }) => {
      const text = written[line - 1]!.slice(column - 1).replace(/,$/, '')
      return `${setting.replace(`${uuid}.apps.${appUuid}.releases.deadbeef`, '…')}|${text.slice(0, 12)}|${message}`
    })
    assert.deepEqual(problems, [
      `${uuid}.name|"a\\nb"|there is a line break in the name`,
      `${uuid}.config.a-b|"x"|'a-b' cannot be the name of a variable`,
      `${uuid}.config.C|1|a text is expected here, not 1`,
      '….id|-1|-1 is not a whole number of at least 0',
      '….services.main.id|"x"|\'x\' is not a whole number of at least 0',
      '….services.main.image|""|the image has 0 characters',
      '….services.main.environment.1|"x"|\'1\' cannot be the name of a variable',
      '….services.main.environment.A|1|a text is expected here, not 1',
      '….services.main.labels["a b"]|""|\'a b\' cannot be the name of a label',
      '….services["no/name"]|{|\'no/name\' cannot be the name of a service',
      '….services.other|5|an object is expected here, not 5',
      '….volumes|[]|an object is expected here, not a list',
      '….networks["a b"]|{}|\'a b\' cannot be the name of a network',
    ])
    assert.deepEqual(decode(broken).apps, [])
    for (const { hint } of decode(broken).problems) assert.notEqual(hint, '')
  })

  test('names that become parts of the names of containers have neither blanks nor slashes', () => {
    const app = { id: 1, name: 'x', releases: { 'c/d': { id: 1, services: {} } } }
    assert.deepEqual(
      refused({ [uuid]: { apps: { 'a b': app } } }).map((line) => line.replace(/^.*: (?="[ac])/, '')),
      [
        '"a b" cannot be the uuid of an app; it has neither blanks nor slashes',
        '"c/d" cannot be the commit of a release; it has neither blanks nor slashes',
      ],
    )
  })

  test('a class that nobody knows, and what is missing', () => {
    assert.deepEqual(
      refused(stateOf({}, {}, { apps: { [appUuid]: { class: 'x' } } })).map((line) =>
        line.replace(/^.*?\.apps\.\w+\./, ''),
      ),
      [
        'id: this is missing; write the number of the app',
        'name: this is missing; write the name of the app',
        'class: \'x\' is no class of apps; write "fleet", "app" or "block"',
      ],
    )
  })

  test('an image that is no reference', () => {
    const line = refused(stateOf({ services: { main: oneService({ image: 'a b' }) } }))[0]!
    assert.match(line, /services\.main\.image: 'a b' is no reference of an image: .*; write it as registry/)
  })

  test('what is no JSON, or has a key twice', () => {
    assert.deepEqual(
      refused('{"a": }').map((line) => line.replace(/;.*/, '')),
      ["/target.json:1:7: a value is expected here, not '}'"],
    )
    const twice = JSON.stringify(plain).replace('"config":{}', '"config":{},"config":{"A":"1"}')
    assert.match(refused(twice).join(), /the key 'config' is there already, in line 1; remove one of them/)
    assert.match(refused('"text"')[0]!, /an object is expected here, not 'text'/)
    assert.match(refused('['.repeat(configDepthMax + 2))[0]!, /nested too deeply/)
  })

  test('a file that cannot be read', () => {
    const { problems } = decodeBalena('/gone.json', memorySourceReader({ files: {} }), facts)
    assert.deepEqual(problems.map(printProblem), [
      '/gone.json:1:1: cannot be read: there is no such file; check the path and its permissions',
    ])
  })
})

test('keys that mean something to JavaScript are keys like any other', () => {
  const text = JSON.stringify(stateOf({ services: { constructor: oneService(), toString: oneService({ id: 2 }) } }))
    .replace('"environment":{}', '"environment":{"__proto__":"x"}')
    .replace('"labels":{}', '"labels":{"__proto__":"y","constructor":"z"}')
  const { services } = appOf(text)
  assert.deepEqual(Object.keys(services), ['constructor', 'toString'])
  const { settings } = Object.values(services)[0]!.container!
  assert.equal(Object.entries(settings.environment).find(([key]) => key === '__proto__')?.[1], 'x')
  assert.equal(settings.labels.constructor, 'z')
})

test('where a value was written is known, of services by their own fields and by those of the composition', () => {
  const state = stateOf({
    services: { main: oneService({ environment: { A: '1' } }, { restart: 'no', depends_on: ['nobody'] }) },
  })
  const written = lines(state)
  const source = decode(state)
  const at = (...path: readonly string[]) => {
    const place = source.origin('shop', path)
    return place === null ? null : written[place.line - 1]!.slice(place.column - 1).replace(/,$/, '')
  }
  assert.equal(at('name'), '"shop"')
  assert.equal(at('services', 'main', 'image'), '"registry.example/shop/main:1"')
  assert.equal(at('services', 'main', 'restart'), '"no"')
  assert.equal(at('services', 'main', 'environment', 'A'), '"1"')
  assert.equal(at('services', 'main', 'ports'), null)
  assert.equal(at('services', 'nobody'), null)
  const [fault] = validateApp(source.apps[0]!)
  const { line, column, setting } = source.locate(fault!)
  assert.equal(written[line - 1]!.slice(column - 1), '"nobody"')
  assert.match(setting, /services\.main\.composition\.depends_on\[0\]$/)
})
