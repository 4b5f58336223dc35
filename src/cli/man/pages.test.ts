import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { commands } from '../commands.ts'
import { manPages } from './pages.ts'

const pages = manPages({ version: '1.2.3', date: '2026-02-28' })

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

const groff = { skip: isInstalled('groff') ? false : 'groff is not installed' }
const mandoc = { skip: isInstalled('mandoc') ? false : 'mandoc is not installed' }

test('groff prints every page without a warning, in 80 and in 40 columns', groff, () => {
  for (const [name, text] of Object.entries(pages)) {
    for (const columns of [80, 40]) {
      const { stderr, stdout } = spawnSync('groff', ['-man', '-ww', '-Tascii', `-rLL=${columns}n`], { input: text })
      const warnings = stderr
        .toString()
        .split('\n')
        .filter((line) => line !== '')
      // A command to copy may be longer than a narrow terminal.
      const unwanted = columns === 80 ? warnings : warnings.filter((line) => !/can't break line/.test(line))
      assert.deepEqual(unwanted, [], name)
      assert.match(stdout.toString(), /NAME/)
    }
  }
})

test('mandoc finds nothing to warn of', mandoc, () => {
  for (const [name, text] of Object.entries(pages)) {
    const { stdout, stderr } = spawnSync('mandoc', ['-Tlint', '-Wwarning'], { input: text })
    assert.equal(stdout.toString() + stderr.toString(), '', name)
  }
})

test('every command stands in the page with its options, as they are typed', groff, () => {
  const { stdout } = spawnSync('groff', ['-man', '-Tascii', '-P-cbou', '-rLL=100n'], { input: pages['holdfast.1']! })
  const text = stdout.toString()
  for (const { name, options, isHidden } of commands) {
    if (isHidden) continue
    assert.match(text, new RegExp(`^ +holdfast ${name} \\[OPTION`, 'm'))
    for (const option of options)
      if (!option.isHidden) assert.ok(text.includes(`--${option.name}`), `${name} --${option.name}`)
  }
})

test('letters that mean something to roff are printed', groff, () => {
  const { stdout } = spawnSync('groff', ['-man', '-Tascii', '-P-cbou'], { input: pages['holdfast.1']! })
  assert.match(stdout.toString(), /~\/\.zfunc/)
  assert.match(stdout.toString(), /holdfast ps 'web\*' -l tier=front/)
})
