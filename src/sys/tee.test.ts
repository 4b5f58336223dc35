import assert from 'node:assert/strict'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { it } from 'node:test'
import { makePipe } from './pipe.ts'
import { tee } from './tee.ts'

it('what was looked at is still there, and an empty pipe says so', () => {
  const [one, other] = [makePipe(), makePipe()]
  assert(typeof one === 'object' && typeof other === 'object')
  assert.equal(tee(one.read, other.write, 100), 'EAGAIN')
  writeSync(one.write, 'hello')
  assert.equal(tee(one.read, other.write, 4), 4)
  assert.equal(text(other.read), 'hell')
  assert.equal(text(one.read), 'hello')
  closeSync(one.write)
  assert.equal(tee(one.read, other.write, 100), 0)
  for (const fd of [one.read, other.read, other.write]) closeSync(fd)
})

it('a file is no pipe', () => {
  const pipe = makePipe()
  assert(typeof pipe === 'object')
  const file = openSync('/dev/null', 'r')
  assert.equal(tee(file, pipe.write, 100), 'EINVAL')
  for (const fd of [pipe.read, pipe.write, file]) closeSync(fd)
})

function text(fd: number): string {
  const bytes = Buffer.alloc(100)
  return bytes.toString('latin1', 0, readSync(fd, bytes))
}
