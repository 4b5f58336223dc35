import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { runMigrations, stateMigrations } from './schema.ts'

/** The directories of a store. */
export interface StorePlace {
  readonly stateDirectory: string
  readonly runDirectory: string
}

/**
 * Copies both databases of a store that its daemon goes on using, each as it is at one moment, into directories that are
 * made. Throws SQLite's error where one cannot be read.
 */
export function copyStore(from: StorePlace, to: StorePlace): void {
  copyDatabase(join(from.stateDirectory, 'state.db'), to.stateDirectory, 'state.db')
  copyDatabase(join(from.runDirectory, 'run.db'), to.runDirectory, 'run.db')
}

function copyDatabase(path: string, directory: string, name: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(path, { readOnly: true, timeout: busyMsMax })
  try {
    // Keeps the number of the format, takes in the journal, and stops no writer.
    database.prepare('VACUUM INTO ?').run(join(directory, name))
  } finally {
    database.close()
  }
}

/** Nobody waits for a copy: it may take its time. */
const busyMsMax = 2_000

/** A number for each database. */
export interface Formats {
  readonly state: number
  readonly run: number
}

/** The formats this program knows: those it brings files to. */
export const ownFormats: Formats = { state: stateMigrations.length, run: runMigrations.length }

/** The oldest formats whose programs can go on with a file that this program has opened. */
export const readableFrom: Formats = {
  state: Math.max(...stateMigrations.map((step) => step.readableFrom)),
  run: Math.max(...runMigrations.map((step) => step.readableFrom)),
}
