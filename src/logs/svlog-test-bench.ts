import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SvlogdSpec } from '../core/model.ts'
import type { LogWriter, StreamRef } from '../engine/ports.ts'
import { makeFifo } from '../sys/fifo.ts'
import { createLogFiles, type LogFiles, type LogFilesOptions } from './log-files.ts'

/** A folder with a pipe, log directories `main` and `other`, and what a daemon has for its loggers. */
export interface Bench extends Disposable {
  readonly folder: string
  readonly fifo: string
  readonly read: number
  readonly write: number
  readonly warnings: string[]
  logs: LogFiles
  path(name: string): string
  /** Another daemon: what the last one had open is forgotten. */
  restart(): void
  open(spec?: Partial<SvlogdSpec>): LogWriter
  print(text: string): void
  /** All files of a directory one after the other, the oldest first. */
  text(directory?: string): string
  names(directory?: string): readonly string[]
}

export const loggedUnit = 'service/web/1'

export function createLoggerBench(config = '', loggers: Partial<LogFilesOptions['loggers']> = {}): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-svlog-'))
  const path = (name: string) => join(folder, name)
  for (const name of ['main', 'other']) mkdirSync(path(name))
  writeFileSync(path('main/config'), config)
  const fifo = path('fifo')
  makeFifo(fifo, 0o600)
  const read = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const write = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  const warnings: string[] = []
  const create = () =>
    createLogFiles({
      directory: path('logs'),
      warn: (text) => void warnings.push(text),
      loggers: { folder: path('run'), processors: null, ...loggers },
    })
  const names = (directory = 'main') => readdirSync(path(directory)).filter((name) => /^(@|current$)/.test(name))
  const bench: Bench = {
    ...{ folder, fifo, read, write, warnings, path, names },
    logs: create(),
    restart() {
      bench.logs = create()
    },
    open: (spec) => bench.logs.open(refOf({ directories: [path('main')], ...spec })),
    print: (text) => void writeSync(write, text),
    text: (directory = 'main') =>
      names(directory)
        .map((name) => readFileSync(path(`${directory}/${name}`), 'latin1'))
        .join(''),
    [Symbol.dispose]() {
      closeSync(read)
      closeSync(write)
      rmSync(folder, { recursive: true })
    },
  }
  return bench
}

export function refOf(spec: Partial<SvlogdSpec> & Pick<SvlogdSpec, 'directories'>): StreamRef {
  const usual = { stamp: 'none', replacement: null, replaced: '', lineBytesMax: 1_000, user: null } as const
  const unused = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }
  return { unit: loggedUnit, stream: 'stdout', spec: unused, svlogd: { ...usual, ...spec } }
}

/** Until nothing more can be taken now. */
export function drainAll(writer: LogWriter, fd: number): ReturnType<LogWriter['drain']> {
  for (;;) {
    const drained = writer.drain(fd, 1024 * 1024)
    if (drained.isEmpty || drained.retryMs !== undefined) return drained
  }
}
