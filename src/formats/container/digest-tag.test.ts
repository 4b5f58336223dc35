import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOfTag, digestTag, digestTagReference } from './digest-tag.ts'
import { parseReference } from './reference.ts'

const hex = 'a'.repeat(64)

test('a reference by digest has a tag that stands for it, which is a reference as well', () => {
  assert.deepEqual(digestTag(`registry.example:5000/team/app@sha256:${hex}`), {
    repo: 'registry.example:5000/team/app',
    tag: `sha256-${hex}`,
  })
  const reference = digestTagReference(`busybox:1.36@sha256:${hex}`)!
  assert.equal(reference, `busybox:sha256-${hex}`)
  assert.equal(parseReference(reference).tag, `sha256-${hex}`)
})

test('a reference by tag, an image id and what is no reference have none', () => {
  for (const reference of ['busybox', 'busybox:1', `sha256:${hex}`, '', 'No Name'])
    assert.equal(digestTagReference(reference), null)
})

test('from the tag the reference by digest is found again, and other references are left as they are', () => {
  const reference = `registry.example:5000/team/app@sha256:${hex}`
  assert.equal(digestOfTag(digestTagReference(reference)!), reference)
  for (const other of ['busybox:1', `busybox:sha256-${hex}0`, 'registry.example:5000/app:sha256-abc'])
    assert.equal(digestOfTag(other), other)
})
