import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions, isInRange, parseVersion } from './semver-range.ts'

for (const [version, range, isIn] of [
  ['19.0.5', '>=10', true],
  ['19.0.5', '>= 10.0.0', true],
  ['19.0.5', '>=20', false],
  ['19.0.5', '>19', false],
  ['20.0.0', '>19', true],
  ['19.0.5', '>19.0.4', true],
  ['19.0.5', '<19.0.5', false],
  ['19.0.5', '<=19', true],
  ['20.0.0', '<=19', false],
  ['1.2.3', '^1.2', true],
  ['2.0.0', '^1.2', false],
  ['2.0.0-rc.1', '^1.2', false],
  ['0.2.9', '^0.2.3', true],
  ['0.3.0', '^0.2.3', false],
  ['0.0.4', '^0.0.3', false],
  ['0.9.0', '^0', true],
  ['1.0.0', '^0', false],
  ['1.2.9', '~1.2.3', true],
  ['1.3.0', '~1.2.3', false],
  ['1.9.0', '~1', true],
  ['32.7.4', '32.7', true],
  ['32.8.0', '32.7', false],
  ['32.7.4', '32.x', true],
  ['32.7.4', '*', true],
  ['32.7.4', '', true],
  ['1.2.3', '1.2.3', true],
  ['1.2.3+build', '=1.2.3', true],
  ['1.5.0', '1.2 - 1.6', true],
  ['1.6.9', '1.2 - 1.6', true],
  ['1.7.0', '1.2 - 1.6', false],
  ['3.0.0', '1 || 3', true],
  ['2.0.0', '1 || 3', false],
  ['2.5.0', '>=2 <3', true],
  ['3.0.0', '>=2 <3', false],
  ['1.0.0', '>*', false],
] as const) {
  test(`${version} is ${isIn ? '' : 'not '}in '${range}'`, () => {
    assert.equal(isInRange(parseVersion(version)!, range), isIn)
  })
}

test('what is no range is told apart from one that does not match', () => {
  for (const range of ['nonsense', '>=', '1.2.3.4', '>=1 and <2', '1..2'])
    assert.equal(isInRange(parseVersion('1.0.0')!, range), null)
})

test('versions are ordered as semver.org orders them', () => {
  const ordered = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-2.x', '1.0.0', '1.0.1', '1.10.0']
  const byOrder = ['1.10.0', '1.0.0', '1.0.0-2.x', '1.0.0-alpha.beta', '1.0.1', '1.0.0-alpha', '1.0.0-alpha.1']
    .map((text) => [text, parseVersion(text)!] as const)
    .sort(([, a], [, b]) => compareVersions(a, b))
    .map(([text]) => text)
  assert.deepEqual(byOrder, ['1.0.0-2.x', ...ordered.filter((text) => text !== '1.0.0-2.x')])
  assert.equal(parseVersion('next'), null)
  assert.deepEqual(parseVersion('v32.7')?.numbers, [32, 7, 0])
})
