import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseYaml } from '../../formats/yaml.ts'
import { printYaml, type YamlRecord, type YamlValue } from '../../formats/yaml-text.ts'
import { decodeSources } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'
import type { KeySpec, MapSpec, ValueSpec } from './key-table.ts'
import { topMap } from './keys.ts'
import { holdfastSchema } from './schema.ts'
import { plainOf, schemaFaults } from './schema-fixture.ts'

/** One key of the table: where it stands, and a file with a value for it. */
interface Place {
  /** `services.a.healthcheck.interval`, as problems name it. */
  readonly path: string
  readonly spec: KeySpec
  readonly value: ValueSpec
  file(value: YamlValue): YamlRecord
}

const places: Place[] = []

function visitMap(map: MapSpec, path: string, file: (value: YamlValue) => YamlRecord): void {
  for (const [key, spec] of Object.entries(map.keys)) {
    const required = (map.required ?? []).map((one) => [one, map.keys[one]!.example] as const)
    const beside = { ...Object.fromEntries(required), ...spec.beside }
    const here = path === '' ? key : `${path}.${key}`
    visit({ path: here, spec, value: spec.value, file: (value) => file({ ...beside, [key]: value }) })
  }
}

function visit(place: Place): void {
  const { path, value, spec, file } = place
  if (value.kind === 'map') visitMap(value, path, file)
  if (value.kind === 'list') visit({ ...place, path: `${path}[0]`, value: value.items, file: (one) => file([one]) })
  if (value.kind === 'either') for (const one of value.of) visit({ ...place, value: one })
  if (value.kind === 'named') {
    const name = value.names?.[0] ?? (path === 'services' ? 'a' : 'b')
    visit({ ...place, path: `${path}.${name}`, value: value.value, file: (one) => file({ [name]: one }) })
  }
  if (value === spec.value) places.push(place)
}

visitMap(topMap, '', (value) => value as YamlRecord)

const other = { command: 'b', 'x-holdfast': { readiness: { tcp: 1 } } }

/** With a service that others can depend on. */
function whole(file: YamlRecord): YamlRecord {
  const services = file.services
  const isMap = typeof services === 'object' && services !== null && !Array.isArray(services)
  return isMap && !Object.hasOwn(services, 'b')
    ? { ...file, services: { ...(services as YamlRecord), b: other } }
    : file
}

async function problemsOf(text: string): Promise<readonly { readonly setting: string; readonly message: string }[]> {
  const reader = memorySourceReader({ files: { '/srv/shop/holdfast.yaml': text }, directories: ['/srv/shop'] })
  const { problems } = await decodeSources(['/srv/shop/holdfast.yaml'], reader, {
    lenient: false,
    descriptorsMax: null,
  })
  return problems
}

const schema = holdfastSchema()

test('every key is found', () => {
  const paths = places.map(({ path }) => path)
  for (const path of ['name', 'services.a.command', 'services.a.x-holdfast.backoff.jitter', 'x-holdfast.priority'])
    assert.ok(paths.includes(path), path)
  assert.ok(paths.includes('services.a.x-holdfast.instances[0].logs.stdout.max_age'))
})

for (const { path, spec, file } of places) {
  test(`${path}: its example is taken by the decoder and by the schema`, async () => {
    const document = whole(file(spec.example as YamlValue))
    const problems = (await problemsOf(printYaml(document))).filter(({ setting }) => setting !== 'version')
    assert.deepEqual(problems, [], printYaml(document))
    assert.deepEqual(schemaFaults(document, schema), [])
    assert.match(spec.what, /^[\p{L}'].*\.$/u, 'a description is made of sentences')
  })

  test(`${path}: a value of the wrong form is refused by the decoder and by the schema`, async () => {
    const document = whole(file([[{ nonsense: [] }]]))
    const problems = await problemsOf(printYaml(document))
    const isTold = problems.some(({ setting }) => setting.startsWith(path))
    // What has no meaning is not looked at.
    if (path === 'version') return
    assert.ok(isTold, `${printYaml(document)}${JSON.stringify(problems)}`)
    assert.notDeepEqual(schemaFaults(document, schema), [])
  })

  if (spec.value.kind === 'map') {
    const map = spec.value
    test(`${path}: keys it does not have, or not yet, are refused by the decoder and by the schema`, async () => {
      for (const key of ['nonsense', ...(map.notYet ?? [])]) {
        const document = whole(file({ [key]: 'x' }))
        const problems = await problemsOf(printYaml(document))
        assert.ok(
          problems.some(({ setting }) => setting === `${path}.${key}`),
          key,
        )
        assert.notDeepEqual(schemaFaults(document, schema), [], key)
      }
    })
  }
}

for (const lines of [
  'restart: alwys',
  'restart: on-failure:x',
  'scale: -1',
  'scale: many',
  'user: a b',
  'user: ""',
  'stop_signal: SIGTRM',
  'stop_grace_period: 10',
  'stop_grace_period: ten',
  'mem_limit: lots',
  'cpus: -1',
  'cpuset: a',
  'oom_score_adj: 2000',
  'ulimits: {nofiles: 1}',
  'ulimits: {nofile: {soft: 1}}',
  'ulimits: {nofile: -2}',
  'environment: text',
  'depends_on: {b: {condition: service_there}}',
  'depends_on: {b: {}}',
  'env_file: [{required: false}]',
  'healthcheck: {test: [], interval: 10s}',
  'healthcheck: {test: x, retries: 0}',
  'stdin_open: maybe',
  'deploy: {resources: {limits: {cpu: 1}}}',
  'x-holdfast: {umask: "9"}',
  'x-holdfast: {success_exit_codes: [256]}',
  'x-holdfast: {backoff: {jitter: 2}}',
  'x-holdfast: {restart_budget: {within: 1m}}',
  'x-holdfast: {stop: []}',
  'x-holdfast: {stop: [{scope: main}]}',
  'x-holdfast: {logs: {max_files: 0}}',
  'x-holdfast: {readiness: {http: "ftp://a"}}',
  'x-holdfast: {readiness: {tcp: "a b"}}',
  'x-holdfast: {readiness: {http: {url: "http://a", status: 99}}}',
  'x-holdfast: {schedule: {timezone: UTC}}',
  'x-holdfast: {once: always}',
  'x-holdfast: {instances: [{name: a}]}',
  'x-holdfast: {limits: {ionice: "best-effort:9"}}',
]) {
  test(`${lines} is refused by the decoder and by the schema`, async () => {
    const text = `services:\n  a:\n    command: x\n    ${lines}\n  b: {command: b}\n`
    assert.notDeepEqual(await problemsOf(text), [])
    assert.notDeepEqual(schemaFaults(plainOf((await parseYaml(text, 'f')).roots[0]!), schema), [])
  })
}

test('docs/configuration.md describes every key', () => {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
  const fence = /^```\w*\n(.*?)^```$/gms
  const blocks = [...text.matchAll(fence)].map(([, block]) => block)
  const inline = [...text.replace(fence, '').matchAll(/`([^`\n]+)`/g)].map(([, one]) => one)
  const code = [...blocks, ...inline].join('\n')
  const words = new Set(code.split(/[^A-Za-z0-9_-]+/))
  const missing = places.map(({ path }) => path.slice(path.lastIndexOf('.') + 1)).filter((key) => !words.has(key))
  assert.deepEqual([...new Set(missing)], [])
})
