import assert from 'node:assert/strict'
import { it } from 'node:test'
import { resolveIdentity } from './identity.ts'

it('numbers need a group, may lack digits, and are at most sixty groups', () => {
  const resolve = (text: string) => resolveIdentity({ kind: 'list', text })
  assert.deepEqual(resolve(':1:2:3'), { uid: 1, gids: [2, 3] })
  assert.deepEqual(resolve('::'), { uid: 0, gids: [0] })
  assert.deepEqual(resolve(':4294967297:1:'), { uid: 1, gids: [1, 0] })
  assert.deepEqual('kind' in resolve(`:1${':1'.repeat(60)}`), false)
  for (const text of [':', ':1', ':1:x', ':-1:1', `:1${':1'.repeat(61)}`])
    assert.deepEqual(resolve(text), { kind: 'failure', text: `invalid uid/gids: ${text.slice(1)}` })
})

it('names are looked up, and a number is a name', () => {
  assert.deepEqual(resolveIdentity({ kind: 'list', text: 'root' }), { uid: 0, gids: [0] })
  assert.deepEqual(resolveIdentity({ kind: 'list', text: 'root:root:root' }), { uid: 0, gids: [0, 0] })
  assert.deepEqual(resolveIdentity({ kind: 'account', text: 'root' }), { uid: 0, gids: [0] })
  for (const text of ['0', '', 'root:', 'root:0'])
    assert.deepEqual(resolveIdentity({ kind: 'list', text }), {
      kind: 'failure',
      text: `unknown user/group: ${text}`,
    })
  assert.deepEqual(resolveIdentity({ kind: 'account', text: 'root:root' }), {
    kind: 'failure',
    text: 'unknown account: root:root',
  })
})
