import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printProblem } from '../../formats/format-error.ts'
import { decodeSources } from '../decode-sources.ts'
import { memorySourceReader } from '../memory-source-reader.ts'

async function decode(text: string) {
  const reader = memorySourceReader({ files: { '/srv/shop/holdfast.yaml': text } })
  const options = { lenient: false, descriptorsMax: null }
  const { target, problems } = await decodeSources(['/srv/shop/holdfast.yaml'], reader, options)
  return { apps: target.apps, problems: problems.map(printProblem).map((text) => text.slice(24)) }
}

const listening = 'services: {l: {command: l, x-holdfast: {stdin: events, logs: {stderr: own}}}}'

test('an app is told of events where it says which', async () => {
  const { apps, problems } = await decode(
    `x-holdfast: {listener: {events: [TICK_60, PROCESS_STATE, TICK_60], result: print}}\n${listening}`,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(apps.shop!.listener, { events: ['TICK_60', 'PROCESS_STATE'], bufferMax: 1_024, result: 'print' })
  assert.deepEqual(apps.shop!.services.l!.process.stdin, { kind: 'events' })
})

for (const [text, expected] of [
  [
    listening,
    "1:12: services.l.x-holdfast.stdin: nothing says of which events it is told; write 'x-holdfast: {listener: {events: [PROCESS_STATE]}}' at the top",
  ],
  [
    `x-holdfast: {listener: {events: [TICK]}}\nservices: {l: {command: l, x-holdfast: {stdin: events}}}`,
    "2:12: services.l.x-holdfast.logs.stderr: what a listener says on stderr must not be among its answers on stdout; write 'logs: {stderr: own}', a path or none",
  ],
  [
    'x-holdfast: {listener: {events: [TICK]}}\nservices: {l: {command: l}}',
    "1:24: x-holdfast.listener: no service of this app listens; write 'stdin: events' below x-holdfast of the one that does",
  ],
  [
    `x-holdfast: {listener: {buffer: 5}}\n${listening}`,
    "1:24: x-holdfast.listener: the listener says no events; write 'events: [PROCESS_STATE]'",
  ],
  [
    `x-holdfast: {listener: {events: [TICK_6]}}\n${listening}`,
    "1:34: x-holdfast.listener.events[0]: 'TICK_6' is none of ",
  ],
] as const) {
  test(`${text.replace('\n', '; ')} is refused with its place and a hint`, async () => {
    const { problems } = await decode(text)
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.equal(problems[0]!.slice(0, expected.length), expected)
  })
}

// ---- other apps ----------------------------------------------------------------------------------------------------

test('a service of another app is named with its app, and one of its own app as ever', async () => {
  const { apps, problems } = await decode(
    'services: {a: {command: x, depends_on: {mail/queue: {condition: service_healthy}, shop/b: {condition: service_started}}}, b: {command: x, depends_on: [mail/queue, c]}, c: {command: x}}',
  )
  assert.deepEqual(problems, [])
  const { a, b } = apps.shop!.services
  const edge = { required: true, restart: false }
  const started = { ...edge, condition: 'started' }
  assert.deepEqual(a!.dependsOn, [
    { ...edge, service: 'queue', app: 'mail', condition: 'healthy' },
    { ...started, service: 'b' },
  ])
  assert.deepEqual(b!.dependsOn, [
    { ...started, service: 'queue', app: 'mail' },
    { ...started, service: 'c' },
  ])
})

test('circles through several apps of a file are told at the dependency', async () => {
  const { problems } = await decode(
    'name: f\nservices: {a: {command: x, depends_on: [g/b]}}\n---\nname: g\nservices: {b: {command: x, depends_on: [f/a]}}\n',
  )
  assert.deepEqual(problems, [
    '2:41: services.a.depends_on: these services wait for each other, so none could ever start: f/a → g/b → f/a; remove one of these dependencies',
  ])
})

test('what is no service of another app is refused with its place', async () => {
  const { problems } = await decode('services: {a: {command: x, depends_on: [a/b/c, /b]}}')
  const hint = "write 'service', or 'app/service' for one of another app"
  assert.deepEqual(problems, [
    `1:41: services.a.depends_on[0]: 'a/b/c' is not a service; ${hint}`,
    `1:48: services.a.depends_on[1]: '/b' is not a service; ${hint}`,
  ])
})

// ---- names -----------------------------------------------------------------------------------------------------------

test('an app is called what x-holdfast says, whatever characters that has', async () => {
  const { apps, problems } = await decode(
    'name: novnc\nx-holdfast: {name: noVNC}\nservices: {a: {command: x, depends_on: [noVNC/b]}, b: {command: x}}',
  )
  assert.deepEqual([problems, Object.keys(apps)], [[], ['noVNC']])
  assert.equal(apps.noVNC!.services.a!.dependsOn[0]!.app, undefined)
})

test('an app with containers is called by its plain name', async () => {
  const { problems } = await decode('x-holdfast: {name: Web}\nservices: {a: {image: x}}')
  assert.deepEqual(problems, [
    '1:20: x-holdfast.name: the container engine knows the app by its plain name; remove this line, or the containers',
  ])
})
