import { closeSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { recorderBytesMax } from '../core/limits.ts'
import type { Event, Now, State } from '../core/model.ts'
import type { Recorder } from '../engine/ports.ts'
import { type AppendFile, appendText, openAppendFile } from './append-file.ts'
import { printEntry, type RecordedSettled } from './recording.ts'
import { createRedaction } from './redaction.ts'

export interface RecorderOptions {
  /** Where `recording.ndjson` and the older `recording.1.ndjson` are kept. */
  readonly directory: string
  readonly warn: (message: string) => void
  readonly bytesMax?: number
}

/**
 * The flight recorder: a line for each turn's events, written before the turn does anything, so that the events that
 * killed us are there; how a turn settled goes with the next one's write. Each file begins with the complete state, so
 * that it can be replayed alone; a restart goes on in the same file with another such line. Only a state that is
 * large itself makes a file exceed its limit. Never throws: trouble is told once, and writing is tried again later.
 */
export function createRecorder({ directory, warn, bytesMax = recorderBytesMax }: RecorderOptions): Recorder {
  let file: RecordingFile | null = null
  let settled: RecordedSettled | null = null
  let redaction = createRedaction()
  let retryAtBootMs = 0
  let isInTrouble = false

  const record = ({ now, events, state }: { now: Now; events: readonly Event[]; state: State }): void => {
    const end = settled === null ? '' : printEntry({ kind: 'settled', ...settled })
    const turn = printEntry({ kind: 'turn', now, events }, redaction)
    settled = null
    if (file !== null && file.bytes + end.length + turn.length <= file.bytesEnd) {
      appendText(file, end + turn)
      return
    }
    if (file !== null) appendText(file, end)
    file = closed(file)
    // What is replayed begins here: the numbers of the values before it are not needed any more.
    redaction = createRedaction()
    const begin = printEntry({ kind: 'begin', format: 1, now, state }, redaction)
    const next = openRecording(directory, bytesMax)
    file = { ...next, bytesEnd: Math.max(bytesMax, next.bytes + begin.length + bytesMax / 4) }
    appendText(file, begin + printEntry({ kind: 'turn', now, events }, redaction))
  }

  const guarded = (nowBootMs: number, write: () => void): void => {
    if (isInTrouble && nowBootMs < retryAtBootMs) return
    try {
      write()
      isInTrouble = false
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      if (!isInTrouble)
        warn(`${join(directory, name)}: cannot be written (${error.code}); recording goes on when it can`)
      isInTrouble = true
      retryAtBootMs = nowBootMs + retryMs
      // What follows begins with a complete state again: some turns are missing before it.
      file = closed(file)
      settled = null
    }
  }

  return {
    record: (entry) => guarded(entry.now.bootMs, () => record(entry)),
    settled: (entry) => {
      if (file !== null) settled = entry
    },
    close: () => {
      const open = file
      const last = settled
      if (open !== null && last !== null) guarded(0, () => appendText(open, printEntry({ kind: 'settled', ...last })))
      file = closed(file)
      settled = null
    },
  }
}

const name = 'recording.ndjson'
const olderName = 'recording.1.ndjson'

/** Each try writes the complete state: not at every turn. */
const retryMs = 10_000

interface RecordingFile extends AppendFile {
  readonly bytesEnd: number
}

/** The file to go on in: the present one while it is at most half full, else a new one. */
function openRecording(directory: string, bytesMax: number): AppendFile {
  const path = join(directory, name)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = openAppendFile(path)
  if (file.bytes <= bytesMax / 2) return file
  closeSync(file.fd)
  renameSync(path, join(directory, olderName))
  return openAppendFile(path)
}

function closed(file: RecordingFile | null): null {
  if (file !== null) closeSync(file.fd)
  return null
}
