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
    const needed = [...(map.required ?? []), ...(map.requiredAny ?? []).slice(0, 1)]
    const required = needed.map((one) => [one, map.keys[one]!.example] as const)
    const beside = { ...Object.fromEntries(required), ...spec.beside }
    const here = path === '' ? key : `${path}.${key}`
    const own = (value: YamlValue) => file({ ...beside, [key]: value })
    visit({
      path: here,
      spec,
      value: spec.value,
      file: spec.of === 'container' ? (value) => contained(own(value)) : own,
    })
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

/** With the service `a` as a container. */
function contained(file: YamlRecord): YamlRecord {
  const services = file.services as YamlRecord
  return { ...file, services: { ...services, a: { image: 'nginx', ...(services.a as YamlRecord) } } }
}

/** What others can name: a process, a container, and what containers use. */
const others: YamlRecord = {
  b: { command: 'b', 'x-holdfast': { readiness: { tcp: 1 } } },
  d: { image: 'd' },
}

/** Beside an app that is a listener. */
const listening: YamlRecord = { l: { command: 'l', 'x-holdfast': { stdin: 'events', logs: { stderr: 'own' } } } }

const around: YamlRecord = {
  networks: { b: {} },
  volumes: { b: {}, data: {} },
  secrets: { b: { file: './secret.txt' } },
  configs: { b: { file: './secret.txt' } },
}

function whole(file: YamlRecord): YamlRecord {
  const { services, 'x-holdfast': own } = file
  if (!isRecord(services)) return file
  const says = (key: string) => isRecord(own) && Object.hasOwn(own, key)
  // An app that is called otherwise has no containers.
  const { b, d } = others
  const beside = { b, ...(says('name') ? {} : { d }), ...(says('listener') ? listening : {}) }
  return { ...around, ...file, services: { ...beside, ...services } }
}

function isRecord(value: YamlValue | undefined): value is YamlRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Files that the examples name. */
const files: Readonly<Record<string, string>> = {
  '/srv/shop/common.yaml': 'services: {b: {command: x}}',
  '/srv/shop/more.yaml': 'services: {more: {command: x}}',
  '/srv/shop/more.env': 'A=1',
  '/srv/shop/web.env': 'A=1',
}

async function problemsOf(text: string): Promise<readonly { readonly setting: string; readonly message: string }[]> {
  const reader = memorySourceReader({ files: { ...files, '/srv/shop/holdfast.yaml': text } })
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

/** What is told of keys that have no meaning. */
function isHarmless(message: string): boolean {
  return /has no meaning|no effect/.test(message)
}

const meaningless = ['version', 'services.a.build', 'services.a.attach', 'services.a.develop']

for (const { path, spec, file } of places) {
  test(`${path}: its example is taken by the decoder and by the schema`, async () => {
    const document = whole(file(spec.example as YamlValue))
    const problems = (await problemsOf(printYaml(document))).filter(({ message }) => !isHarmless(message))
    assert.deepEqual(problems, [], printYaml(document))
    assert.deepEqual(schemaFaults(document, schema), [])
    assert.match(spec.what, /^[\p{L}'].*\.$/u, 'a description is made of sentences')
  })

  test(`${path}: a value of the wrong form is refused by the decoder and by the schema`, async () => {
    const document = whole(file([[{ nonsense: [] }]]))
    const problems = await problemsOf(printYaml(document))
    const isTold = problems.some(({ setting }) => setting.startsWith(path))
    // What has no meaning is not looked at.
    if (meaningless.some((key) => path.startsWith(key))) return
    assert.ok(isTold, `${printYaml(document)}${JSON.stringify(problems)}`)
    assert.notDeepEqual(schemaFaults(document, schema), [])
  })

  if (spec.value.kind === 'map') {
    const map = spec.value
    test(`${path}: keys it does not have, or not yet, are refused by the decoder and by the schema`, async () => {
      for (const key of ['nonsense', ...Object.keys(map.notYet ?? {})]) {
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
  'x-holdfast: {stdin: {}}',
  'x-holdfast: {stdin: {socket: {backlog: 5}}}',
  'x-holdfast: {stdin: {socket: {unix: /a, mode: "9"}}}',
  'x-holdfast: {stdin: {socket: {unix: /a, owner: "a b"}}}',
  'x-holdfast: {logs: {capture: lots}}',
  'x-holdfast: {logs: {stdout: {events: maybe}}}',
  'x-holdfast: {logs: {syslog: {prefix: a}}}',
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
