import assert from 'node:assert/strict'
import { test } from 'node:test'
import { service } from '../../core/fixture.ts'
import type { App, Target } from '../../core/model.ts'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { decodeSupervisord } from '../../dialects/supervisord/decode.ts'
import type { GroupSettings, SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import type { DecodeAnswer } from '../decode-child.ts'
import { createGroups } from './groups.ts'

const file = '/etc/s.conf'
const by = { kind: 'daemon' } as const
const compose: App = {
  name: 'shop',
  source: '/c.yaml',
  dialect: 'compose',
  priority: 999,
  services: { db: service('db') },
}

/** What the file says now, and what is in force of all files. */
function scene(text: string) {
  const told: (readonly SupervisordSettings[])[] = []
  const coming: (readonly string[])[] = []
  const world = { text, inForce: { apps: { shop: compose } } as Target, told, coming }
  const decode = (): DecodeAnswer => {
    const reader = memorySourceReader({ files: { [file]: world.text }, environment: {}, directories: ['/tmp'] })
    const { apps, problems, supervisord } = decodeSupervisord([file], reader)
    const target = { apps: Object.fromEntries([compose, ...apps].map((app) => [app.name, app])) }
    return { target, problems, heldBack: [], device: null, supervisord: [supervisord!] }
  }
  const groups = createGroups({
    files: () => ({
      inTurn: (work) => work(),
      decode: async () => decode(),
      inForce: () => world.inForce,
      put: async (target) => {
        world.inForce = target
      },
    }),
    engine: { snapshot: () => ({ state: { units: new Map() } }) as never },
    kept: [],
    comes: async (target) => void world.coming.push(Object.keys(target.apps)),
    changed: (settings) => told.push(settings),
  })
  const apply = (): void => {
    const answer = decode()
    world.inForce = answer.target
    groups.applied(answer)
  }
  return { world, groups, apply, names: () => Object.keys(world.inForce.apps) }
}

const text = (...programs: readonly string[]) =>
  `[supervisord]\n${programs.map((name) => `[program:${name}]\ncommand=/bin/${name}\n`).join('')}`

test('rereading tells what is new, changed and gone, and puts nothing in force', async () => {
  const { world, groups, apply, names } = scene(text('a', 'b'))
  apply()
  world.text = `${text('b', 'c')}priority=5\n`.replace('/bin/b', '/bin/other')
  assert.deepEqual(await groups.reread(), { kind: 'read', added: ['c'], changed: ['b'], removed: ['a'] })
  assert.deepEqual([await groups.add('a', by), await groups.add('b', by)], ['unknown', 'active'])
  assert.deepEqual(names(), ['shop', 'a', 'b'])
  assert.deepEqual(groups.offered().map(namesOf), ['c', 'b'])
})

test('groups are put in force and taken out of it one by one, and others are left alone', async () => {
  const { world, groups, apply, names } = scene(text('a'))
  apply()
  world.text = text('a', 'b')
  await groups.reread()
  assert.deepEqual(
    [await groups.add('b', by), await groups.add('b', by), await groups.add('x', by)],
    ['added', 'active', 'unknown'],
  )
  assert.deepEqual(world.coming, [['b']])
  assert.deepEqual(names(), ['shop', 'a', 'b'])
  assert.deepEqual([await groups.remove('a', by), await groups.remove('a', by)], ['removed', 'unknown'])
  assert.deepEqual(names(), ['shop', 'b'])
  assert.deepEqual(groups.settings()[0]!.groups.map(namesOf), ['b'], 'kept for whoever comes after our death')
  assert.deepEqual(world.told.at(-1)![0]!.groups.map(namesOf), ['b'])
})

test('a file with errors is refused in its own words, and what was offered stays', async () => {
  const { world, groups, apply } = scene(text('a'))
  apply()
  world.text = `${text('a')}startsecs=x\n`
  assert.deepEqual(await groups.reread(), {
    kind: 'refused',
    message: `invalid literal for int() with base 10: 'x' in section 'program:a' (file: '${file}')`,
  })
  assert.deepEqual(groups.offered().map(namesOf), ['a'])
})

test('beginning anew follows the file, and where it has errors what was in force before', async () => {
  const { world, groups, apply, names } = scene(text('a'))
  apply()
  world.text = text('b')
  await groups.clear(['a'], by, '')
  assert.deepEqual(names(), ['shop'])
  assert.equal(await groups.refill(by, ''), null)
  assert.deepEqual(names(), ['shop', 'b'])
  await groups.remove('b', by)
  world.text = text('c')
  await groups.reread()
  await groups.add('c', by)
  world.text = '[supervisord'
  await groups.clear(['c'], by, '')
  assert.match((await groups.refill(by, ''))!, /contains no section headers|parsing errors/)
  assert.deepEqual(names(), ['shop', 'c'])
})

function namesOf({ name }: GroupSettings): string {
  return name
}
