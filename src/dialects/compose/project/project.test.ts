// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the files under test
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appOf, decodeProject } from '../container/fixture.ts'

test('a service that extends another has what that says, where it says nothing itself', async () => {
  const { services } = await appOf(
    [
      'services:',
      '  base: {command: base, environment: {A: 1, B: 1}, labels: [a=1], x-holdfast: {priority: 1, logs: {max_size: 1m}}, depends_on: [base2]}',
      '  base2: {command: x}',
      '  a: {extends: base, environment: [B=2, C=3], labels: {b: 2}, command: [own], x-holdfast: {priority: 2}, depends_on: {base2: {condition: service_completed_successfully}}}',
      '  b: {extends: {service: a}, environment: [A=4]}',
    ].join('\n'),
  )
  const { a, b } = services
  assert.deepEqual(a!.process.command, ['own'])
  assert.deepEqual(a!.process.environment, { A: '1', B: '2', C: '3' })
  assert.deepEqual([a!.labels, a!.priority, a!.process.stdout.bytesMax], [{ a: '1', b: '2' }, 2, 2 ** 20])
  assert.deepEqual(
    a!.dependsOn.map(({ service, condition }) => [service, condition]),
    [['base2', 'completed']],
  )
  assert.deepEqual(b!.process.environment, { A: '4', B: '2', C: '3' })
})

test('paths of a service from another file start at the directory of that', async () => {
  const { services } = await appOf('services:\n  a: {extends: {file: ../lib/c.yaml, service: x}, working_dir: own}\n', {
    files: {
      '/srv/lib/c.yaml':
        'services:\n  x: {extends: {service: y, file: sub/d.yaml}, env_file: [here.env]}\n  unused: {command: "${NOT_SET}"}\n',
      '/srv/lib/sub/d.yaml': 'services: {y: {command: "$A", env_file: [there.env], working_dir: w}}',
    },
    environment: { A: 'run' },
  })
  assert.deepEqual(services.a!.process.command, ['run'])
  assert.deepEqual(
    services.a!.process.envFiles.map(({ path }) => path),
    ['/srv/lib/sub/there.env', '/srv/lib/here.env'],
  )
  assert.equal(services.a!.process.workingDir, '/srv/shop/own')
})

test('what extends itself is told with the chain that leads back', async () => {
  const { problems } = await decodeProject(
    'services:\n  a: {extends: b}\n  b: {extends: {service: c, file: c.yaml}}\n',
    { files: { 'c.yaml': 'services: {c: {extends: {service: b, file: compose.yaml}}}' } },
  )
  assert.deepEqual(problems, [
    'c.yaml:1:25: services.c.extends: it extends itself: compose.yaml: b → c.yaml: c → compose.yaml: b; extend a service that does not extend this one',
  ])
  const alone = await decodeProject('services:\n  a: {extends: a}\n')
  assert.deepEqual(alone.problems, [
    'compose.yaml:2:16: services.a.extends: it extends itself: a → a; extend a service that does not extend this one',
  ])
})

for (const [text, expected] of [
  [
    'services: {a: {extends: z}}',
    "compose.yaml:1:25: services.a.extends: 'z' is not a service of compose.yaml; its services are a",
  ],
  [
    'services: {a: {extends: {service: z, file: none.yaml}}}',
    'compose.yaml:1:25: services.a.extends: none.yaml cannot be read: there is no such file; check the path',
  ],
  [
    'services: {a: {extends: {file: c.yaml}}}',
    "compose.yaml:1:25: services.a.extends: it does not say which service; write 'service:' with its name",
  ],
  [
    'include: [none.yaml]\nservices: {}',
    'compose.yaml:1:11: include[0]: none.yaml cannot be read: there is no such file; check the path',
  ],
  [
    'include: [compose.yaml]\nservices: {}',
    'compose.yaml:1:11: include[0]: it includes itself: compose.yaml → compose.yaml; include a file that does not include this one',
  ],
  [
    'include: [{project_directory: x}]\nservices: {}',
    "compose.yaml:1:11: include[0]: it does not say which file; write 'path:' with the file",
  ],
] as const) {
  test(`${text.replaceAll('\n', '; ')} is refused with its place and the remedy`, async () => {
    assert.deepEqual((await decodeProject(text)).problems, [expected])
  })
}

