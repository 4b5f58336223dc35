import assert from 'node:assert/strict'
import { it } from 'node:test'
import { noChanges, type Reading } from './changes.ts'
import { readEmulation } from './read-emulation.ts'
import { readOptions } from './read-options.ts'

it('every option becomes a change, and the last of a kind counts', () => {
  const line = '-vP -e old -e env -/ root -n -3 -U :1:2 -u nobody -L lock -b own -20 -2 -m 9 -d 5 -o 6 -t 7 prog -x'
  assert.deepEqual(readOptions(line.split(' '), 'chpst'), {
    kind: 'changes',
    changes: {
      ...noChanges,
      startsSession: true,
      variables: { directory: 'env', subdirectories: 'skip and tell' },
      root: 'root',
      niceIncrement: -3,
      idVariables: { kind: 'list', text: ':1:2' },
      user: { kind: 'list', text: 'nobody' },
      lock: { path: 'lock', isWaitedFor: false },
      ownName: 'own',
      closed: [2, 0],
      limits: { data: 5n, stack: 9n, memlock: 9n, as: 9n, nofile: 6n, cpu: 7n },
      command: ['prog', '-x'],
    },
  })
})

it('wrong use is answered by how it is used, by the name it was called by', () => {
  for (const line of ['', '-o x p', '-n x p', '-l a -l b p', '-V p']) {
    const reading = readOptions(line.split(' ').filter(Boolean), 'other')
    assert.match(refusal(reading), /^(chpst of .*\n)?usage: other \[-vVP012\].* prog\n\n$/, line)
  }
  assert.match(refusal(readOptions(['-q'], 'chpst')), /^chpst: illegal option -- q\nusage: chpst /)
})

it('daemontools programs have options and operands of their own', () => {
  const changes = (name: string, line: string) => {
    const reading = readEmulation(line.split(' '), name)
    assert(reading?.kind === 'changes')
    return Object.fromEntries(
      Object.entries(reading.changes).filter(([key, value]) => value !== noChanges[key as 'user']),
    )
  }
  assert.deepEqual(changes('setuidgid', 'nobody p -x'), {
    user: { kind: 'account', text: 'nobody' },
    command: ['p', '-x'],
  })
  assert.deepEqual(changes('envuidgid', 'nobody p'), {
    idVariables: { kind: 'account', text: 'nobody' },
    command: ['p'],
  })
  assert.deepEqual(changes('envdir', 'env p'), {
    variables: { directory: 'env', subdirectories: 'refuse' },
    command: ['p'],
  })
  assert.deepEqual(changes('pgrphack', '-P p'), { startsSession: true, command: ['-P', 'p'] })
  assert.deepEqual(changes('setlock', '-Nnx file p'), {
    lock: { path: 'file', isWaitedFor: true },
    failsSilently: true,
    command: ['p'],
  })
  assert.deepEqual(changes('softlimit', '-a 5 -o = p').limits, { as: 5n, nofile: null })
  assert.equal(readEmulation(['p'], 'chpst'), null)
})

function refusal(reading: Reading): string {
  assert(reading.kind === 'refused')
  return reading.text
}
