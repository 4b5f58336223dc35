import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readModules, toModule } from './arch/modules.ts'
import * as rules from './arch/rules.ts'
import { importTable } from './arch/table.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = readModules(root, ['src', 'test', 'bench'])

/** One rule: what it must find in made-up files, so that it is known to be able to fail, and that ours keep it. */
const cases: Readonly<
  Record<
    string,
    { readonly rule: rules.Rule; readonly files: Record<string, string>; readonly found: readonly string[] }
  >
> = {
  'folders import only what the import table allows': {
    rule: rules.folders,
    files: {
      'src/main.ts': "import { a } from './engine/engine.ts'",
      'src/store/a.ts': "import type { Writer } from '../logs/writer.ts'\nimport { b } from './b.ts'",
      'src/formats/a.ts': "import type { A } from '../core/model.ts'\nimport { plan } from '../core/plan.ts'",
      'src/drivers/a.ts': "import { p } from '../engine/ports.ts'\nconst e = await import('../engine/engine.ts')",
      'src/elsewhere/a.ts': '',
    },
    found: [
      'src/store/a.ts:1: store may not import src/logs/writer.ts',
      'src/formats/a.ts:2: formats may not import src/core/plan.ts',
      'src/drivers/a.ts:2: drivers may not import src/engine/engine.ts',
      'src/elsewhere/a.ts:1: src/elsewhere is not in the import table',
    ],
  },
  'only sys binds native code': {
    rule: rules.packages,
    files: { 'src/sys/a.ts': "import koffi from 'koffi'", 'src/drivers/a.ts': "\nimport koffi from 'koffi'" },
    found: ['src/drivers/a.ts:2: only src/sys/ may import koffi'],
  },
  'imports are relative paths with their extension, or packages': {
    rule: rules.specifiers,
    files: { 'src/core/a.ts': "import { b } from './b'\nimport { c } from '#core/c.ts'\nimport { d } from './d.ts'" },
    found: ["src/core/a.ts:1: write './b'", "src/core/a.ts:2: write '#core/c.ts'"],
  },
  'no file imports itself through others': {
    rule: rules.cycles,
    files: {
      'src/core/a.ts': "import { b } from './b.ts'",
      'src/core/b.ts': "import type { c } from './c.ts'",
      'src/core/c.ts': "import { b } from './b.ts'",
    },
    found: ['src/core/b.ts:1: an import cycle: src/core/b.ts → src/core/c.ts → src/core/b.ts'],
  },
  'no file only passes on what others export': {
    rule: rules.barrels,
    files: {
      'src/core/index.ts':
        "import { x } from './x.ts'\nexport { a } from './a.ts'\nexport type { B } from './b.ts'\nexport { x }",
      'src/core/d.ts': "export { a } from './a.ts'\nexport const d = 1",
    },
    found: ['src/core/index.ts:1: only passes on'],
  },
  'exports have names': {
    rule: rules.defaultExports,
    files: { 'src/core/a.ts': "const text = 'export default'\nexport default text" },
    found: ['src/core/a.ts:2: a default export'],
  },
  'core knows no clock, no chance, no waiting and no Node': {
    rule: rules.purity,
    files: {
      'src/core/a.ts': [
        "import { join } from 'node:path'",
        'export const at = Date.now()',
        'export const chance = Math.random() + Math.max(1, 2)',
        'export async function wait() {}',
        'class Unit {}',
        'setTimeout(wait, process.pid)',
        'export const umask = (process: { umask: number }) => spec.process.pid + process.umask // process.pid',
      ].join('\n'),
      'src/store/a.ts': 'class Store {}',
    },
    found: [
      'src/core/a.ts:1: ',
      ':2: ',
      ':3: ',
      ':4: ',
      ':5: ',
      ':6: core has no timers',
      ':6: core knows no process.pid',
    ],
  },
  'the daemon loads nothing that forks or weighs too much': {
    rule: rules.daemonImports,
    files: {
      'src/main.ts': "await import('./cli/run.ts')\nimport './sys/a.ts'\nimport type { Server } from 'node:http'",
      'src/cli/run.ts': "import { spawn } from 'node:child_process'",
      'src/sys/a.ts': "import { spawn } from 'child_process'\nconst http = await import('node:http')\nawait fetch('x')",
      'src/sys/unused.ts': "import 'node:http'",
    },
    found: ['src/sys/a.ts:1: ', 'src/sys/a.ts:2: ', 'src/sys/a.ts:3: the daemon calls fetch'],
  },
  'tests wait for what happens, not for time to pass': {
    rule: rules.sleeps,
    files: {
      'src/core/a.test.ts': 'await new Promise((done) => setTimeout(done, 50))',
      'test/real/a.ts': "import { setTimeout } from 'node:timers/promises'",
      'test/real/turn.ts': "import { setImmediate } from 'node:timers/promises'",
      'test/real/b.ts': 'await new Promise<void>((resolve) => {\n  setTimeout(() => resolve(), 50)\n})',
      'test/real/c.ts': 'await new Promise((resolve, reject) => {\n  setTimeout(() => reject(new Error()), 50)\n})',
    },
    found: ['src/core/a.test.ts:1: ', 'test/real/a.ts:1: ', 'test/real/b.ts:2: '],
  },
}

for (const [name, { rule, files, found }] of Object.entries(cases)) {
  test(name, () => {
    const inMadeUp = rule(Object.entries(files).map(([path, source]) => toModule(path, source)))
    assert.equal(inMadeUp.length, found.length, inMadeUp.join('\n'))
    for (const [at, part] of found.entries()) assert.ok(inMadeUp[at]!.includes(part), `${inMadeUp[at]} has no ${part}`)

    const inOurs = rule(modules)
    assert.ok(inOurs.length === 0, `\n${inOurs.join('\n')}\n`)
  })
}

test('every allowed wait still has its file', () => {
  assert.deepEqual(rules.staleSleeps(modules), [])
})

test('the rules look at the files there are', () => {
  const paths = modules.map((module) => module.path)
  assert.ok(paths.includes('src/core/model.ts'))
  assert.ok(paths.includes('test/arch.test.ts'))
  assert.ok(Object.keys(importTable).includes('core'))
  const daemon = rules.daemonModules(modules).map((module) => module.path)
  for (const folder of ['core', 'engine', 'drivers', 'store', 'logs', 'frontends', 'sys'])
    assert.ok(
      daemon.some((path) => path.startsWith(`src/${folder}/`)),
      `the daemon's files, followed from src/main.ts, have none of src/${folder}/: does main.ts reach them by a computed name?`,
    )
})
