import assert from 'node:assert/strict'
import { test } from 'node:test'
import { service } from '../fixture.ts'
import { unitsMax } from '../limits.ts'
import type { App, Dependency, LogSpec, Service } from '../model.ts'
import { validateApp, validateCounts } from './validate.ts'

const log: LogSpec = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }
const instances = [{ n: 1 }, { n: 2 }]

function app(services: Readonly<Record<string, readonly string[]>>): App {
  const dependsOn = (names: readonly string[]): readonly Dependency[] =>
    names.map((name) => ({
      service: name.replace('?', ''),
      condition: 'started',
      required: !name.endsWith('?'),
      restart: false,
    }))
  const all = Object.entries(services).map(([name, names]) => [
    name,
    service(name, { instances, dependsOn: dependsOn(names) }),
  ])
  return { name: 'app', source: '/x', dialect: 'compose', priority: 999, services: Object.fromEntries(all) }
}

const messages = (one: App) => validateApp(one).map((fault) => `${fault.service}.${fault.setting}: ${fault.message}`)

test('dependencies on services of the app are fine, and on optional ones that are not', () => {
  assert.deepEqual(messages(app({ a: ['b', 'c'], b: ['c'], c: ['z?'] })), [])
})

test('a dependency on an unknown service is named', () => {
  assert.deepEqual(messages(app({ a: ['z'] })), ["a.dependsOn.z: depends on 'z', which is not a service of app"])
})

test('the hint of an unknown dependency names the services there are, the first ten of many', () => {
  const hint = (names: readonly string[]) =>
    validateApp(app(Object.fromEntries(names.map((name, n) => [name, n === 0 ? ['z'] : []]))))[0]?.hint
  assert.equal(hint(['a', 'b']), 'its services are a, b')
  const many = Array.from({ length: 11 }, (_, n) => `s${n}`)
  assert.equal(hint(many.slice(0, 10)), `its services are ${many.slice(0, 10).join(', ')}`)
  assert.equal(hint(many), `its services are ${many.slice(0, 10).join(', ')}, …`)
})

test('a cycle is named member by member, once', () => {
  assert.deepEqual(messages(app({ x: ['a'], a: ['b'], b: ['c'], c: ['a', 'b?'] })), [
    'a.dependsOn.b: these services wait for each other, so none could ever start: a → b → c → a',
    'b.dependsOn.c: these services wait for each other, so none could ever start: b → c → b',
  ])
})

test('a cycle through several apps is told of the whole, and of no single app', () => {
  const needs = (app: string): readonly Dependency[] => [
    { app, service: 's', condition: 'started', required: true, restart: false },
  ]
  const one = (name: string, other: string): App => {
    return { ...app({}), name, services: { s: service('s', { dependsOn: needs(other) }) } }
  }
  const apps = { p: one('p', 'q'), q: one('q', 'r'), r: one('r', 'p') }
  assert.deepEqual(messages(apps.p), [])
  assert.deepEqual(
    validateCounts({ apps }, null).map(({ app, setting, message }) => [app, setting, message]),
    [['p', 'dependsOn.q/s', 'these services wait for each other, so none could ever start: p/s → q/s → r/s → p/s']],
  )
  assert.deepEqual(validateCounts({ apps: { p: apps.p, q: apps.q } }, null), [])
})

test('a chain of ten thousand services does not overflow the stack', () => {
  const names = Array.from({ length: 10_000 }, (_, n) => [`s${n}`, n < 9_999 ? [`s${n + 1}`] : []])
  assert.deepEqual(messages(app(Object.fromEntries(names))), [])
})

test('names that cannot be files or parts of a unit id are refused', () => {
  for (const name of ['', '.', '..', 'a/b', 'a\nb', 'x'.repeat(129)])
    assert.deepEqual(
      validateApp(app({ [name]: [] })).map(({ service, setting }) => [service, setting]),
      [[name, 'name']],
    )
})

test('an app name that cannot be a file is refused as well', () => {
  const faults = validateApp({ ...app({ a: [] }), name: 'a/b' })
  assert.deepEqual(
    faults.map(({ service, setting }) => [service, setting]),
    [[null, 'name']],
  )
})

test('as many units as one daemon supervises are fine, and one more is not', () => {
  const count = (units: number) => {
    const one = app({ a: [] })
    const a = { ...one.services.a!, instances: Array.from({ length: units }, (_, n) => ({ n })) }
    return validateCounts({ apps: { app: { ...one, services: { a } } } }, null).map(({ message }) => message)
  }
  assert.deepEqual(count(unitsMax), [])
  assert.deepEqual(count(unitsMax + 1), ['10001 units are declared, and 10000 is the most one daemon supervises'])
})

test('separate streams count against the descriptors, discarded ones do not', () => {
  const one = app({ a: [] })
  const needs = (process: Partial<Service['process']>, descriptorsMax: number) => {
    const a = { ...one.services.a!, process: { ...one.services.a!.process, ...process } }
    return validateCounts({ apps: { app: { ...one, services: { a } } } }, descriptorsMax).length === 0
  }
  assert.deepEqual([needs({}, 52), needs({}, 51)], [true, false])
  assert.deepEqual([needs({ stderr: log }, 56), needs({ stderr: log }, 55)], [true, false])
  assert.equal(needs({ stdout: { ...log, path: 'none' } }, 48), true)
})
