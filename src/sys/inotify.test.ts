import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'node:test'
import { createInotify, type Inotify } from './inotify.ts'
import { createWatcher, type Watcher } from './watcher.ts'

let directory: string
let watcher: Watcher
let inotify: Inotify

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-inotify-'))
  watcher = createWatcher()
  const created = createInotify(watcher)
  assert(typeof created !== 'string')
  inotify = created
})

afterEach(() => {
  inotify.close()
  watcher.close()
  rmSync(directory, { recursive: true, force: true })
})

/** Collects what is told; `until` resolves when it was told of `name`. */
function listen(path: string) {
  const told: (string | null)[] = []
  let look = (): void => {}
  const watch = inotify.watch(path, (name) => {
    told.push(name)
    look()
  })
  assert(typeof watch !== 'string')
  const until = (name: string | null): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (told.includes(name)) resolve()
      }
      look()
    })
  return { told, until, stop: watch.stop }
}

it('tells the name of what is made, written, removed, or changed in its mode', async () => {
  const { told, until } = listen(directory)
  writeFileSync(join(directory, 'run'), 'x')
  await until('run')
  symlinkSync('/nowhere', join(directory, 'ünï'))
  await until('ünï')
  told.length = 0
  chmodSync(join(directory, 'run'), 0o755)
  await until('run')
  told.length = 0
  unlinkSync(join(directory, 'run'))
  await until('run')
})

it('two paths to one directory are told both, and one goes on when the other stops', async () => {
  mkdirSync(join(directory, 'real'))
  symlinkSync('real', join(directory, 'link'))
  const one = listen(join(directory, 'real'))
  const other = listen(join(directory, 'link'))
  writeFileSync(join(directory, 'real', 'a'), '')
  await Promise.all([one.until('a'), other.until('a')])
  one.stop()
  writeFileSync(join(directory, 'real', 'b'), '')
  await other.until('b')
  assert(!one.told.includes('b'))
})

it('a directory that goes is told, and can be watched again when it is back', async () => {
  const path = join(directory, 'x')
  mkdirSync(path)
  const first = listen(path)
  rmdirSync(path)
  await first.until(null)
  first.stop()
  mkdirSync(path)
  const second = listen(path)
  writeFileSync(join(path, 'run'), '')
  await second.until('run')
  second.stop()
})

it('what cannot be watched is answered with why', () => {
  assert.equal(
    inotify.watch(join(directory, 'nowhere'), () => {}),
    'ENOENT',
  )
  writeFileSync(join(directory, 'file'), '')
  assert.equal(
    inotify.watch(join(directory, 'file'), () => {}),
    'ENOTDIR',
  )
})
