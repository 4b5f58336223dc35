import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KeptOfEngine } from '../../src/core/containers/model.ts'
import type { Job, LastingWant, Target, Want } from '../../src/core/model.ts'
import type { Changes, Store, StoredRelease, StoredUnit } from '../../src/engine/ports.ts'

/** What every store must do. `open` gives an empty one; `reopen` is called on one that was closed: what was stored is there. */
export interface StoreCase {
  open(): { store: Store; reopen(): Store; dispose(): void }
}

export function storeContract(name: string, { open }: StoreCase): void {
  const stored = (store: Store) => {
    const { stored, warnings } = store.load()
    assert.deepEqual(warnings, [])
    return stored
  }
  /** Does the work, and tells what the store holds then, and again after it was closed and opened. */
  const check = (work: (store: Store) => void, expect: (store: Store) => void) => {
    const { store, reopen, dispose } = open()
    try {
      work(store)
      expect(store)
      store.close()
      const again = reopen()
      expect(again)
      again.close()
    } finally {
      dispose()
    }
  }

  describe(`the store contract holds for ${name}`, () => {
    test('an empty store holds nothing', () => {
      check(
        () => {},
        (store) => assert.equal(stored(store), null),
      )
    })

    test('a commit with everything is loaded as it was', () => {
      const changes: Changes = {
        bootId: 'boot-1',
        target,
        runsReserved: 1001,
        releases: [release('web')],
        engineKept: kept,
        wants: [{ unit: 'app/web/1', want: down }],
        jobs: [{ unit: 'app/web/2', job: job(8) }],
        put: [unit('app/web/1', 7), unit('app/web/2', 8)],
        remove: [],
      }
      check(
        (store) => store.commit(changes),
        (store) =>
          assert.deepEqual(stored(store), {
            bootId: 'boot-1',
            target,
            runsReserved: 1001,
            releases: [release('web')],
            engineKept: kept,
            wants: [{ unit: 'app/web/1', want: down }],
            jobs: [{ unit: 'app/web/2', job: job(8) }],
            units: [unit('app/web/1', 7), unit('app/web/2', 8)],
          }),
      )
    })

    test('a commit touches only what it names', () => {
      check(
        (store) => {
          store.commit({ ...nothing, target, runsReserved: 1001, wants: [{ unit: 'app/web/1', want: down }] })
          store.commit({ ...nothing, jobs: [{ unit: 'app/web/3', job: job(3) }] })
          store.commit({ ...nothing, put: [unit('app/web/1', 1), unit('app/web/2', 2), unit('app/web/3', 3)] })
          store.commit({ ...nothing, put: [unit('app/web/1', 4)], remove: ['app/web/2'] })
        },
        (store) => {
          assert.deepEqual(stored(store), {
            bootId: 'boot-1',
            target,
            runsReserved: 1001,
            wants: [{ unit: 'app/web/1', want: down }],
            jobs: [{ unit: 'app/web/3', job: job(3) }],
            units: [unit('app/web/1', 4), unit('app/web/3', 3)],
          })
        },
      )
    })

    test('a want is replaced, and null takes it away', () => {
      check(
        (store) => {
          store.commit({
            ...nothing,
            wants: [
              { unit: 'app/a/1', want: down },
              { unit: 'app/b/1', want: down },
            ],
          })
          store.commit({ ...nothing, wants: [{ unit: 'app/a/1', want: null }] })
          store.commit({ ...nothing, wants: [{ unit: 'app/b/1', want: once }] })
        },
        (store) => assert.deepEqual(stored(store)?.wants, [{ unit: 'app/b/1', want: once }]),
      )
    })

    test('a job is replaced, and null takes it away', () => {
      check(
        (store) => {
          store.commit({
            ...nothing,
            jobs: [
              { unit: 'app/a/1', job: job(1) },
              { unit: 'app/b/1', job: job(2) },
            ],
          })
          store.commit({ ...nothing, jobs: [{ unit: 'app/a/1', job: null }] })
          store.commit({ ...nothing, jobs: [{ unit: 'app/b/1', job: job(3) }] })
        },
        (store) => assert.deepEqual(stored(store)?.jobs, [{ unit: 'app/b/1', job: job(3) }]),
      )
    })

    test('releases and what is kept of the engine are replaced as a whole, alone or with a target', () => {
      check(
        (store) => {
          store.commit({ ...nothing, releases: [release('web'), release('db')] })
          store.commit({ ...nothing, engineKept: kept })
          store.commit({ ...nothing, target, releases: [release('db')] })
          store.commit({ ...nothing, put: [unit('app/a/1', 1)] })
        },
        (store) => {
          const { releases, engineKept } = stored(store) ?? {}
          assert.deepEqual([releases, engineKept], [[release('db')], kept])
        },
      )
    })

    test('what was never stored of releases and of the engine is absent', () => {
      check(
        (store) => store.commit({ ...nothing, target }),
        (store) =>
          assert.deepEqual(
            Object.keys(stored(store) ?? {}).filter((key) => /release|engine/.test(key)),
            [],
          ),
      )
    })

    test('the boot id is that of the last commit', () => {
      check(
        (store) => {
          store.commit({ ...nothing, target })
          store.commit({ ...nothing, bootId: 'boot-2' })
        },
        (store) => assert.equal(stored(store)?.bootId, 'boot-2'),
      )
    })

    test('removing what is not there changes nothing', () => {
      check(
        (store) => {
          store.commit({ ...nothing, put: [unit('app/a/1', 1)] })
          store.commit({ ...nothing, remove: ['app/gone/1'], wants: [{ unit: 'app/gone/1', want: null }] })
          store.commit({ ...nothing, jobs: [{ unit: 'app/gone/1', job: null }] })
        },
        (store) => assert.deepEqual(stored(store)?.units, [unit('app/a/1', 1)]),
      )
    })

    test('names and texts of any kind come back byte for byte', () => {
      const id = `app '";--/日本\u0001😀 %00/1`
      check(
        (store) =>
          store.commit({
            ...nothing,
            put: [unit(id, 1)],
            wants: [{ unit: id, want: down }],
            jobs: [{ unit: id, job: job(1, id) }],
          }),
        (store) => {
          assert.deepEqual(stored(store)?.units, [unit(id, 1)])
          assert.deepEqual(stored(store)?.wants, [{ unit: id, want: down }])
          assert.deepEqual(stored(store)?.jobs, [{ unit: id, job: job(1, id) }])
        },
      )
    })
  })
}

