import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { down, job, nothing, target, unit } from '../../test/contract/store.ts'
import { type Changes, StoreError } from '../engine/ports.ts'
import { stateMigrations } from './schema.ts'
import { openSqliteStore } from './sqlite.ts'
import { openSqliteFile } from './sqlite-file.ts'

const everything: Changes = {
  ...nothing,
  target,
  runsReserved: 1001,
  wants: [{ unit: 'app/a/1', want: down }],
  jobs: [{ unit: 'app/b/1', job: job(2) }],
  put: [unit('app/a/1', 1), unit('app/b/1', 2)],
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  'of garbage': (path) => writeFileSync(path, 'this is no database'.repeat(1000)),
  'with a page overwritten': (path) => {
    const bytes = readFileSync(path)
    // The first page holds the header and the schema.
    bytes.fill(0xa5, 100, 4096)
    writeFileSync(path, bytes)
  },
  'without its tables': (path) => {
    const database = new DatabaseSync(path)
    database.exec('DROP TABLE facts')
    database.close()
  },
  'cut in the middle': (path) => writeFileSync(path, readFileSync(path).subarray(0, 6000)),
}

describe('the two databases', () => {
  test('are readable by the owner only', () => {
    using at = place()
    using store = at.open()
    store.commit(everything)
    const files = ['state', 'run'].flatMap((name) => at.list(name).map((file) => join(at.path(name), file)))
    assert.ok(files.length >= 4)
    for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file)
  })

  test('a commit of units alone does not touch state.db', () => {
    using at = place()
    using store = at.open()
    store.commit(everything)
    const before = at.stateBytes()
    for (let run = 0; run < 20; run++) store.commit({ ...nothing, put: [unit('app/a/1', run)], remove: ['app/b/1'] })
    assert.ok(before.equals(at.stateBytes()))
    store.commit({ ...nothing, runsReserved: 2001 })
    assert.ok(!before.equals(at.stateBytes()))
  })

  test('the home id stays, also when either file is lost', () => {
    using at = place()
    const ids = new Set<string>()
    for (const lost of ['nothing', 'run', 'state', 'nothing']) {
      using store = at.open()
      ids.add(store.homeId)
      store.commit(everything)
      store.close()
      rmSync(at.path(lost), { recursive: true, force: true })
    }
    assert.equal(ids.size, 1)
    assert.match([...ids][0] ?? '', /^[0-9a-f]{16}$/)
  })
})

describe('a death in the middle of a commit', () => {
  const boundaries = { 1: 'before', 2: 'between', 3: 'after' } as const
  for (const [n, name] of Object.entries(boundaries)) {
    test(`${name} the two databases leaves all of the turn or nothing`, () => {
      using at = place()
      const turns = `
        import { openSqliteStore } from ${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)}
        openSqliteStore(${JSON.stringify(at.directories)}).commit(${JSON.stringify(everything)})
      `
      const child = spawnSync(process.execPath, ['--input-type=module', '-e', turns], {
        env: { ...process.env, HOLDFAST_DIE_AT: n },
        encoding: 'utf8',
      })
      assert.equal(child.signal, 'SIGKILL', child.stderr)
      using store = at.open()
      const { stored } = store.load()
      if (name === 'before') assert.equal(stored, null)
      else {
        const { put, remove: _, ...rest } = everything
        assert.deepEqual(stored, { ...rest, units: put })
      }
      // And what follows finds both at one point again.
      store.commit({ ...nothing, put: [unit('app/c/1', 3)] })
      store.close()
      using again = at.open()
      const ids = again.load().stored?.units.map(({ id }) => id)
      assert.deepEqual(ids, name === 'before' ? ['app/c/1'] : ['app/a/1', 'app/b/1', 'app/c/1'])
    })
  }

  test('the rest of a turn is not done to a run.db that went back to an earlier point', () => {
    using at = place()
    const store = at.open()
    store.commit(everything)
    store.close()
    const older = readFileSync(join(at.path('run'), 'run.db'))
    const later = at.open()
    later.commit({ ...nothing, runsReserved: 2001, put: [unit('app/b/1', 5)] })
    later.commit({ ...nothing, runsReserved: 3001, put: [unit('app/b/1', 6)] })
    later.close()
    writeFileSync(join(at.path('run'), 'run.db'), older)
    using again = at.open()
    const { stored } = again.load()
    assert.equal(stored?.runsReserved, 3001)
    assert.deepEqual(stored?.units, everything.put)
  })
})

