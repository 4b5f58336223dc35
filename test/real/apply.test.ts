import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChangeReport } from '../../src/wire/api.ts'
import { type Daemon, type Home, realTest, runCli, type StartOptions } from './harness.ts'
import { until } from './until.ts'

/** No container engine answers here: what is declared is seen, and nothing of it runs. */
function without(home: Home): Readonly<Record<string, string>> {
  return { DOCKER_HOST: `unix://${home.directory}/no-engine.sock` }
}

async function begin(home: Home, options: StartOptions = {}, sources: readonly string[] = []): Promise<Daemon> {
  const daemon = home.launch(sources, {
    environment: without(home),
    ...options,
    arguments: ['--allow-empty', ...(options.arguments ?? [])],
  })
  await until('the daemon to answer', async () => {
    assert.equal(daemon.ended(), null, home.stderr())
    return (await home.cli('ps')).code === 0
  })
  return daemon
}

const service = { id: 11, image_id: 21, image: 'shop/main', environment: {}, labels: {} }

function app(name: string, services: Readonly<Record<string, object>> = { main: service }) {
  // Of no other app: containers are called by it.
  return { id: 1234, name, releases: { [`beef${name}`]: { id: 7, services } } }
}

function stateOf(apps: Readonly<Record<string, object>>): string {
  return JSON.stringify({ f00d: { name: 'dev', config: {}, apps } }, null, 2)
}

async function units(home: Home): Promise<readonly string[]> {
  return (await home.api.units()).map(({ unit }) => unit).toSorted()
}

const steady = { command: ['sleep', 'infinity'] }

realTest('a state that was applied holds over a crash and a restart, beside what files declare', {}, async (home) => {
  const file = home.declare('web', { p: steady })
  const state = home.write('target.json', stateOf({ aaaa: app('shop') }))
  const first = await begin(home, {}, [file])
  const applied = await home.cli('apply', state)
  assert.equal(applied.code, 0, applied.stderr)
  assert.match(applied.stdout, /shop\/main {2}added/)
  assert.match(applied.stderr, /target\.json:\d+:\d+: warning: .*the uuid of this device is not known/)
  assert.deepEqual(await units(home), ['shop/main/1', 'web/p/1'])
  await first.crash()
  const second = await begin(home)
  assert.deepEqual(await units(home), ['shop/main/1', 'web/p/1'])
  await second.stop()
  await begin(home)
  assert.deepEqual(await units(home), ['shop/main/1', 'web/p/1'])
  const again = await home.cli('apply', state)
  assert.deepEqual([again.code, again.stderr], [0, ''])
  assert.match(again.stdout, /nothing changed .*1 unchanged|= 2 unchanged/)
})

realTest('a later state takes the place of the one before, and files are left alone, also by up', {}, async (home) => {
  const file = home.declare('web', { p: steady })
  const other = home.declare('other', { q: steady })
  await begin(home, {}, [file])
  await home.cli('apply', home.write('one.json', stateOf({ aaaa: app('shop'), bbbb: app('till') })))
  await home.untilState('web/p', 'running')
  const pid = (await home.unit('web/p')).pid
  const next = await home.cli(
    'apply',
    home.write('two.json', stateOf({ bbbb: app('till', { main: service, more: service }) })),
  )
  assert.match(next.stdout, /till\/more {2}added[\s\S]*shop\/main {2}removed/)
  assert.equal((await home.unit('web/p')).pid, pid)
  await home.cli('up', other)
  const declared = (await home.api.units()).filter(({ reason }) => !/no longer declared/.test(reason))
  assert.ok(declared.some(({ unit }) => unit === 'till/more/1'))
  await home.untilState('other/q', 'running')
})

realTest('a state with errors is refused by every one of them, and nothing changes', {}, async (home) => {
  await begin(home)
  await home.cli('apply', home.write('good.json', stateOf({ aaaa: app('shop') })))
  const kept = readFileSync(join(home.directory, 'state/balena/target.json'), 'utf8')
  const bad = { ...service, id: 'x', composition: { restart: 'sometimes', mem_limit: 'lots' } }
  const result = await home.cli('apply', home.write('bad.json', stateOf({ aaaa: app('shop', { main: bad }) })))
  assert.equal(result.code, 6)
  assert.deepEqual(
    result.stderr.split('\n').map((line) =>
      line
        .replace(/^.*?(?=bad\.json)/, '')
        .replace(/f00d.*main\./, '')
        .replace(/;.*/, ''),
    ),
    ["bad.json:14:23: id: 'x' is not a whole number of at least 0", 'holdfast: 1 error', ''],
  )
  const wrong = { ...service, composition: { restart: 'sometimes', mem_limit: 'lots' } }
  const values = await home.cli('apply', home.write('bad.json', stateOf({ aaaa: app('shop', { main: wrong }) })))
  assert.match(
    values.stderr,
    /restart: 'sometimes' is not a restart policy.*\n.*mem_limit: 'lots' is not a size.*\nholdfast: 2 errors/,
  )
  // What only the daemon can tell is told with the name of the file as well.
  const elsewhere = await home.cli('apply', home.write('elsewhere.json', JSON.stringify({ other: { apps: {} } })))
  assert.equal(elsewhere.code, 6)
  assert.match(elsewhere.stderr, /elsewhere\.json:1:1: this state is for other, and this device is f00d/)
  assert.equal(readFileSync(join(home.directory, 'state/balena/target.json'), 'utf8'), kept)
  assert.equal(existsSync(join(home.directory, 'state/balena/target.json.offered')), false)
  assert.deepEqual(await units(home), ['shop/main/1'])
})

