import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { cgroupAbilities, findTools, parseCpuList, readAbilities, readLimits } from './abilities.ts'
import { blockDeviceOf } from './block-device.ts'

it('what this host can do is plain data that survives being passed on', () => {
  const abilities = readAbilities('holdfast-test')
  assert.deepEqual(JSON.parse(JSON.stringify(abilities)), abilities)
  assert.equal(Object.keys(abilities.hardLimits).length, 16)
  assert(abilities.cpus.length > 0)
  assert.equal(abilities.uid, process.geteuid?.())
})

it('limits are known by the names of getrlimit', () => {
  const text = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max cpu time              unlimited            unlimited            seconds   ',
    'Max open files            1024                 524288               files     ',
    'Max nice priority         0                    20                   ',
  ].join('\n')
  assert.deepEqual(
    [...readLimits(text)],
    [
      ['cpu', { soft: null, hard: null }],
      ['nofile', { soft: 1024, hard: 524288 }],
      ['nice', { soft: 0, hard: 20 }],
    ],
  )
})

it('processors are listed in ranges', () => {
  assert.deepEqual(parseCpuList('0-2,5\n'), [0, 1, 2, 5])
  assert.deepEqual(parseCpuList('3'), [3])
  assert.deepEqual(parseCpuList('\n'), [])
})

it("BusyBox's tools count only where they are enough", (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tools-'))
  context.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'busybox'), '')
  for (const name of ['nice', 'setpriv', 'taskset']) symlinkSync('busybox', join(folder, name))
  writeFileSync(join(folder, 'prlimit'), '')
  symlinkSync('nowhere', join(folder, 'ionice'))
  assert.deepEqual(findTools([folder]), {
    prlimit: join(folder, 'prlimit'),
    nice: join(folder, 'nice'),
    taskset: join(folder, 'taskset'),
  })
})

it('each controller limits in one tree, and says what it cannot', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-trees-'))
  context.after(() => rmSync(folder, { recursive: true }))
  for (const name of ['memory', 'v2']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'memory', 'memory.limit_in_bytes'), '')
  writeFileSync(join(folder, 'v2', 'cgroup.controllers'), 'pids\n')
  writeFileSync(join(folder, 'v2', 'cgroup.subtree_control'), '\n')
  writeFileSync(join(folder, 'v2', 'cgroup.procs'), '')
  const trees = [
    { version: 'v1', controllers: ['memory'], mount: join(folder, 'memory'), own: join(folder, 'memory') },
    { version: 'v2', controllers: ['pids'], mount: join(folder, 'v2'), own: join(folder, 'v2') },
  ] as const
  const { version, controllers } = cgroupAbilities(trees, 'holdfast-test')
  assert.equal(version, 'v2')
  assert.deepEqual(controllers.memory, { kind: 'usable', version: 'v1', without: ['swap'] })
  assert.deepEqual(controllers.pids, { kind: 'usable', version: 'v2', without: [] })
  assert(controllers.io.kind === 'unusable')
  assert.match(controllers.io.why, /^the io controller is not there/)
  const none = cgroupAbilities([], 'holdfast-test')
  assert.equal(none.version, null)
  assert.deepEqual(none.controllers.cpu, { kind: 'unusable', why: 'this host has no cgroups mounted' })
})

it('a file that lies on no block device, and one that is not there, are told apart', () => {
  assert.equal(blockDeviceOf('/proc/self/status'), 'none')
  assert.equal(blockDeviceOf('/no/such'), 'ENOENT')
})
