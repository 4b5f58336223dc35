import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogSpec } from '../core/model.ts'
import type { LogChunk, LogReadOptions, LogWriter, OutputNews, StreamRef } from '../engine/ports.ts'
import { makeFifo } from '../sys/fifo.ts'
import { createLogFiles, type LogFiles } from './log-files.ts'
import { decodeRecord, type IndexRecord, recordBytes } from './log-index.ts'

/** A log directory, a pipe, and a clock that the test sets. */
export interface Bench extends Disposable {
  readonly directory: string
  readonly warnings: string[]
  /** What was told of output. */
  readonly news: OutputNews[]
  /** Where what is held back outlives a daemon. */
  readonly heldFolder: string
  readonly logs: LogFiles
  nowMs: number
  path(name: string): string
  /** Prints to a stream: at that time, by that start of the unit. */
  print(stream: StreamRef, text: string, about?: { readonly atMs?: number; readonly attempt?: number }): void
  /** The run that printed to it has ended. */
  settle(stream: StreamRef): void
  /** Closes the log of a stream. */
  close(stream: StreamRef): void
  /** Another daemon on the same directory; what this one had open is closed or, after a `crash`, just forgotten. */
  restart(how: 'closed' | 'crash'): void
  index(name: string): readonly IndexRecord[]
  read(streams: readonly StreamRef[], options?: Partial<LogReadOptions>): Promise<LogChunk[]>
  text(streams: readonly StreamRef[], options?: Partial<LogReadOptions>): Promise<string>
  names(folder: string): readonly string[]
}

export function createBench(options: { readonly totalBytesMax?: number; readonly syslogPath?: string } = {}): Bench {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-logs-'))
  const path = (name: string) => join(directory, name)
  const outside = mkdtempSync(join(tmpdir(), 'holdfast-pipe-'))
  makeFifo(join(outside, 'fifo'), 0o600)
  const read = openSync(join(outside, 'fifo'), constants.O_RDONLY | constants.O_NONBLOCK)
  const write = openSync(join(outside, 'fifo'), constants.O_WRONLY | constants.O_NONBLOCK)
  const warnings: string[] = []
  const news: OutputNews[] = []
  const heldFolder = join(outside, 'held')
  const writers = new Map<string, LogWriter>()
  const create = () =>
    createLogFiles({
      ...{ directory, heldFolder, ...options },
      warn: (text) => void warnings.push(text),
      told: (one) => void news.push(one),
      now: () => bench.nowMs,
    })
  let logs: LogFiles | null = null
  const writerOf = (stream: StreamRef): LogWriter => {
    const writer = writers.get(keyOf(stream)) ?? bench.logs.open(stream)
    writers.set(keyOf(stream), writer)
    return writer
  }

  const bench: Bench = {
    directory,
    warnings,
    news,
    heldFolder,
    nowMs: startMs,
    path,
    get logs() {
      logs ??= create()
      return logs
    },
    print(stream, text, { atMs, attempt } = {}) {
      if (atMs !== undefined) bench.nowMs = startMs + atMs
      const writer = writerOf(stream)
      if (attempt !== undefined) writer.begin(attempt)
      writeSync(write, text)
      while (!writer.drain(read, 1024 * 1024).isEmpty);
    },
    settle: (stream) => writerOf(stream).settle?.(),
    close(stream) {
      writers.get(keyOf(stream))?.close()
      writers.delete(keyOf(stream))
    },
    restart(how) {
      if (how === 'closed') for (const writer of writers.values()) writer.close()
      writers.clear()
      logs = create()
    },
    index: (name) => {
      const bytes = readFileSync(path(name))
      return Array.from({ length: Math.floor(bytes.length / recordBytes) }, (_, at) => {
        const record = decodeRecord(bytes, at * recordBytes)
        return { ...record, wallMs: record.wallMs - startMs }
      })
    },
    async read(streams, options = {}) {
      const chunks: LogChunk[] = []
      for await (const chunk of bench.logs.read(streams, { from: { kind: 'all' }, follow: false, ...options })) {
        chunks.push(chunk)
      }
      return chunks
    },
    async text(streams, options) {
      return (await bench.read(streams, options)).map(({ bytes }) => Buffer.from(bytes).toString('latin1')).join('')
    },
    names: (folder) => readdirSync(path(folder)).toSorted(),
    [Symbol.dispose]: () => {
      for (const writer of writers.values()) writer.close()
      closeSync(read)
      closeSync(write)
      rmSync(directory, { recursive: true })
      rmSync(outside, { recursive: true })
    },
  }
  return bench
}

function keyOf({ unit, stream }: StreamRef): string {
  return `${unit} ${stream}`
}

/** When the clock of a test begins; `atMs` counts from here. */
export const startMs = Date.UTC(2026, 0, 1)

export function streamOf(unit: string, spec: Partial<LogSpec> = {}, stream: StreamRef['stream'] = 'stdout'): StreamRef {
  const usual: LogSpec = { path: null, bytesMax: 1_000_000, backupsMax: 3, ageMaxMs: 0, compress: false }
  return { unit, stream, spec: { ...usual, ...spec } }
}
