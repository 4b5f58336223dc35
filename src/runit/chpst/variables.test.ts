import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { readVariables, type Setting, variableValue } from './variables.ts'

it('a value is the first line without blanks at its end, with newlines for zero bytes', () => {
  const contents = ['a b \t\nsecond', '\n', ' \t', 'a\0b', 'a\0 \n', 'a\r\n']
  assert.deepEqual(contents.map(variableValue), ['a b', '', '', 'a\nb', 'a\n', 'a\r'])
})

it('an empty file removes its variable, and so does a link to nothing; hidden files and directories are left out', () => {
  withDirectory((directory) => {
    writeFileSync(join(directory, 'A'), 'value\n')
    writeFileSync(join(directory, 'EMPTY'), '')
    writeFileSync(join(directory, '.hidden'), 'x')
    symlinkSync('/nowhere/at/all', join(directory, 'LINK'))
    mkdirSync(join(directory, 'inner'))
    const warnings: string[] = []
    const settings = readVariables({ directory, subdirectories: 'skip and tell' }, (text) => warnings.push(text))
    assert(!('kind' in settings))
    assert.deepEqual([...settings].sort(byName), [
      { name: 'A', value: 'value' },
      { name: 'EMPTY', value: null },
      { name: 'LINK', value: null },
    ])
    assert.deepEqual(warnings, [`unable to read ${directory}/inner: is a directory`])
  })
})

it('the working directory is the same afterwards, also after a failure', () => {
  withDirectory((directory) => {
    const before = process.cwd()
    readVariables({ directory, subdirectories: 'skip' }, () => {})
    mkdirSync(join(directory, 'inner'))
    const refused = readVariables({ directory, subdirectories: 'refuse' }, () => {})
    assert.deepEqual(refused, { kind: 'failure', text: `unable to read ${directory}/inner: is a directory` })
    assert.equal(process.cwd(), before)
  })
})

function byName(a: Setting, b: Setting): number {
  return a.name < b.name ? -1 : 1
}

function withDirectory(body: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-variables-'))
  try {
    body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
