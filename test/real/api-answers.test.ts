import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Holdfast } from '../../src/client/index.ts'
import { type Route, type RouteName, routes } from '../../src/wire/routes.ts'
import { resolved, type Schema, violations } from '../schema/checker.ts'
import { type Home, realTest, root } from './harness.ts'

const openApi: Schema = JSON.parse(readFileSync(join(root, 'schema/openapi.json'), 'utf8'))

/** What the description says of an answer of a route. */
function contentOf(name: RouteName, type: string): Schema {
  const { path, method }: Route = routes[name]
  const place = ['paths', path, method.toLowerCase(), 'responses', '200', 'content', type]
  return place.reduce((at, key) => at[key] as Schema, openApi)
}

function assertDescribed(name: RouteName, answer: unknown): void {
  const { schema } = contentOf(name, 'application/json')
  assert.deepEqual(
    violations(openApi, schema as Schema, answer),
    [],
    `${name}: ${JSON.stringify(answer).slice(0, 2_000)}`,
  )
}

/** Units of all kinds: with checks, hooks, a schedule, limits, a dependency, restarts, an end. */
function declareMuch(home: Home): string {
  return home.declare('demo', {
    web: {
      command: ['sleep', 'infinity'],
      restart: 'always',
      healthcheck: { test: ['CMD', 'true'], interval: '200ms' },
      labels: { tier: 'front' },
      depends_on: { base: { condition: 'service_started' } },
      ulimits: { nofile: 1_000 },
    },
    base: { command: ['sh', '-c', 'echo begun; exec sleep infinity'], restart: 'always' },
    job: { command: ['true'], restart: 'no', 'x-holdfast': { schedule: '@daily' } },
    failing: { command: ['false'], restart: 'on-failure:1' },
    input: { command: ['cat'], 'x-holdfast': { stdin: 'pipe' } },
  })
}

async function withMuch(home: Home): Promise<Holdfast> {
  await home.start([declareMuch(home)])
  await home.untilUnit('demo/web', ({ health }) => health === 'healthy')
  await home.untilState('demo/failing', 'failed')
  await home.untilState('demo/input', 'running')
  return connect({ home: home.directory })
}

realTest('every answer of a GET route is as the description says', {}, async (home) => {
  const daemon = await withMuch(home)
  await daemon.run({ names: ['job'] })
  const names = { name: ['demo/'] }
  assertDescribed('info', await daemon.info())
  assertDescribed('units', await daemon.units())
  assertDescribed('units', await daemon.units(names))
  assertDescribed('units', await daemon.units({ wide: true }))
  assertDescribed('status', await daemon.status(names))
  assertDescribed('explain', await daemon.explain(names))
  assertDescribed('releases', await daemon.releases())
  assertDescribed('resources', await daemon.resources())
  assertDescribed('usage', await daemon.usage())
  assertDescribed('history', await daemon.history())
  assertDescribed('wait', await daemon.wait({ name: ['web'], for: 'healthy' }))
  assert.deepEqual(await daemon.openapi(), openApi)
  const missed = Object.values(routes)
    .filter(({ method, answer }) => method === 'GET' && !['events', 'bytes', 'text', 'openapi'].includes(answer))
    .map(({ path }) => path)
  assert.deepEqual(missed, [
    '/v1/info',
    '/v1/units',
    '/v1/status',
    '/v1/releases',
    '/v1/resources',
    '/v1/usage',
    '/v1/history',
    '/v1/wait',
    '/v1/explain',
  ])
  daemon.close()
})

realTest('every answer of a POST route, and every refusal, is as the description says', {}, async (home) => {
  const daemon = await withMuch(home)
  const body = { names: ['web'] }
  assertDescribed('stop', await daemon.stop(body))
  assertDescribed('start', await daemon.start(body))
  assertDescribed('restart', await daemon.restart(body))
  assertDescribed('signal', await daemon.signal({ ...body, signal: 'USR1' }))
  assertDescribed('run', await daemon.run({ names: ['job'] }))
  assertDescribed('stdin', await daemon.stdin('input', 'hello\n'))
  assertDescribed('reload', await daemon.reload())
  assertDescribed('up', await daemon.up())
  const refusal = resolved(openApi, '#/components/schemas/ApiError')
  const refused = await daemon.start({ names: ['nobody'] }).catch((error) => error.answer)
  assert.deepEqual(violations(openApi, refusal ?? {}, refused), [])
  assert.equal(refused.code, 'no-such-service')
  daemon.close()
})

realTest('every event is as the description says', {}, async (home) => {
  const daemon = await withMuch(home)
  const stop = new AbortController()
  const wanted = { changes: new Set(['UnitList', 'UnitChange']), events: new Set(['command', 'transition']) }
  for (const name of ['changes', 'events'] as const) {
    const data = contentOf(name, 'text/event-stream')['x-event-data'] as Readonly<Record<string, Schema>>
    const forms = { oneOf: Object.values(data) }
    const events = name === 'changes' ? daemon.changes(stop) : daemon.events({ after: 0 }, stop)
    if (name === 'changes') await daemon.restart({ names: ['base'], wait: false })
    for await (const event of events) {
      assert.deepEqual(violations(openApi, forms, event), [], JSON.stringify(event).slice(0, 1_000))
      wanted[name].delete(event.kind)
      if (name === 'changes' && event.kind === 'UnitList') await daemon.restart({ names: ['base'], wait: false })
      if (wanted[name].size === 0) break
    }
  }
  daemon.close()
})

realTest('the metrics are OpenMetrics text', {}, async (home) => {
  const daemon = await withMuch(home)
  assert.match(await daemon.metrics(), /^# [\s\S]*\n# EOF\n$/)
  daemon.close()
})