describe('trouble with the disk', () => {
  for (const name of ['state', 'run']) {
    for (const [how, damage] of Object.entries(damages)) {
      test(`${name}.db ${how} is moved aside, and supervision starts without it`, () => {
        using at = place()
        const store = at.open()
        store.commit({ ...everything, put: Array.from({ length: 200 }, (_, n) => unit(`app/a/${n}`, n + 1)) })
        store.close()
        damage(join(at.path(name), `${name}.db`))
        using again = at.open()
        const { stored, warnings } = again.load()
        assert.equal(warnings.length, 1, warnings.join('\n'))
        assert.match(warnings[0] ?? '', new RegExp(`${name}\\.db: .*moved to .*${name}\\.db\\.corrupt-`))
        assert.equal(at.list(name).filter((file) => /^\w+\.db\.corrupt-\d+T\d+Z$/.test(file)).length, 1)
        if (name === 'run') assert.deepEqual([stored?.target, stored?.jobs], [target, everything.jobs])
        else assert.equal(stored?.units.length, 200)
        // Numbers that may have been used are not used again.
        assert.ok((stored?.runsReserved ?? 0) >= (name === 'run' ? 1001 : 201))
        again.commit({ ...everything, put: [unit('app/z/1', 7)] })
        again.close()
        using third = at.open()
        assert.deepEqual(third.load().warnings, [])
        assert.ok(third.load().stored?.units.some(({ id }) => id === 'app/z/1'))
      })
    }
  }

  test('both databases damaged at once leave the home id, by which running processes are known', () => {
    using at = place()
    const store = at.open()
    store.commit(everything)
    const { homeId } = store
    store.close()
    for (const name of ['state', 'run'] as const) writeFileSync(join(at.path(name), `${name}.db`), 'x'.repeat(9_000))
    using again = at.open()
    assert.equal(again.load().stored?.units.length ?? 0, 0)
    assert.equal(again.homeId, homeId)
  })

  test('one unit that cannot be read costs that unit alone', () => {
    using at = place()
    const store = at.open()
    store.commit(everything)
    store.close()
    at.sql('run', "UPDATE units SET body = '{\"id\":' WHERE id = 'app/a/1'")
    using again = at.open()
    const { stored, warnings } = again.load()
    assert.match(
      warnings[0] ?? '',
      /run\.db: 1 units cannot be read \(app\/a\/1\); moved to .*keeping what could be read/,
    )
    assert.deepEqual(stored?.units, [unit('app/b/1', 2)])
    again.close()
    using third = at.open()
    assert.deepEqual(third.load(), { stored, warnings: [] })
  })

  test('one job that cannot be read costs that job alone', () => {
    using at = place()
    const store = at.open()
    store.commit({ ...everything, jobs: ['a', 'b'].map((name) => ({ unit: `app/${name}/1`, job: job(1) })) })
    store.close()
    at.sql('state', "UPDATE jobs SET body = '[]' WHERE unit = 'app/a/1'")
    using again = at.open()
    const { stored, warnings } = again.load()
    assert.match(warnings.join(), /state\.db: the job app\/a\/1 cannot be read; moved to .*keeping what could be read/)
    assert.deepEqual(stored?.jobs, [{ unit: 'app/b/1', job: job(1) }])
    assert.deepEqual([stored?.target, stored?.wants], [target, everything.wants])
    again.close()
    using third = at.open()
    assert.deepEqual(third.load(), { stored, warnings: [] })
  })

  test('only the latest few damaged files are kept', () => {
    using at = place()
    for (let count = 0; count < 6; count++) {
      at.open().close()
      writeFileSync(join(at.path('state'), 'state.db'), `this is no database, ${count}`)
    }
    at.open().close()
    assert.ok(at.list('state').filter((file) => file.includes('corrupt') && file.endsWith('Z')).length <= 3)
  })

  test('a store that cannot be opened throws at each commit, leaves nothing, and works once it can be opened', () => {
    using at = place()
    writeFileSync(at.path('state'), 'a file where the directory should be')
    using store = at.open()
    assert.equal(at.warnings.length, 0)
    const { stored, warnings } = store.load()
    assert.equal(stored, null)
    assert.match(warnings[0] ?? '', /state\.db: .*; supervision goes on, storing is tried again with each change/)
    assert.throws(() => store.commit(everything), StoreError)
    assert.equal(store.load().stored, null)
    store.commit({ ...nothing, put: [unit('app/run/1', 1)] })
    rmSync(at.path('state'))
    store.commit(everything)
    assert.deepEqual(store.load().stored?.target, target)
  })

  test('run.db that takes no more does not undo what state.db took, and gets it later', () => {
    using at = place()
    using store = at.open()
    store.commit(everything)
    const lock = at.lock('run')
    store.commit({ ...nothing, runsReserved: 2001, put: [unit('app/a/1', 50)] })
    assert.throws(() => store.commit({ ...nothing, put: [unit('app/b/1', 51)] }), { code: 'SQLITE_BUSY' })
    const expected = { ...everything, runsReserved: 2001, put: [unit('app/a/1', 50), unit('app/b/1', 2)] }
    assert.deepEqual(store.load().stored?.units, expected.put)
    lock.release()
    store.commit({ ...nothing, put: [unit('app/c/1', 52)] })
    store.close()
    using again = at.open()
    assert.deepEqual(again.load().stored?.units, [...expected.put, unit('app/c/1', 52)])
  })
})

