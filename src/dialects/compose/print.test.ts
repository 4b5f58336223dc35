import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { App, Target } from '../../core/model.ts'
import { printProblem } from '../../formats/format-error.ts'
import { parseYaml } from '../../formats/yaml.ts'
import { printYaml, type YamlRecord, type YamlValue } from '../../formats/yaml-text.ts'
import { decodeSources } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'
import type { KeySpec, MapSpec } from './key-table.ts'
import { appMap, serviceMap } from './keys.ts'
import { extraMap } from './keys-extras.ts'
import { printAppText } from './print.ts'
import { holdfastSchema } from './schema.ts'
import { drawMap, drawValue, plainOf, schemaFaults } from './schema-fixture.ts'

const environment = { HOME: '/root', A: 'from the daemon' }

/** What the examples of the keys name. */
const files: Readonly<Record<string, string>> = {
  '/srv/shop/common.yaml': 'services: {b: {command: x, labels: {from: common}}}',
  '/srv/shop/more.env': 'FROM_FILE=$HOME\nA=file',
  '/srv/shop/web.env': 'FROM_FILE=1',
}

async function decode(
  path: string,
  text: string,
): Promise<{ readonly target: Target; readonly errors: readonly string[] }> {
  const reader = memorySourceReader({ files: { ...files, [path]: text }, environment })
  const { target, problems } = await decodeSources([path], reader, { lenient: false, descriptorsMax: null })
  return { target, errors: problems.filter(({ severity }) => severity === 'error').map(printProblem) }
}

const schema = holdfastSchema()

async function assertRoundTrip(text: string): Promise<boolean> {
  const { target, errors } = await decode('/srv/shop/holdfast.yaml', text)
  if (errors.length > 0) return false
  for (const root of (await parseYaml(text, 'f')).roots) assert.deepEqual(schemaFaults(plainOf(root), schema), [], text)
  for (const style of ['short', 'complete'] as const) {
    const printed = Object.values(target.apps).map((app) => printYaml(printAppText(app, style)))
    // Somewhere else, so that nothing depends on where the file lies.
    const again = await decode('/etc/other/printed.yaml', printed.join('---\n'))
    assert.deepEqual(again.errors, [], `${text}\nis printed as\n${printed.join('---\n')}`)
    assert.deepEqual(
      withoutSource(again.target),
      withoutSource(target),
      `${text}\nis printed as\n${printed.join('---\n')}`,
    )
  }
  return true
}

function withoutSource(target: Target): readonly App[] {
  return Object.values(target.apps).map((app) => ({ ...app, source: '' }))
}

const seed = process.env.FUZZ_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.FUZZ_SEED)

/** The keys that a service of that kind has. */
function keysOf(map: MapSpec, kind: 'process' | 'container'): MapSpec {
  const keys = Object.entries<KeySpec>(map.keys).filter(([, { of }]) => of === undefined || of === kind)
  return { ...map, keys: Object.fromEntries(keys) }
}

/** What services of either kind can name. */
const around = {
  networks: { b: { internal: true }, default: { driver: 'bridge' }, out: { external: true } },
  volumes: { b: {}, data: { driver_opts: { type: 'none', o: 'bind', device: './data' } } },
  secrets: { b: { file: './secret.txt' } },
  configs: { b: { file: './secret.txt' } },
}

for (const kind of ['process', 'container'] as const) {
  test(`whatever the table of keys allows a ${kind} and the decoder takes, the schema takes, and it is printed as it was (seed ${seed})`, async () => {
    const needed = kind === 'process' ? 'command' : 'image'
    const extras = drawMap(keysOf(extraMap, kind), {})
    const own = drawMap({ ...keysOf(serviceMap, kind), requiredAny: [needed] }, { [needed]: 'x' })
    const app = drawApp(kind)
    const needs = drawNeeds()
    let taken = 0
    let tried = 0
    const property = fc.asyncProperty(own, extras, app, needs, async (service, extra, appOwn, needed) => {
      const text = printYaml({
        ...around,
        'x-holdfast': appOwn,
        services: {
          a: { ...(service as Readonly<Record<string, YamlValue>>), 'x-holdfast': extra },
          b: { command: 'b', depends_on: needed, 'x-holdfast': { readiness: { tcp: 1 } } },
          A: { command: 'b' },
          d: appOwn.name === undefined ? { image: 'd', networks: ['out', 'default'] } : undefined,
          l: appOwn.listener === undefined ? undefined : listening,
        },
      })
      tried += 1
      if (await assertRoundTrip(text)) taken += 1
    })
    await fc.assert(property, { seed, numRuns: 400 })
    assert.ok(taken > tried / 10, `only ${taken} of ${tried} files were taken: draw better ones`)
  })
}

/** What is said of an app. One with containers is not called otherwise. */
function drawApp(kind: 'process' | 'container'): fc.Arbitrary<YamlRecord> {
  const draw = (key: 'release' | 'listener') =>
    fc.option(drawValue(appMap.keys[key].value, appMap.keys[key].example as YamlValue), { nil: undefined })
  const names = kind === 'process' ? [undefined, undefined, undefined, 'noVNC', 'Web+1', 'f'] : [undefined]
  return fc.record({ name: fc.constantFrom(...names), release: draw('release'), listener: draw('listener') })
}

