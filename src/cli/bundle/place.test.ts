import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { placeFiles } from './place.ts'

function inDirectory(body: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-place-'))
  try {
    body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function place(directory: string, texts: Readonly<Record<string, string>>): () => void {
  const files = Object.keys(texts).map((path) => ({ path, mode: 0o644 }))
  return placeFiles(
    directory,
    { files },
    new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)])),
  )
}

/** Without the list of what was placed. */
function namesIn(directory: string): readonly string[] {
  return readdirSync(join(directory, 'shop'))
    .filter((name) => name !== '.holdfast-bundle')
    .toSorted()
}

const compose = 'shop/compose.yaml'

test('files of a later bundle take the place of those of the one before, and what others put there stays', () => {
  inDirectory((directory) => {
    place(directory, { [compose]: 'one', 'shop/.env': 'A=1', 'shop/sub/more.env': 'B=1' })
    writeFileSync(join(directory, 'shop/data'), 'mine')
    place(directory, { [compose]: 'two', 'shop/sub/more.env': 'B=2' })
    assert.equal(readFileSync(join(directory, compose), 'utf8'), 'two')
    assert.equal(existsSync(join(directory, 'shop/.env')), false)
    assert.deepEqual(namesIn(directory), ['compose.yaml', 'data', 'sub'])
    assert.equal(statSync(join(directory, compose)).mode & 0o777, 0o644)
  })
})

test('what was placed is taken back to what was there', () => {
  inDirectory((directory) => {
    place(directory, { [compose]: 'one', 'shop/.env': 'A=1' })
    place(directory, { [compose]: 'two', 'shop/new.env': 'C=1' })()
    assert.equal(readFileSync(join(directory, compose), 'utf8'), 'one')
    assert.deepEqual(namesIn(directory), ['.env', 'compose.yaml'])
    place(directory, { [compose]: 'three' })
    assert.deepEqual(namesIn(directory), ['compose.yaml'])
  })
})

test('two targets in one directory do not take each other for what is old', () => {
  inDirectory((directory) => {
    place(directory, { [compose]: 'shop' })
    place(directory, { 'till/compose.yaml': 'till' })
    assert.equal(readFileSync(join(directory, compose), 'utf8'), 'shop')
  })
})

test('the list of what was placed cannot be replaced by a bundle, and leads nowhere else', () => {
  inDirectory((directory) => {
    assert.throws(() => place(directory, { [compose]: 'x', 'shop/.holdfast-bundle': '[]' }), /may be called/)
    place(directory, { [compose]: 'one' })
    writeFileSync(join(directory, 'mine'), 'x')
    writeFileSync(join(directory, 'shop/.holdfast-bundle'), '["../mine", "shop/../mine", "/etc/x", 3]')
    place(directory, { [compose]: 'two' })
    assert.equal(existsSync(join(directory, 'mine')), true)
  })
})