describe('a file from before there were jobs', () => {
  test('gets their place, and keeps what it holds', () => {
    using at = place()
    const older = at.openAsFirst()
    older.transact(() => older.run("INSERT INTO wants VALUES ('app/a/1', ?)", JSON.stringify(down)))
    older.close()
    using store = at.open()
    const { stored, warnings } = store.load()
    assert.deepEqual([stored?.wants, stored?.jobs, warnings], [[{ unit: 'app/a/1', want: down }], [], []])
    store.commit({ ...nothing, jobs: [{ unit: 'app/b/1', job: job(2) }] })
    assert.deepEqual(store.load().stored?.jobs, [{ unit: 'app/b/1', job: job(2) }])
    assert.equal(at.sqlValue('state', 'PRAGMA user_version'), stateMigrations.length)
  })

  test('is what a program from then still reads and writes, and the jobs are there afterwards', () => {
    using at = place()
    const store = at.open()
    store.commit(everything)
    store.close()
    const older = at.openAsFirst()
    older.transact(() => older.run("INSERT INTO wants VALUES ('app/z/1', ?)", JSON.stringify(down)))
    assert.equal([...older.rows('SELECT unit FROM wants')].length, 2)
    older.close()
    assert.deepEqual(at.warnings, [])
    using again = at.open()
    const { stored, warnings } = again.load()
    assert.deepEqual(warnings, [])
    assert.deepEqual(stored?.jobs, everything.jobs)
    assert.equal(stored?.wants.length, 2)
  })
})

describe('a newer format', () => {
  test('that only added something is read and written on', () => {
    using at = place()
    const store = at.open()
    store.commit(everything)
    store.close()
    at.sql('state', "ALTER TABLE wants ADD COLUMN reason TEXT NOT NULL DEFAULT ''; PRAGMA user_version = 9")
    using again = at.open()
    assert.deepEqual(again.load().warnings, [])
    again.commit({ ...nothing, wants: [{ unit: 'app/n/1', want: down }] })
    assert.equal(again.load().stored?.wants.length, 2)
    again.close()
    assert.equal(at.sqlValue('state', 'PRAGMA user_version'), 9)
  })

  test('that cannot be read by this program is moved aside with a warning', () => {
    using at = place()
    const store = at.open()
    store.commit(everything)
    store.close()
    at.sql('state', 'DROP TABLE wants; UPDATE format SET readable_from = 9; PRAGMA user_version = 9')
    using again = at.open()
    const { stored, warnings } = again.load()
    assert.match(warnings[0] ?? '', /written by a newer Holdfast \(format 9, .*moved to .*state\.db\.newer-/)
    assert.equal(stored?.units.length, 2)
  })
})

describe('deaths of the daemon', () => {
  test('are the starts of this boot, within the time before ours, without a clean end', () => {
    using at = place()
    const start = (bootId: string, bootMs: number, isClean = false) => {
      using store = at.open()
      store.noteStart({ bootId, bootMs, wallMs: 0 })
      const deaths = store.deathsWithin(60_000)
      if (isClean) store.noteCleanEnd()
      return deaths
    }
    assert.equal(start('boot-1', 900_000), 0)
    assert.equal(start('boot-2', 1_000), 0)
    assert.equal(start('boot-2', 40_000), 1)
    assert.equal(start('boot-2', 50_000, true), 2)
    assert.equal(start('boot-2', 61_000), 2)
    assert.equal(start('boot-2', 61_001), 2)
    assert.equal(start('boot-2', 100_500), 2)
    assert.equal(start('boot-2', 400_000), 0)
  })
})

// ---- helpers ------------------------------------------------------------------------------------------------

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-sqlite-'))
  const path = (name: string) => join(directory, name)
  const warnings: string[] = []
  const directories = { stateDirectory: path('state'), runDirectory: path('run') }
  const database = (name: string) => new DatabaseSync(join(path(name), `${name}.db`))
  return {
    path,
    warnings,
    directories,
    list: (name: string) => readdirSync(path(name)),
    open: () => {
      const store = openSqliteStore({ ...directories, warn: (message) => void warnings.push(message) })
      return { ...store, [Symbol.dispose]: () => store.close() }
    },
    /** state.db as the first program that was published opens it. */
    openAsFirst: () =>
      openSqliteFile({
        path: join(path('state'), 'state.db'),
        migrations: stateMigrations.slice(0, 1),
        synchronous: 'FULL',
        warn: (message) => void warnings.push(message),
        isStrict: false,
      }),
    stateBytes: () => Buffer.concat(['', '-wal'].map((part) => readFileSync(join(path('state'), `state.db${part}`)))),
    sql: (name: string, statements: string) => {
      const open = database(name)
      open.exec(statements)
      open.close()
    },
    sqlValue: (name: string, query: string) => {
      const open = database(name)
      const row = open.prepare(query).get() ?? {}
      open.close()
      return Object.values(row)[0]
    },
    /** Holds the write lock, as somebody in the sqlite3 shell may. */
    lock: (name: string) => {
      const open = database(name)
      open.exec('BEGIN IMMEDIATE')
      return { release: () => open.close() }
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}