const listening: YamlRecord = { command: 'l', 'x-holdfast': { stdin: 'events', logs: { stderr: 'own' } } }

/** Of services beside it, and of other apps. */
function drawNeeds(): fc.Arbitrary<YamlValue | undefined> {
  const { value } = serviceMap.keys.depends_on
  const map = value.kind === 'either' ? value.of.find((one) => one.kind === 'named') : undefined
  assert(map?.kind === 'named')
  const name = fc.constantFrom('A', 'mail/queue', 'Web+1/A', 'f/A')
  return fc.oneof(
    fc.constant(undefined),
    fc.array(name, { minLength: 1, maxLength: 3 }),
    fc.dictionary(name, drawValue(map.value, { condition: 'service_started' }), { maxKeys: 3, noNullPrototype: true }),
  )
}

const folder = (path: string) => new URL(`../../../${path}`, import.meta.url)

const samples = [
  ...readdirSync(folder('test/fuzz/corpus/yaml')).map((name) => `test/fuzz/corpus/yaml/${name}`),
  ...globSync('examples/*/*.yaml', { cwd: folder('.') }),
  'test/real/fixtures/documents.yaml',
]

for (const file of samples) {
  test(`${file} is printed as it was, if it is good, and the schema takes it then`, async () => {
    const isTaken = await assertRoundTrip(readFileSync(folder(file), 'utf8'))
    if (file.endsWith('-good.yaml')) assert.ok(isTaken, 'it has problems')
  })
}

test('what an app says is in its print, short or complete', async () => {
  const text = readFileSync(folder('examples/quickstart/holdfast.yaml'), 'utf8')
  const { target } = await decode('/srv/quickstart/holdfast.yaml', text)
  const { services } = printAppText(target.apps.quickstart!, 'short') as { services: Record<string, YamlValue> }
  assert.deepEqual(services.worker, {
    command: ['sh', 'worker.sh'],
    working_dir: '/srv/quickstart',
    restart: 'on-failure',
    'x-holdfast': { stable_after: '5s', backoff: { initial: '500ms', max: '10s' } },
  })
  const complete = printAppText(target.apps.quickstart!, 'complete') as { services: Record<string, YamlValue> }
  assert.deepEqual((complete.services.shard as { scale: number }).scale, 3)
  assert.match(
    printYaml({ a: complete.services.worker }),
    /stop_grace_period: 10s\n[\s\S]*manual_stop: until-started\n/,
  )
})

test('what a service directory says beyond the format is told by x-runit, and the print can be read', async () => {
  const files = {
    '/etc/sv/web/run': '',
    '/etc/sv/web/finish': '',
    '/etc/sv/web/holdfast.conf': 'stop_timeout = 5s',
    '/etc/sv/web/control/t': '',
    '/etc/sv/web/control/d': '',
    '/etc/sv/web/log/run': '',
    '/etc/sv/own/run': '',
    '/etc/sv/own/log/run': '#!/bin/sh\nexec svlogd -tt -l 100 /var/log/own',
    '/etc/sv/own/holdfast.conf': 'logger = builtin',
  }
  const modes = { '/etc/sv/web/control/t': 0o755, '/etc/sv/web/control/d': 0o755 }
  const reader = memorySourceReader({ files, modes })
  const { target } = await decodeSources(['/etc/sv'], reader, { lenient: false, descriptorsMax: null })
  const printed = printAppText(target.apps.sv!, 'short')
  const services = printed.services as Readonly<Record<string, Readonly<Record<string, YamlValue>>>>
  const kill = { signal: 'KILL', scope: 'tree', wait: '5s' }
  const term = { signal: 'TERM', scope: 'main', wait: '0s' }
  const scripted = { ...term, script: ['control/t'] }
  assert.deepEqual(services.web!['x-runit'], {
    logger: { unit: 'sv/web.log/1', stderr: 'own' },
    stop: [
      scripted,
      { signal: 'CONT', scope: 'main', wait: '0s' },
      { signal: '0', scope: 'main', wait: '5s', script: ['control/d'] },
      kill,
    ],
    retire: [scripted, { signal: 'CONT', scope: 'main', wait: '5s' }, kill],
    signal_scripts: { TERM: ['control/t'] },
    finish: true,
    autostart: 'when-taken-up',
  })
  const extras = services.web!['x-holdfast'] as Readonly<Record<string, YamlValue>>
  assert.deepEqual(extras.stop, [term, { signal: 'CONT', scope: 'main', wait: '5s' }, kill])
  assert.deepEqual(extras.hooks, { post_stop: { command: ['./finish'], timeout: 'none', ignore_failure: true } })
  assert.deepEqual(services['web.log']!['x-runit'], {
    reads: 'sv/web/1',
    retire: [{ signal: 'EOF', scope: 'main', wait: '5s' }, kill],
    autostart: 'when-taken-up',
  })
  assert.deepEqual(services.own!['x-runit'], {
    logger: { svlogd: { directories: ['/var/log/own'], stamp: 'date', line_bytes_max: 100 }, stderr: 'own' },
    autostart: 'when-taken-up',
  })
  assert.deepEqual((await decode('/etc/printed.yaml', printYaml(printed))).errors, [])
})
