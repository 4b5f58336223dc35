import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { hostPathInside } from './inside.ts'

it('links in a new root lead to places inside of it', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-inside-'))
  context.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'usr/bin'), { recursive: true })
  symlinkSync('usr/bin', join(root, 'bin'))
  symlinkSync('/bin/real', join(root, 'usr/bin/sh'))
  symlinkSync('../../../../etc/passwd', join(root, 'usr/bin/away'))
  symlinkSync('loop', join(root, 'loop'))
  const inside = (path: string): string => hostPathInside(root, path).slice(root.length)
  assert.equal(inside('/bin/sh'), '/usr/bin/real')
  assert.equal(inside('/bin/away'), '/etc/passwd')
  assert.equal(inside('/../../bin'), '/usr/bin')
  assert.equal(inside('/bin/../lib'), '/usr/lib')
  assert.equal(inside('/no/such'), '/no/such')
  assert.equal(inside('/loop'), '/loop')
  assert.equal(inside('/'), '/')
})
