import assert from 'node:assert/strict'
import { it } from 'node:test'
import { printedResult } from './printed.ts'

const printed = (text: string) => printedResult(Buffer.from(text))

it('each line of output has its program and channel before it', () => {
  const about = 'processname:web groupname:web pid:7 channel:stderr\n'
  assert.equal(printed(`${about}one\ntwo\n`), 'web stderr | one\nweb stderr | two\n')
  assert.equal(printed(`${about}no end`), 'web stderr | no end\n')
  assert.equal(printed(`${about}\n`), 'web stderr | \n')
  assert.equal(printed(about), '')
})

it('anything else is printed as it is, as a line', () => {
  assert.deepEqual([printed('{"a":1}'), printed('a\nb\n'), printed('')], ['{"a":1}\n', 'a\nb\n', ''])
})
