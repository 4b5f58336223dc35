import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ask, createBench, holdfast, normal, root, skip, writeTree } from './sv-bench.ts'
import { setStages } from './sv-scenes.ts'

test('by links and in libexec it is sv or an init script, by any other name it is holdfast', {
  skip,
}, async (context) => {
  const bench = createBench(context)
  const [, { services }] = setStages(context, bench, 'reached')
  const at = (name: string) => join(bench.directory, name)
  symlinkSync(holdfast, at('hf'))
  symlinkSync('hf', at('also'))
  symlinkSync('also', at('sv'))
  symlinkSync(at('sv'), at('down'))
  mkdirSync(at('init.d'))
  symlinkSync('../down', join(at('init.d'), 'logged'))
  symlinkSync(join(root, 'libexec/runit/sv'), join(at('init.d'), 'up'))
  const reached = async (file: string, ...args: readonly string[]) => {
    const answer = await ask(file, args, { cwd: services, environment: { SVDIR: services } })
    return normal(answer)
  }
  const ofSv = { stdout: 'run: up: (pid N) Ns\n', stderr: '', code: 0 }
  assert.deepEqual(await reached(holdfast, 'sv', 'status', 'up'), ofSv)
  assert.deepEqual(await reached(at('sv'), 'status', 'up'), ofSv)
  assert.deepEqual(await reached(at('hf'), 'sv', 'status', 'up'), ofSv)
  assert.deepEqual(await reached(join(root, 'libexec/runit/sv'), 'status', 'up'), ofSv)
  assert.deepEqual(await reached(join(at('init.d'), 'up'), 'status'), ofSv)
  assert.deepEqual(await reached(at('down'), 'status'), { stdout: 'down: down: Ns\n', stderr: '', code: 3 })
  const log = { stdout: 'run: logged: (pid N) Ns; run: log: (pid N) Ns\n', stderr: '', code: 0 }
  assert.deepEqual(await reached(join(at('init.d'), 'logged'), 'status'), log)
  assert.match((await reached(at('also'), 'version')).stdout, /^holdfast /)
})

test('a check gets the environment that sv was called with', { skip }, async (context) => {
  const bench = createBench(context)
  const [, { services }] = setStages(context, bench, 'environment')
  const file = join(bench.directory, 'environment.txt')
  writeTree(services, { 'up/check': `#!/bin/sh\nexec env >${file}\n` })
  const given = {
    SVDIR: services,
    NODE_OPTIONS: '--no-such-option',
    HOLDFAST_COMMAND: 'of others',
    root: 'r',
    node: 'n',
  }
  for (const added of [given, { SVDIR: services, main: '' }]) {
    const { code } = await ask(bench.ours.sv, ['check', 'up'], { cwd: services, environment: added })
    assert.equal(code, 0)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const expected = Object.entries({ PATH: process.env.PATH, ...added }).map(([name, value]) => `${name}=${value}`)
    assert.deepEqual(lines.filter((line) => !/^(PWD|_)=/.test(line)).toSorted(), expected.toSorted())
  }
})
