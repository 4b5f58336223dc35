import { toldPieceBytesMax } from '../core/limits.ts'
import type { OutputHandling } from '../core/model.ts'
import type { LogWriter, OutputNews, StreamRef } from '../engine/ports.ts'
import { boundary } from '../sys/boundary.ts'
import type { Drained, LogTarget } from './log-target.ts'
import { refusedRetryMs } from './log-target.ts'
import { createOutputHandler } from './output-handler.ts'
import { createHeldFile } from './output-held.ts'
import type { Syslogs } from './output-syslog.ts'
import { lookInto } from './svlog-pipe.ts'

/** What the writers of handled streams need. */
export interface OutputParts {
  readonly warn: (text: string) => void
  readonly told: (news: OutputNews) => void
  readonly syslogs: Syslogs
}

/** A pipe that gave less than this is left to fill. */
const batchBytes = 32 * 1024

/**
 * The writer of a stream whose output passes through our memory. A piece is looked at in the pipe, handled, written, and
 * only then taken: a death in between may double it, and loses nothing.
 */
export function openOutputWriter(
  { unit, stream, handling }: Pick<StreamRef, 'unit' | 'stream'> & { readonly handling: OutputHandling },
  {
    target,
    heldPath,
    parts,
  }: { readonly target: () => LogTarget; readonly heldPath: string | null; readonly parts: OutputParts },
): LogWriter {
  const { isTold, captureBytesMax } = handling
  const { warn, told, syslogs } = parts
  const lines = handling.syslog === null ? null : syslogs.lines(handling.syslog)
  const held = createHeldFile(heldPath, 2 * captureBytesMax + batchBytes)
  const logged: Buffer[] = []
  const news: OutputNews[] = []
  let attempt: number | null = null
  let trouble = ''
  const handler = createOutputHandler(handling, {
    logged(bytes) {
      logged.push(bytes)
      if (!isTold) return
      for (let at = 0; at < bytes.length; at += toldPieceBytesMax) {
        const piece = Buffer.from(bytes.subarray(at, at + toldPieceBytesMax))
        news.push({ unit, stream, kind: 'logged', bytes: piece })
      }
    },
    captured: (bytes) => void news.push({ unit, stream, kind: 'captured', bytes }),
  })

  /** Before the bytes are taken from where they are kept: what was captured is nowhere else. */
  function log(): void {
    const bytes = logged.length === 1 ? logged[0]! : Buffer.concat(logged)
    logged.length = 0
    if (bytes.length > 0) {
      target().put(bytes, attempt)
      lines?.take(bytes)
    }
    boundary('output: logged')
    for (const one of news.splice(0)) told(one)
    boundary('output: told')
  }

  function drain(pipe: number, bytesMax: number): Drained {
    let bytes = 0
    while (bytes < bytesMax) {
      const retryMs = target().restMs()
      if (retryMs !== null) return { bytes, isEmpty: false, retryMs }
      const shown = lookInto(pipe)
      if (typeof shown === 'string') return refused(bytes, shown)
      if (shown.length === 0) return { bytes, isEmpty: true }
      const from = handler.take(shown)
      log()
      held.take(pipe, { bytes: shown.length, from, undecided: handler.undecided })
      bytes += shown.length
      if (shown.length < batchBytes) break
    }
    return { bytes, isEmpty: false }
  }

  function refused(bytes: number, errno: string): Drained {
    if (errno !== trouble) warn(`${unit}: its ${stream} cannot be looked into (${errno}); it waits in the pipe`)
    trouble = errno
    return { bytes, isEmpty: false, retryMs: refusedRetryMs }
  }

  function settle(): void {
    handler.end()
    log()
    lines?.end()
    held.replace(handler.undecided())
  }

  const left = held.left()
  if (left.length > 0) {
    handler.take(left)
    log()
    held.replace(handler.undecided())
  }
  return {
    drain,
    settle,
    begin: (begun) => {
      attempt = begun
    },
    close() {
      if (!held.close()) settle()
      lines?.close()
    },
  }
}
