import { type Changes, type Store, StoreError } from '../engine/ports.ts'

/** A store with faults on demand, over any other. Everything it was given it keeps, to tell what a crash leaves. */
export interface FaultyStore extends Store {
  /** The n-th commit from now (1: the next) fails and leaves nothing behind. */
  failCommit(n: number, code: string): void
  /** Every commit fails until there is room again. */
  fillDisk(): void
  freeDisk(): void
  /** From here on the store holds what the crash left: as after opening it again. */
  crash(loss: Loss): void
  /** Commits that succeeded so far. */
  readonly commits: number
}

/**
 * process: we died, all that was committed is there. machine: a power cut; target, wishes and reserved numbers are
 * there, of the run state only what came before the last `commitsLost` commits. emptied: a reboot that cleared the run
 * directory.
 */
export type Loss =
  | { readonly kind: 'process' }
  | { readonly kind: 'machine'; readonly commitsLost: number }
  | { readonly kind: 'emptied' }

/** `open` gives an empty store; it is called again for each crash. */
export function createFaultyStore(open: () => Store): FaultyStore {
  let store = open()
  let journal: Changes[] = []
  let commits = 0
  let isFull = false
  let failing: { readonly commit: number; readonly code: string } | null = null

  return {
    get commits() {
      return commits
    },
    load: () => store.load(),
    commit: (changes) => {
      if (isFull) throw new StoreError('SQLITE_FULL', 'the disk is full')
      if (failing !== null) {
        const { commit, code } = failing
        failing = commit === 1 ? null : { commit: commit - 1, code }
        if (commit === 1) throw new StoreError(code, `the commit failed (${code})`)
      }
      store.commit(changes)
      journal.push(changes)
      commits++
    },
    close: () => store.close(),
    failCommit: (n, code) => {
      failing = { commit: n, code }
    },
    fillDisk: () => {
      isFull = true
    },
    freeDisk: () => {
      isFull = false
    },
    crash: (loss) => {
      store.close()
      store = open()
      journal = remaining(journal, loss)
      for (const changes of journal) store.commit(changes)
    },
  }
}

/** The commits as if only what survived had ever been in them. */
function remaining(journal: readonly Changes[], loss: Loss): Changes[] {
  if (loss.kind === 'process') return [...journal]
  const kept = loss.kind === 'machine' ? journal.length - loss.commitsLost : 0
  const bootId = journal[kept - 1]?.bootId ?? ''
  return journal.map((changes, index) => (index < kept ? changes : { ...changes, bootId, put: [], remove: [] }))
}