test('chains of files and services end', async () => {
  const names = Array.from({ length: 100 }, (_, index) => index)
  const services = names.map((n) => `  s${n}: {extends: s${n + 1}}\n`).join('')
  const extended = await decodeProject(`services:\n${services}  s100: {command: x}\n`)
  assert.match(extended.problems[0]!, /more than 64 services in a row: s0 → s1 → .* → … → s64;/)
  const files = Object.fromEntries(
    names.map((n) => [`f${n}.yaml`, `include: [f${n + 1}.yaml]\nservices: {s${n}: {command: x}}\n`]),
  )
  const included = await decodeProject('include: [f0.yaml]\nservices: {a: {command: x}}\n', { files })
  assert.match(included.problems[0]!, /more than 64 files in a row: compose\.yaml → … → f63\.yaml → f64\.yaml;/)
})

test('what services share through each other is bounded', async () => {
  const environment = Array.from({ length: 1_000 }, (_, index) => `A${index}=1`).join(', ')
  const services = Array.from({ length: 1_000 }, (_, index) => `  s${index}: {extends: base}\n`).join('')
  const { problems } = await decodeProject(
    `services:\n  base: {command: x, environment: [${environment}]}\n${services}`,
  )
  assert.ok(problems.some((problem) => /holds more than 200000 values with all that/.test(problem)))
})

test('an included file has its own paths and variables, below those of the environment', async () => {
  const { services, resources } = await appOf(
    'include:\n  - sub/one.yaml\n  - {path: [sub/two.yaml, over.yaml], project_directory: ., env_file: [x.env]}\nservices: {a: {command: a, depends_on: [one]}}\n',
    {
      files: {
        'sub/one.yaml': 'services: {one: {command: "$A $B", env_file: e, environment: [C]}}\nnetworks: {n: }',
        'sub/.env': 'A=file\nB=file\nC=file\n',
        'sub/two.yaml':
          'services: {two: {image: "i:$X", volumes: ["./d:/d"], networks: [m]}}\nnetworks: {m: {driver: bridge}}',
        'over.yaml': 'services: {two: {image: "j:$X"}}',
        'x.env': 'X=1\n',
      },
      environment: { A: 'environment' },
    },
  )
  assert.deepEqual(Object.keys(services), ['a', 'one', 'two'])
  assert.deepEqual(services.one!.process.command, ['environment', 'file'])
  assert.deepEqual(services.one!.process.environment, { C: 'file' })
  assert.equal(services.one!.process.envFiles[0]!.path, '/srv/shop/sub/e')
  assert.equal(services.two!.container!.image, 'j:1')
  const [mount] = services.two!.container!.settings.mounts
  assert.equal(mount?.kind === 'bind' ? mount.source : null, '/srv/shop/d')
  assert.deepEqual(Object.keys(resources!.networks), ['m'])
})

test('what an included file declares once more has to be the same', async () => {
  const files = { 'one.yaml': 'services: {a: {command: x}, b: {command: y}}' }
  const { problems } = await decodeProject('include: [one.yaml]\nservices: {a: {command: x}, b: {command: z}}\n', {
    files,
  })
  assert.deepEqual(problems, [
    'compose.yaml:1:11: include[0]: services.b is declared by compose.yaml and by one.yaml; rename one of them, or change it in a file that is merged',
  ])
})

test('a file with the usual name is merged with the override beside it, others are not', async () => {
  const files = { 'compose.override.yaml': 'services: {a: {command: over, environment: {B: 2}}, b: {command: b}}' }
  const text = 'services: {a: {command: base, environment: [A=1]}}'
  const { services } = await appOf(text, { files })
  assert.deepEqual(services.a!.process.command, ['over'])
  assert.deepEqual([services.a!.process.environment, Object.keys(services)], [{ A: '1', B: '2' }, ['a', 'b']])
  const other = await decodeProject('', { files: { ...files, 'holdfast.yaml': text }, source: 'holdfast.yaml' })
  assert.deepEqual(other.apps.shop!.services.a!.process.command, ['base'])
})

