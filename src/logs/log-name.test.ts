import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { logName, parseLogName, placeOf } from './log-name.ts'

describe('the name of a log', () => {
  test('tells app, service, number and stream', () => {
    assert.equal(logName({ unit: 'shop/web/1', stream: 'stdout' }), 'shop/web-1.log')
    assert.equal(logName({ unit: 'shop/web/1', stream: 'stderr' }), 'shop/web-1.err.log')
  })

  const awkward = [
    'a/b/1',
    'shop/web-1/2',
    'shop/web.err/1',
    'shop/a/b/c/1',
    '../../1',
    './.hidden/1',
    'with space/quo"te\'s;$x`/1',
    'new\nline/nul\u0000/1',
    '100%/%2F/1',
    '日本語/ünï/1',
    `${'x'.repeat(700)}/${'日本'.repeat(200)}/12`,
    `${'%'.repeat(300)}/-/1`,
    '//1',
    'app//1',
    `app/${'y'.repeat(200)}/1`,
    `app/${'y'.repeat(201)}%/1`,
  ]
  for (const unit of awkward) {
    for (const stream of ['stdout', 'stderr'] as const) {
      test(`${JSON.stringify(unit.slice(0, 40))} (${stream}) stays below the directory, fits, and can be told from its name`, () => {
        const name = logName({ unit, stream })
        const parts = name.split('/')
        assert.equal(join('/logs', name), `/logs/${name}`)
        assert.ok(parts.length >= 2)
        assert.ok(parts.every((part) => part !== '' && !part.startsWith('.') && Buffer.byteLength(part) <= 240))
        assert.deepEqual(parseLogName(name), { unit, stream })
      })
    }
  }

  test('a name of somebody else tells no unit', () => {
    assert.equal(parseLogName('shop/web.log'), null)
    assert.equal(parseLogName('web-1.log'), null)
    assert.equal(parseLogName('shop/web-1.log.1'), null)
  })
})

test('a log behind symbolic links is the file they end at, except behind our own standard output', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
  try {
    writeFileSync(join(directory, 'real.log'), '')
    symlinkSync('real.log', join(directory, 'one.log'))
    symlinkSync(join(directory, 'one.log'), join(directory, 'two.log'))
    symlinkSync('/dev/stdout', join(directory, 'out.log'))
    assert.equal(placeOf(join(directory, 'two.log')), join(directory, 'real.log'))
    assert.equal(placeOf(join(directory, 'out.log')), '/dev/stdout')
    assert.equal(placeOf(join(directory, 'new.log')), join(directory, 'new.log'))
  } finally {
    rmSync(directory, { recursive: true })
  }
})
