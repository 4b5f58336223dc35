import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { findPlace } from './cgroup-place.ts'

/** A tree of cgroup v2 as files: what the kernel would show in each folder. */
interface Level {
  readonly path: string
  readonly controllers: string
  readonly enabled?: string
  readonly processes?: readonly number[]
  /** The outermost one of the machine has no type. */
  readonly isOutermost?: boolean
}

function treeOf(context: TestContext, levels: readonly Level[]): string {
  const mount = mkdtempSync(join(tmpdir(), 'holdfast-place-'))
  context.after(() => rmSync(mount, { recursive: true }))
  for (const { path, controllers, enabled = '', processes = [], isOutermost = false } of levels) {
    const folder = join(mount, path)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'cgroup.controllers'), `${controllers}\n`)
    writeFileSync(join(folder, 'cgroup.subtree_control'), `${enabled}\n`)
    writeFileSync(join(folder, 'cgroup.procs'), processes.map((pid) => `${pid}\n`).join(''))
    if (!isOutermost) writeFileSync(join(folder, 'cgroup.type'), 'domain\n')
  }
  return mount
}

const us = process.pid
const init = 1
const outermost: Level = { path: '.', controllers: 'cpu io memory pids', enabled: 'memory pids', isOutermost: true }
const slice: Level = { path: 'system.slice', controllers: 'memory pids', enabled: 'memory pids' }

it('the outermost cgroup of a machine gives controllers although processes are in it', (context) => {
  const mount = treeOf(context, [{ ...outermost, processes: [init, us] }])
  assert.deepEqual(findPlace({ mount, own: mount }, 'holdfast-x', ['cpu', 'memory']), {
    folder: mount,
    mustBeEmptied: false,
  })
})

it('without controllers the place is below our own cgroup, whoever is in it', (context) => {
  const own = { path: 'system.slice/us.service', controllers: 'memory pids', processes: [us, init] }
  const mount = treeOf(context, [outermost, slice, own])
  const folder = join(mount, own.path)
  assert.deepEqual(findPlace({ mount, own: folder }, 'holdfast-x', []), { folder, mustBeEmptied: false })
})

it('beside processes of others the place is the nearest above that gives the controllers', (context) => {
  const own = { path: 'system.slice/us.service', controllers: 'memory pids', processes: [us, init] }
  const mount = treeOf(context, [outermost, slice, own])
  const tree = { mount, own: join(mount, own.path) }
  assert.deepEqual(findPlace(tree, 'holdfast-x', ['memory']), { folder: join(mount, slice.path), mustBeEmptied: false })
  assert.deepEqual(findPlace(tree, 'holdfast-x', ['cpu']), { folder: mount, mustBeEmptied: false })
})

it('the outermost cgroup of a container is emptied when only we are in it, and not when others are', (context) => {
  const alone = treeOf(context, [{ path: '.', controllers: 'memory', processes: [us] }])
  assert.deepEqual(findPlace({ mount: alone, own: alone }, 'holdfast-x', ['memory']), {
    folder: alone,
    mustBeEmptied: true,
  })
  const shared = treeOf(context, [{ path: '.', controllers: 'memory', processes: [us, init] }])
  const found = findPlace({ mount: shared, own: shared }, 'holdfast-x', ['memory'])
  assert('why' in found)
  assert.match(found.why, /process 1, which is not the daemon's, is in /)
})

it('our children are ours', async (context) => {
  const child = spawn('sleep', ['1000'])
  context.after(() => child.kill())
  const mount = treeOf(context, [{ path: '.', controllers: 'memory', processes: [us, child.pid ?? 0] }])
  assert.deepEqual(findPlace({ mount, own: mount }, 'holdfast-x', ['memory']), { folder: mount, mustBeEmptied: true })
})

it('once we moved into our leaf the place is the same, with nothing left to move', (context) => {
  const mount = treeOf(context, [
    { path: '.', controllers: 'memory', enabled: 'memory' },
    { path: 'holdfast-x/daemon', controllers: '', processes: [us] },
  ])
  const tree = { mount, own: join(mount, 'holdfast-x/daemon') }
  assert.deepEqual(findPlace(tree, 'holdfast-x', ['memory']), { folder: mount, mustBeEmptied: false })
})

it('a controller that no level has is named, with our own cgroup', (context) => {
  const own = { path: 'system.slice/us.service', controllers: 'memory', processes: [us] }
  const mount = treeOf(context, [{ ...outermost, controllers: 'memory' }, slice, own])
  assert.deepEqual(findPlace({ mount, own: join(mount, own.path) }, 'holdfast-x', ['cpu']), {
    why: `${join(mount, own.path)} has no cpu controller`,
  })
})

const asUser = { skip: process.getuid?.() === 0 ? 'root may write everything' : false }

it('what we may not write is no place', asUser, (context) => {
  const mount = treeOf(context, [outermost])
  chmodSync(mount, 0o500)
  context.after(() => chmodSync(mount, 0o700))
  assert.deepEqual(findPlace({ mount, own: mount }, 'holdfast-x', []), { why: `this user may not write ${mount}` })
})