test('what an override resets is forgotten, and what it overrides is not merged', async () => {
  const { services } = await appOf(
    'services: {a: {image: x, ports: ["80:80"], environment: {A: 1, B: 1}, labels: {a: b}, user: u}}',
    {
      files: {
        'compose.override.yml':
          'services: {a: {ports: !override ["81:81"], environment: {A: !reset null}, labels: !override {c: d}, user: !reset ""}}',
      },
    },
  )
  const { settings } = services.a!.container!
  assert.deepEqual(
    settings.ports.map(({ hostPort }) => hostPort),
    [81],
  )
  assert.deepEqual([settings.environment, settings.user, services.a!.labels], [{ B: '1' }, null, { c: 'd' }])
})

test('of the files of a directory those that others are made of are no apps of their own', async () => {
  const files = {
    'compose.override.yaml': 'services: {a: {environment: {B: 2}}}',
    'common.yaml': 'services: {base: {command: x}}',
    'other.yaml': 'name: other\nservices: {o: {command: x}}',
  }
  const { apps, problems } = await decodeProject('services: {a: {extends: {service: base, file: common.yaml}}}', {
    files,
    source: '',
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    Object.entries(apps).map(([name, { services }]) => [name, Object.keys(services)]),
    [
      ['shop', ['a']],
      ['other', ['o']],
    ],
  )
})

const profiled =
  'services:\n  a: {command: x}\n  b: {command: x, profiles: [debug, test]}\n  c: {image: x, profiles: [other], networks: [n]}\nnetworks: {n: }\n'

for (const [profiles, expected] of [
  ['', ['a']],
  ['test', ['a', 'b']],
  ['other, debug', ['a', 'b', 'c']],
  ['*', ['a', 'b', 'c']],
] as const) {
  test(`with the profiles '${profiles}' there are the services ${expected.join(', ')}`, async () => {
    const app = await appOf(profiled, { environment: { COMPOSE_PROFILES: profiles } })
    assert.deepEqual(Object.keys(app.services), expected)
    assert.equal(app.resources !== undefined, (expected as readonly string[]).includes('c'))
  })
}

test('profiles are named by .env as well', async () => {
  const app = await appOf(profiled, { files: { '.env': 'COMPOSE_PROFILES=debug\n' } })
  assert.deepEqual(Object.keys(app.services), ['a', 'b'])
})

test('a service that needs one whose profile is not active is told, unless that is not required', async () => {
  const { problems } = await decodeProject(
    'services:\n  a: {command: x, depends_on: [c]}\n  b: {command: x, depends_on: {c: {condition: service_started, required: false}}}\n  c: {command: x, profiles: [debug]}\n',
  )
  assert.deepEqual(problems, [
    "compose.yaml:2:3: services.a.depends_on: it needs 'c', whose profiles (debug) are not active; set COMPOSE_PROFILES=debug, or write 'required: false' with the dependency",
  ])
})

test('the project is called as the environment says, and its name is a variable', async () => {
  const { apps } = await decodeProject('name: own\nservices: {a: {command: "$COMPOSE_PROJECT_NAME"}}')
  assert.deepEqual(apps.own!.services.a!.process.command, ['own'])
  const named = await decodeProject('name: own\nservices: {a: {image: x}}', {
    files: { '.env': 'COMPOSE_PROJECT_NAME=other\n' },
  })
  assert.equal(named.apps.other!.services.a!.container!.containerName, 'other-a-1')
})

test('a variable in the name of the project is put in once', async () => {
  const { apps, problems } = await decodeProject('name: "a${NOPE}"\nservices: {a: {command: x}}')
  assert.deepEqual([Object.keys(apps), problems.length], [['a'], 1])
})