/** A commit that changes nothing, to be spread. */
export const nothing: Changes = { bootId: 'boot-1', wants: [], jobs: [], put: [], remove: [] }

export const down: LastingWant = { kind: 'down', by: { kind: 'user', uid: 1000, name: 'ada' } }

const once: Want = { kind: 'once', by: down.by, afterwards: down }

export const target: Target = {
  apps: { web: { name: 'web', source: '/etc/web.yaml', dialect: 'compose', priority: 999, services: {} } },
}

const kept: KeptOfEngine = {
  ownImages: { 'shop/web:2': 'sha256:2' },
  pulling: { 'shop/web:3': '' },
  purges: { shop_data: 'ada (uid 1000)' },
  pulledFor: { web: 'abc' },
  takenLocks: { shop: ['/run/shop/updates.lock'] },
}

export function release(app: string): StoredRelease {
  const declared = { app: target.apps.web!, id: `${app} '"😀`, hash: 'abc' }
  return {
    app,
    hash: 'def',
    id: 'v2',
    status: 'trial',
    sinceWallMs: 1_700_000_000_000,
    why: `declared instead of ${declared.id}`,
    trial: { deadlineBootMs: 1234.5, exempt: ['web/a/1'] },
    previous: declared,
    rejected: { ...declared, why: 'not well within 5 min', atWallMs: 1_700_000_000_000 },
  }
}

export function job(run: number, message = ''): Job {
  const history = ['missed', 'expected'] as const
  return {
    scheduleHash: 'abc',
    dueWallMs: 1_700_000_060_000,
    due: 'known',
    asked: null,
    doneWallMs: 1_700_000_000_000,
    trustedWallMs: 0,
    isQueued: false,
    done: null,
    history: history.map((outcome) => ({
      run: outcome === 'missed' ? null : run,
      by: { kind: 'schedule' },
      dueWallMs: 1_700_000_000_000,
      startedWallMs: 1_700_000_000_012,
      endedWallMs: 1_700_000_001_234,
      outcome,
      exit: outcome === 'missed' ? null : { kind: 'code', code: 0 },
      message,
    })),
  }
}

export function unit(id: string, run: number): StoredUnit {
  const [app = '', service = ''] = id.split('/')
  return {
    id,
    app,
    service,
    n: 1,
    spec: null,
    phase: 'up',
    sinceBootMs: 1234.5,
    sinceWallMs: 1_700_000_000_000,
    reason: 'started',
    run: {
      n: run,
      role: 'main',
      runHash: 'abc',
      startedBootMs: 1234,
      identity: { pid: 4711, startTicks: 99, bootId: 'boot-1', pidNamespace: '4026531836' },
      isAdopted: false,
      isPaused: false,
      isStable: true,
      gotTerm: false,
      shortfalls: [],
    },
    attempt: run,
    lastRun: run,
    stop: null,
    condemned: null,
    after: null,
    retryBootMs: null,
    end: { kind: 'never', run: null, exit: null, message: '', atWallMs: null },
    earlyExits: 0,
    restartTimesBootMs: [],
    restarts: 0,
    endRunsUpTo: 0,
    endRunsWhy: '',
    stoppedBy: null,
    signals: [],
  }
}
