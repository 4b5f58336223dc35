import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { StoreError } from '../engine/ports.ts'
import type { Migration } from './schema.ts'

export interface SqliteFile {
  /** Rows of a query. Throws StoreError; `isDamaged` tells whether the file is the cause. */
  rows(sql: string, ...values: readonly SQLInputValue[]): IterableIterator<Record<string, unknown>>
  /** Does a statement; only inside `transact`. */
  run(sql: string, ...values: readonly SQLInputValue[]): void
  /** All or nothing. Opens the file again if that failed before. Throws StoreError when it could not be committed. */
  transact(work: () => void): void
  /** Moves the file aside and begins an empty one. Answers where it is now, or why that failed. */
  moveAside(why: 'corrupt' | 'newer'): string
  close(): void
}

interface Options {
  readonly path: string
  readonly migrations: readonly Migration[]
  /** FULL: a commit survives the machine. NORMAL: it survives our death; after a power cut the file is whole but older. */
  readonly synchronous: 'FULL' | 'NORMAL'
  readonly warn: (message: string) => void
  /** Nothing is moved aside: what is in the way is thrown as a StoreError. */
  readonly isStrict: boolean
}

/**
 * Opens a database, whatever is in the way: a damaged file, or one of a newer program that cannot be shared with it,
 * is moved aside; where nothing can be opened (no permission, disk full) each transaction tries again and throws.
 */
export function openSqliteFile(options: Options): SqliteFile {
  const { path, warn } = options
  let connection = openWithRepair(options)

  const connected = (): Connection => {
    if (connection instanceof StoreError) connection = connect(options)
    if (connection instanceof StoreError) throw connection
    return connection
  }

  return {
    rows: function* (sql, ...values) {
      try {
        yield* statement(connected(), sql).iterate(...values) as IterableIterator<Record<string, unknown>>
      } catch (error) {
        throw storeError(error, path)
      }
    },
    run: (sql, ...values) => {
      statement(connected(), sql).run(...values)
    },
    transact: (work) => {
      const open = connected()
      try {
        statement(open, 'BEGIN IMMEDIATE').run()
        work()
        statement(open, 'COMMIT').run()
      } catch (error) {
        rollBack(open)
        throw storeError(error, path)
      }
    },
    moveAside: (why) => {
      closeConnection(connection)
      const place = moveAside(path, why)
      connection = connect(options)
      if (connection instanceof StoreError) warn(connection.message)
      return place
    },
    close: () => closeConnection(connection),
  }
}

/** Is the file itself the trouble (a table missing counts), so that trying again cannot help? */
export function isDamaged(error: unknown): boolean {
  return error instanceof StoreError && ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_ERROR'].includes(error.code)
}

interface Connection {
  readonly database: DatabaseSync
  readonly statements: Map<string, StatementSync>
}

function openWithRepair(options: Options): Connection | StoreError {
  const { path, warn } = options
  const first = connect(options)
  if (!(first instanceof StoreError)) return first
  if (options.isStrict) throw first
  const isNewer = first.code === newerFormat
  if (!isNewer && !isDamaged(first)) {
    warn(`${first.message}; supervision goes on, storing is tried again with each change`)
    return first
  }
  warn(`${first.message}; moved to ${moveAside(path, isNewer ? 'newer' : 'corrupt')}, starting with an empty one`)
  return connect(options)
}

/** The code of a StoreError: the file is of a newer program that shares it with none like this. */
export const newerFormat = 'NEWER_FORMAT'

function connect(options: Options): Connection | StoreError {
  const { path, migrations, synchronous } = options
  let database: DatabaseSync | null = null
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // SQLite gives its other files the mode of this one. Environments may hold passwords.
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
    database = new DatabaseSync(path, { timeout: busyMsMax })
    database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA mmap_size = 0;
      PRAGMA cache_size = -${cacheKibMax}; PRAGMA journal_size_limit = ${journalBytesKept};
    `)
    migrate(database, path, migrations)
    return { database, statements: new Map() }
  } catch (error) {
    database?.close()
    return storeError(error, path)
  }
}

/** A transaction of somebody looking in with the sqlite3 shell is waited for, but our loop stands still meanwhile. */
const busyMsMax = 100

/** The pages in use at a time are few; SQLite's own default is 2 MB for each file. */
const cacheKibMax = 256

/** After a burst the journal shrinks to this. */
const journalBytesKept = 1024 * 1024

function migrate(database: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (version > migrations.length) checkReadable(database, path, version, migrations.length)
  if (version >= migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  database.exec('CREATE TABLE IF NOT EXISTS format (readable_from INTEGER NOT NULL) STRICT')
  for (const { sql } of migrations.slice(version)) database.exec(sql)
  database.exec('DELETE FROM format')
  const readableFrom = Math.max(...migrations.map((migration) => migration.readableFrom))
  database.prepare('INSERT INTO format VALUES (?)').run(readableFrom)
  database.exec(`PRAGMA user_version = ${migrations.length}`)
  database.exec('COMMIT')
}

function checkReadable(database: DatabaseSync, path: string, version: number, ours: number): void {
  const readableFrom = Number(database.prepare('SELECT max(readable_from) AS version FROM format').get()?.version)
  if (readableFrom <= ours) return
  throw new StoreError(
    newerFormat,
    `${path}: written by a newer Holdfast (format ${version}, readable from ${readableFrom}; this one knows ${ours})`,
  )
}

function statement(connection: Connection, sql: string): StatementSync {
  const known = connection.statements.get(sql)
  if (known !== undefined) return known
  const prepared = connection.database.prepare(sql)
  connection.statements.set(sql, prepared)
  return prepared
}

function rollBack(connection: Connection): void {
  if (connection.database.isTransaction) statement(connection, 'ROLLBACK').run()
}

function closeConnection(connection: Connection | StoreError): void {
  if (connection instanceof StoreError || !connection.database.isOpen) return
  connection.statements.clear()
  connection.database.close()
}

/** With its journal, under a name that the sqlite3 shell opens as it is. Only the latest few are kept. */
function moveAside(path: string, why: 'corrupt' | 'newer'): string {
  const time = new Date().toISOString().replace(/[-:]/g, '').replace('.', '')
  const place = `${path}.${why}-${time}`
  for (const part of ['', '-wal', '-shm']) {
    try {
      renameSync(path + part, place + part)
    } catch (error) {
      if (part === '') return `nowhere (${error instanceof Error ? error.message : error})`
    }
  }
  const prefix = `${basename(path)}.${why}-`
  const places = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && name.endsWith('Z'))
  for (const name of places.sort().slice(0, -asideMax)) {
    for (const part of ['', '-wal', '-shm']) rmSync(join(dirname(path), name + part), { force: true })
  }
  return place
}

/** A disk that damages files again and again must not be filled with them. */
const asideMax = 3

function storeError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  if (!(error instanceof Error)) throw error
  const { code, errcode, errstr } = error as Error & { code?: string; errcode?: number; errstr?: string }
  if (errcode === undefined) {
    // Ours to handle are the refusals of the system; anything else is a bug.
    if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error
    return new StoreError(code, `${path}: ${error.message}`, { cause: error })
  }
  const word = sqliteCodes[errcode & 0xff] ?? `SQLITE_${errcode}`
  return new StoreError(word, `${path}: ${errstr ?? error.message} (${word})`, { cause: error })
}

/** https://www.sqlite.org/rescode.html, the ones that the world causes. */
const sqliteCodes: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  23: 'SQLITE_AUTH',
  26: 'SQLITE_NOTADB',
}