realTest('an app whose contract this device does not meet stays as it was, and the others go on', {}, async (home) => {
  await begin(home)
  await home.cli('apply', home.write('one.json', stateOf({ aaaa: app('shop') })))
  const contract = { requires: [{ type: 'sw.supervisor', version: '>=99' }] }
  const demanding = app('shop', { main: { ...service, contract }, more: service })
  const result = await home.cli('apply', home.write('two.json', stateOf({ aaaa: demanding, bbbb: app('till') })))
  assert.equal(result.code, 0, result.stderr)
  assert.match(
    result.stderr,
    /two\.json:.* warning: .*the release beefshop of shop is not taken: main: it needs sw\.supervisor >=99/,
  )
  assert.deepEqual(await units(home), ['shop/main/1', 'till/main/1'])
})

realTest('a plan of a state changes nothing, from a file or from stdin', {}, async (home) => {
  await begin(home)
  const state = home.write('target.json', stateOf({ aaaa: app('shop') }))
  const planned = await home.cli('apply', '--dry-run', '--json', state)
  assert.equal(planned.code, 7)
  const report: ChangeReport = JSON.parse(planned.stdout)
  assert.deepEqual([report.isApplied, report.changes.map(({ service: name }) => name)], [false, ['main']])
  assert.deepEqual(await units(home), [])
  assert.equal(existsSync(join(home.directory, 'state/balena/target.json')), false)
  await home.cli('apply', state)
  assert.equal((await home.cli('apply', '--dry-run', state)).code, 0)
})

realTest('apply starts a daemon where none runs', {}, async (home) => {
  const state = home.write('target.json', stateOf({ aaaa: app('shop') }))
  const env = { ...without(home), PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory }
  const result = await runCli(['apply', state], { cwd: home.directory, env })
  assert.equal(result.code, 0, result.stderr)
  assert.match(result.stderr, /no daemon answered for .*, so one was started in the background/)
  assert.deepEqual(await units(home), ['shop/main/1'])
  assert.equal((await home.cli('down', '--yes')).code, 0)
})

realTest(
  'what the device was delivered with is taken once, and never over a state that was applied',
  {},
  async (home) => {
    const preloaded = JSON.stringify({
      apps: {
        77: {
          name: 'old',
          commit: 'c',
          releaseId: 3,
          services: {
            4: { imageId: 2, serviceName: 'web', image: 'old/web', labels: {}, environment: {} },
          },
        },
      },
    })
    const path = home.write('apps.json', preloaded)
    const first = await begin(home, { arguments: ['--preload', path] })
    await until('the apps to be there', async () => (await units(home)).includes('old/web/1'))
    await until('the file to be set aside', () => existsSync(`${path}.preloaded`) && existsSync(path))
    assert.equal(readFileSync(path, 'utf8'), '{}')
    assert.equal(readFileSync(`${path}.preloaded`, 'utf8'), preloaded)
    await first.stop()
    home.write('apps.json', preloaded.replace('"old"', '"again"'))
    await begin(home, { arguments: ['--preload', path] })
    await until('the state to be read', () => home.stderr().includes('1 units declared in'))
    // Its turn comes after that of the preloaded apps.
    assert.equal((await home.cli('reload')).code, 0)
    assert.deepEqual(await units(home), ['old/web/1'])
    assert.match(readFileSync(path, 'utf8'), /again/)
  },
)

realTest('a file of preloaded apps that is wrong is told, and the daemon goes on', {}, async (home) => {
  const path = home.write('apps.json', '{"apps": {"77": {"commit": "c"}}}')
  await begin(home, { arguments: ['--preload', path] })
  await until('it to be told', () => home.stderr().includes('has errors, see above: nothing is preloaded'))
  assert.match(home.stderr(), /apps\.json:1:\d+: apps\.77\.name: this is missing/)
  assert.deepEqual(await units(home), [])
  assert.equal(existsSync(`${path}.preloaded`), false)
})
