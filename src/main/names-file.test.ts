import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { asked, play, service } from '../core/fixture.ts'
import type { App, Service } from '../core/model.ts'
import type { EnginePort, Snapshot } from '../engine/ports.ts'
import { keepNamesFile, namesText } from './names-file.ts'

function app(name: string, ...services: readonly Service[]): App {
  const keyed = Object.fromEntries(services.map((one) => [one.name, one]))
  return { name, source: `/${name}.yaml`, dialect: 'compose', priority: 999, services: keyed }
}

function declared(...apps: readonly App[]) {
  const scene = play()
  const target = { apps: Object.fromEntries(apps.map((one) => [one.name, one])) }
  scene.turn(0, asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: '' }))
  return scene.state
}

test('every name that works is there, each once, and a service of several apps only with its app', () => {
  const state = declared(
    app('shop', service('web', { instances: [{ n: 1 }, { n: 2 }], labels: { tier: 'front' } }), service('my db')),
    app('mail', service('web', { labels: { tier: 'front' } })),
  )
  assert.deepEqual(namesText(state).split('\n'), [
    'service my db',
    'app shop/',
    'app mail/',
    'unit shop/web',
    'unit shop/my db',
    'unit mail/web',
    'unit shop/web/1',
    'unit shop/web/2',
    'label tier',
    'label tier=front',
    '',
  ])
})

test('what cannot stand on a line is left out', () => {
  const state = declared(app('shop', service('web', { labels: { note: 'two\nlines', plain: 'one' } })))
  const labels = namesText(state)
    .split('\n')
    .filter((line) => line.startsWith('label'))
  assert.deepEqual(labels, ['label note', 'label plain', 'label plain=one'])
})

test('the file is written when names change, and only then, for its owner alone; it goes with the daemon', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-names-'))
  try {
    const path = join(directory, 'names')
    let state = declared(app('shop', service('web')))
    const listeners: ((snapshot: Snapshot) => void)[] = []
    const snapshot = (): Snapshot => ({ state, now: { bootId: '', bootMs: 0, wallMs: 0 }, storeTrouble: null })
    const engine: Pick<EnginePort, 'snapshot' | 'subscribe'> = {
      snapshot,
      subscribe: (listener) => {
        listeners.push((now) => listener(now, [], []))
        return () => listeners.splice(0)
      },
    }
    const names = keepNamesFile({ engine, path, warn: assert.fail })
    assert.match(readFileSync(path, 'utf8'), /^service web$/m)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const { ino } = statSync(path)
    state = declared(app('shop', service('web', { autostart: false })))
    for (const tell of listeners) tell(snapshot())
    assert.equal(statSync(path).ino, ino)
    state = declared(app('shop', service('api')))
    for (const tell of listeners) tell(snapshot())
    assert.match(readFileSync(path, 'utf8'), /^service api$/m)
    names.close()
    assert.equal(existsSync(path), false)
    assert.equal(listeners.length, 0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a directory that cannot be written is told once, and nothing else happens', () => {
  const said: string[] = []
  let state = declared(app('shop', service('web')))
  let tell = (): void => {}
  const engine: Pick<EnginePort, 'snapshot' | 'subscribe'> = {
    snapshot: () => ({ state, now: { bootId: '', bootMs: 0, wallMs: 0 }, storeTrouble: null }),
    subscribe: (listener) => {
      tell = () => listener(engine.snapshot(), [], [])
      return () => {}
    },
  }
  const names = keepNamesFile({ engine, path: '/proc/nowhere/names', warn: (text) => said.push(text) })
  state = declared(app('shop', service('api')))
  tell()
  names.close()
  assert.equal(said.length, 1)
  assert.match(said[0]!, /^names for completion cannot be written: ENOENT/)
})
