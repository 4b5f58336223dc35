import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { resolveAccount } from './account.ts'
import { createAccounts } from './accounts.ts'
import { failure } from './failure.ts'

it('an account is looked up once, and found as it is', () => {
  using at = bench()
  assert.deepEqual([at.uidOf('web'), at.uidOf('web'), at.lookups()], [1_000, 1_000, 1])
  assert.deepEqual([at.uidOf('web:web'), at.uidOf('web'), at.lookups()], [1_000, 1_000, 2])
})

const changes: Readonly<Record<string, (path: string) => void>> = {
  'is replaced': (path) => {
    writeFileSync(`${path}.new`, '2000')
    renameSync(`${path}.new`, path)
  },
  grows: (path) => appendFileSync(path, '2000'),
  'is written in place, as large as before': (path) => writeFileSync(path, '2000'),
  'is changed and given its old times': (path) => {
    const changed = () => statSync(path, { bigint: true }).ctimeNs
    const before = changed()
    do {
      writeFileSync(path, '2000')
      utimesSync(path, 1_700_000_000, 1_700_000_000)
      // The clock of files goes in steps, of 10 ms on some hosts.
    } while (changed() === before)
  },
  'is gone': (path) => rmSync(path),
}
for (const file of ['passwd', 'group']) {
  for (const [what, change] of Object.entries(changes)) {
    it(`an account is looked up again when the file ${file} ${what}`, () => {
      using at = bench()
      at.uidOf('web')
      at.uid = 2_000
      change(at.path(file))
      assert.deepEqual([at.uidOf('web'), at.uidOf('web'), at.lookups()], [2_000, 2_000, 2])
    })
  }
}

it('an account is looked up again when a file comes to be that was not there', () => {
  using at = bench()
  at.uidOf('web')
  writeFileSync(at.path('nsswitch.conf'), '')
  at.uidOf('web')
  assert.equal(at.lookups(), 2)
})

it('an account is looked up again after a minute: it may come from elsewhere', () => {
  using at = bench()
  at.uidOf('web')
  at.nowMs += 59_999
  at.uidOf('web')
  assert.equal(at.lookups(), 1)
  at.nowMs += 1
  at.uidOf('web')
  assert.equal(at.lookups(), 2)
})

it('a user that is missing is looked for each time, and so are we ourselves', () => {
  using at = bench()
  at.uid = null
  assert.equal(at.uidOf('web'), 'no-user')
  at.uid = 1_000
  assert.equal(at.uidOf('web'), 1_000)
  at.uidOf(null)
  at.uidOf(null)
  assert.equal(at.lookups(), 4)
})

it("of this host's own database it answers as without it", () => {
  const accounts = createAccounts()
  for (const user of ['root', '0', 'nobody', 'no-such-user', null]) {
    assert.deepEqual(accounts.resolve(user), resolveAccount(user))
    assert.deepEqual(accounts.resolve(user), resolveAccount(user))
  }
})

/** A database of one user, whose answer does not depend on its files. */
function bench() {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-accounts-'))
  const path = (name: string) => join(directory, name)
  for (const name of ['passwd', 'group']) {
    writeFileSync(path(name), '1000')
    utimesSync(path(name), 1_700_000_000, 1_700_000_000)
  }
  let lookups = 0
  const accounts = createAccounts({
    files: ['passwd', 'group', 'nsswitch.conf'].map(path),
    nowMs: () => at.nowMs,
    lookUp(user) {
      lookups += 1
      if (at.uid === null) return failure('no-user', 'there is none')
      return { name: user ?? '', uid: at.uid, gid: 0, home: '/', shell: '/bin/sh', groups: null }
    },
  })
  const at = {
    path,
    nowMs: 0,
    uid: 1_000 as number | null,
    uidOf(user: string | null) {
      const account = accounts.resolve(user)
      return 'uid' in account ? account.uid : account.code
    },
    lookups: () => lookups,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
  return at
}
