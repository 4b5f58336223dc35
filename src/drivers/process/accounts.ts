import { statSync } from 'node:fs'
import type { Failure } from '../../core/model.ts'
import { type Account, resolveAccount } from './account.ts'
import { isFailure } from './failure.ts'

/** For whoever asks often: what was looked up is used again for as long as the user database is the same. */
export interface Accounts {
  /** As resolveAccount. */
  resolve(user: string | null): Account | Failure
}

export interface AccountsOptions {
  readonly lookUp?: (user: string | null) => Account | Failure
  /** What tells that the database was changed. */
  readonly files?: readonly string[]
  readonly nowMs?: () => number
}

/**
 * Users may come from elsewhere, a directory on the network, and a file may be changed twice within one tick of its times:
 * nothing is used for longer than this.
 */
const ageMsMax = 60_000

const databaseFiles = ['/etc/passwd', '/etc/group', '/etc/nsswitch.conf']

export function createAccounts(options: AccountsOptions = {}): Accounts {
  const { lookUp = resolveAccount, files = databaseFiles, nowMs = () => performance.now() } = options
  let known = { identity: '', sinceMs: 0, accounts: new Map<string, Account>() }

  function resolve(user: string | null): Account | Failure {
    if (user === null) return lookUp(user)
    // Looked at before the lookup: what changes meanwhile is noticed the next time.
    const identity = files.map(identityOf).join('\n')
    if (identity !== known.identity || nowMs() - known.sinceMs >= ageMsMax) {
      known = { identity, sinceMs: nowMs(), accounts: new Map() }
    }
    const kept = known.accounts.get(user)
    if (kept !== undefined) return kept
    const account = lookUp(user)
    // A user that is missing is to be found as soon as somebody creates it, wherever that is.
    if (!isFailure(account)) known.accounts.set(user, account)
    return account
  }

  return { resolve }
}

function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? 'none' : [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ')
}
