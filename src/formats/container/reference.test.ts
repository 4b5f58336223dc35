import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normaliseReference, parseReference, printReference } from './reference.ts'

const hex = '0123456789abcdef'.repeat(4)

test('the same image always gets the same text', () => {
  const same: Readonly<Record<string, readonly string[]>> = {
    'busybox:latest': [
      'busybox',
      'busybox:latest',
      'library/busybox',
      'docker.io/busybox',
      'docker.io/library/busybox:latest',
      'index.docker.io/library/busybox',
      'BusyBox',
    ],
    'team/app:1.2': ['team/app:1.2', 'docker.io/team/app:1.2', 'Team/App:1.2'],
    'registry.example/team/app:latest': ['registry.example/team/app', 'Registry.Example/team/app:latest'],
    'localhost/app:x': ['localhost/app:x'],
    'localhost:5000/library/app:latest': ['localhost:5000/library/app'],
    '[::1]:5000/app:latest': ['[::1]:5000/app'],
    [`busybox@sha256:${hex}`]: [`busybox@sha256:${hex}`, `docker.io/library/busybox:1.36@sha256:${hex}`],
    [`sha256:${hex}`]: [`sha256:${hex}`],
  }
  for (const [text, others] of Object.entries(same))
    for (const other of others) assert.equal(normaliseReference(other), text, other)
})

test('what is normal stays as it is', () => {
  const random = ['a', 'a:b', 'a/b/c', 'r.example:1/a__b--c:T_1', `a:t@sha256:${hex}`, `sha256:${hex}`]
  for (const text of random) {
    const once = normaliseReference(text)
    assert.equal(normaliseReference(once), once)
  }
})

test('a reference comes apart into registry, repository, tag and digest, and together again', () => {
  const text = `registry.example:5000/team/app:1.2@sha256:${hex}`
  const parts = parseReference(text)
  assert.deepEqual(parts, {
    registry: 'registry.example:5000',
    repository: 'team/app',
    tag: '1.2',
    digest: `sha256:${hex}`,
  })
  assert.equal(printReference(parts), text)
})

test('without a dot, a port or the word localhost the first part is no registry', () => {
  assert.deepEqual(parseReference('team/app'), { registry: null, repository: 'team/app', tag: null, digest: null })
  assert.equal(parseReference('host:80/app').registry, 'host:80')
  assert.equal(parseReference('localhost/app').registry, 'localhost')
})

test('upper case is kept where it counts: in a tag', () => {
  assert.equal(normaliseReference('App:Beta'), 'app:Beta')
})

test('what is no reference is refused with what is wrong in it', () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    '': /it is empty/,
    ' ': /' ' is no part of a name/,
    'app:': /'' is no tag/,
    'app:-x': /'-x' is no tag/,
    [`app:${'x'.repeat(129)}`]: /is no tag/,
    'app@sha256:12': /'sha256:12' is no digest; one is written sha256: and 64 hexadecimal digits/,
    [`app@sha256:${hex}@sha256:${hex}`]: /is no digest/,
    [`@sha256:${hex}`]: /a part of its name is empty/,
    'a//b': /a part of its name is empty/,
    '/a': /a part of its name is empty/,
    'a/': /a part of its name is empty/,
    'a b': /'a b' is no part of a name/,
    '-a': /'-a' is no part/,
    'a..b': /'a..b' is no part/,
    'https://registry.example/app': /is no name of a registry|part of its name is empty/,
    'registry_1.example/app': /'registry_1.example' is no name of a registry/,
    'ünder/app': /is no part of a name/,
    [hex]: /an image id is written sha256:/,
    [`${'a/'.repeat(128)}a`]: /at most 255 characters/,
    '${IMAGE}': /is no part of a name/,
  }
  for (const [text, message] of Object.entries(wrong)) assert.throws(() => normaliseReference(text), message, text)
})

test('a name may be as long as the engines allow', () => {
  assert.equal(normaliseReference('a'.repeat(255)), `${'a'.repeat(255)}:latest`)
  assert.equal(normaliseReference(`a:${'x'.repeat(128)}`), `a:${'x'.repeat(128)}`)
})

test('a long hostile text is refused in no time', () => {
  const began = performance.now()
  for (const text of ['a-'.repeat(100_000), '.'.repeat(200_000), `${'a__'.repeat(60_000)}!`, ':'.repeat(100_000)])
    assert.throws(() => parseReference(text))
  assert.ok(performance.now() - began < 1_000)
})
