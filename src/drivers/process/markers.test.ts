import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readMarks, runMarks } from './markers.ts'

function environmentOf(marks: Readonly<Record<string, string>>): readonly string[] {
  return ['PATH=/bin', ...Object.entries(marks).map(([name, value]) => `${name}=${value}`)]
}

describe('the marks of a process', () => {
  it('say which run of which unit it is, as what, and of which start', () => {
    for (const role of ['main', 'pre', 'post'] as const) {
      const marked = { unit: 'shop/web/1', run: 12, role, attempt: 11 }
      assert.deepEqual(readMarks('home', environmentOf(runMarks('home', marked))), marked)
    }
  })

  it('of an older version say neither, and mean the main run of its own start', () => {
    const older = { HOLDFAST_UNIT: 'home/shop/web/1', HOLDFAST_RUN: '12' }
    const main = { unit: 'shop/web/1', run: 12, role: 'main', attempt: 12 }
    assert.deepEqual(readMarks('home', environmentOf(older)), main)
    const strange = { ...older, HOLDFAST_ROLE: 'other', HOLDFAST_ATTEMPT: '13' }
    assert.deepEqual(readMarks('home', environmentOf(strange)), main)
  })

  it('are none where they are of another home, or no number', () => {
    const marks = runMarks('home', { unit: 'shop/web/1', run: 12, role: 'main', attempt: 12 })
    assert.equal(readMarks('other', environmentOf(marks)), null)
    for (const HOLDFAST_RUN of ['', '0', '-1', '1.5', '99999999999999999999', 'x']) {
      assert.equal(readMarks('home', environmentOf({ ...marks, HOLDFAST_RUN })), null)
    }
  })
})
