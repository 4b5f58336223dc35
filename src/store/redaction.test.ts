import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appOf, container, image, volume } from '../core/containers/fixture.ts'
import { unknownEngine } from '../core/containers/none.ts'
import { asked, at } from '../core/fixture.ts'
import type { Event, Release, State } from '../core/model.ts'
import { declaredOf } from '../core/release/identity.ts'
import { revive } from '../core/revive.ts'
import { createRedaction } from './redaction.ts'

const secrets = { PASSWORD: 'hunter1', PATH: '/bin' }
const web = container('web', { environment: secrets })
const app = appOf([{ ...web, instances: [{ n: 1, container: { settings: web.container!.settings } }] }], {
  volumes: { data: volume('data', { driverOpts: { o: 'password=hunter2' } }) },
})
const told = {
  id: 'c1',
  name: 'web',
  unit: 'a/web/1',
  imageId: 'sha256:1',
  state: 'running',
  pid: 7,
  createdAt: '',
  startedAt: '',
  finishedAt: '',
  exitCode: 0,
  isOutOfMemory: false,
  error: '',
  restartCount: 0,
  health: null,
  settings: web.container!.settings,
} as const
const pulled = { ...image('web'), config: { ...image('web').config, environment: { KEY: 'hunter1' } } }
const disk = { name: 'data', isOurs: true, driver: 'local', driverOpts: { o: 'password=hunter2' }, labels: {} }

const declared = declaredOf(app)

const reverted: Release = {
  ...declared,
  app: 'a',
  status: 'reverted',
  sinceWallMs: 0,
  why: '',
  trial: null,
  previous: declared,
  rejected: { ...declared, why: '', atWallMs: 0 },
  wellSinceBootMs: null,
}

function holding(): State {
  const engine = unknownEngine()
  const state = revive(null, at(0))
  return {
    ...state,
    target: { apps: { a: app } },
    containerEngine: {
      ...engine,
      containers: new Map([['c1', told]]),
      images: new Map([['web:1', pulled]]),
      volumes: new Map([['data', disk]]),
    },
    releases: new Map([['a', reverted]]),
  }
}

test('no secret of a container, an image, a volume or a release is left, wherever it stands', () => {
  const redaction = createRedaction()
  const seen = { containers: [told], images: [{ reference: 'web:1', image: pulled }], volumes: [disk] }
  const common = { resource: 'container:a/web/1', step: 'create-container', takenBootMs: 1, news: seen } as const
  const events: readonly Event[] = [
    { kind: 'engine-observed', takenBootMs: 1, name: 'Docker', apiVersion: '1.41', networks: null, ...seen },
    { kind: 'engine-news', takenBootMs: 1, news: seen },
    { kind: 'engine-done', ...common },
    { kind: 'engine-failed', ...common, code: 'X', message: 'x', retry: true },
    asked({ kind: 'set-target', target: { apps: { a: app } }, by: { kind: 'daemon' }, why: 'up' }),
  ]
  const state = redaction.state(holding())
  const written = JSON.stringify([
    state,
    [...state.releases],
    { ...state.containerEngine, ...lists(state) },
    events.map(redaction.event),
  ])
  assert.equal(/.{40}hunter/.exec(written), null)
  assert.match(written, /"PATH":"\/bin"/)
})

test('equal values stay equal and different ones different, in one redaction', () => {
  const redaction = createRedaction()
  const { containers, images, volumes } = redaction.state(holding()).containerEngine
  const password = containers.get('c1')?.settings.environment.PASSWORD
  assert.equal(password, images.get('web:1')?.config.environment.KEY)
  assert.notEqual(password, volumes.get('data')?.driverOpts.o)
  const event = redaction.event({ kind: 'engine-news', takenBootMs: 1, news: { containers: [told] } })
  assert.ok(event.kind === 'engine-news')
  assert.equal(event.news.containers?.[0]?.settings.environment.PASSWORD, password)
})

test('what is not told stays untold', () => {
  const event: Event = { kind: 'engine-news', takenBootMs: 1, news: { containersGone: ['c1'] } }
  assert.deepEqual(createRedaction().event(event), event)
})

function lists({ containerEngine: { containers, images, volumes } }: State): object {
  return { containers: [...containers], images: [...images], volumes: [...volumes] }
}
