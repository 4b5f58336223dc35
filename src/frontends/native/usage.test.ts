import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, code, running, service } from '../../core/fixture.ts'
import type { RunFacts } from '../../engine/ports.ts'
import { engineOf } from './fixture.ts'
import { createUsageLook } from './usage.ts'

const facts: RunFacts = {
  ...{ pids: [101], rssBytes: 4096, rssPeakBytes: null, processes: 1, cpuMs: 10, memoryBytes: null },
  ...{ memoryPeakBytes: null, processesPeak: null, oomKills: null },
}

test('every unit is listed, and what has no process uses nothing; however many ask, one look serves them for a while', () => {
  const scene = running(0, service('web'), service('db'))
  scene.turn(5, scene.exited('db', code(1)), scene.exited('web', code(1)))
  scene.turn(6, scene.spawned('web'))
  let looks = 0
  const factsOfAll = (runs: readonly { readonly unit: string }[]): ReadonlyMap<string, RunFacts> => {
    looks += 1
    return new Map(runs.map(({ unit }) => [unit, facts]))
  }
  let bootMs = 1_000
  const usage = createUsageLook({ engine: engineOf(scene), driver: { factsOfAll }, clock: () => at(bootMs) })
  const { items, host, kind } = usage.list()
  assert.equal(kind, 'UsageList')
  assert.deepEqual(
    items.map(({ unit, usage: used }) => [unit, used?.rssBytes ?? null]),
    [
      ['a/web/1', 4096],
      ['a/db/1', null],
    ],
  )
  assert.ok(host.cpus >= 1 && host.cpuBusyMs > 0 && host.memoryTotalBytes > host.memoryAvailableBytes)
  usage.list()
  usage.facts()
  assert.equal(looks, 1)
  bootMs += 500
  usage.list()
  assert.equal(looks, 2)
})
