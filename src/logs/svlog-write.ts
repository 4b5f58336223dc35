import type { StampTime } from '../formats/svlogd-stamp.ts'
import type { LogDirectory } from '../svlog/model.ts'
import { rotateOld } from '../svlog/rotate.ts'
import { writeLog } from '../svlog/write.ts'
import { boundary } from '../sys/boundary.ts'
import type { Errno } from '../sys/errno.ts'
import type { Drained } from './log-target.ts'
import { isOfLines, makeReady, openDirectories, troubleText } from './svlog-directories.ts'
import { type Logger, type LoggerSite, work } from './svlog-logger.ts'
import { type BlockNote, planTaking, sample, sampleOfEnd } from './svlog-note.ts'
import { lookInto } from './svlog-pipe.ts'
import { finishWaiting } from './svlog-waiting.ts'

/** As LogWriter.drain. */
export function drainInto(site: LoggerSite, logger: Logger, pipe: number, bytesMax: number): Drained {
  logger.pipe = pipe
  if (logger.isPaused) return { bytes: 0, isEmpty: false, retryMs: pausedRetryMs }
  if (!isOpen(site, logger)) return { bytes: 0, isEmpty: false, retryMs: troubleRetryMs }
  return work(site, logger, () => drain(site, logger, pipe, bytesMax))
}

/** svlogd pauses so long after a refusal of the system. */
const troubleRetryMs = 3_000

/** A processor ends when it does. */
const processorRetryMs = 100

/** Whoever is resumed is drained at once; only the rest waits for this. */
const pausedRetryMs = 1_000

const partialRetryMs = 20
const partialRetryMsMax = 1_000

/** A pipe that gave less than this is left to fill. */
const batchBytes = 32 * 1024

function drain(site: LoggerSite, logger: Logger, pipe: number, bytesMax: number): Drained {
  let bytes = 0
  if (logger.isWaiting) {
    const waited = finishWaiting(site, logger, pipe)
    if (waited === 'trouble') return { bytes, isEmpty: false, retryMs: retryMsOf(site, logger) }
    bytes += waited
    tellTrouble(site, logger, null)
  }
  while (bytes < bytesMax) {
    const shown = lookInto(pipe)
    if (typeof shown === 'string') {
      tellTrouble(site, logger, `its pipe cannot be looked into (${shown satisfies Errno})`)
      return { bytes, isEmpty: false, retryMs: troubleRetryMs }
    }
    if (shown.length === 0) return { bytes, isEmpty: true }
    const decided = decidedEnd(logger, shown)
    if (decided === 0) return { bytes, isEmpty: false, retryMs: partialRetry(logger) }
    logger.partialRetryMs = partialRetryMs
    const written = write(site, logger, pipe, shown.subarray(0, decided))
    if (written === 'trouble') return { bytes, isEmpty: false, retryMs: retryMsOf(site, logger) }
    bytes += written
    if (shown.length < batchBytes) break
  }
  return { bytes, isEmpty: false }
}

/** All of a block, or a beginning of it, goes to all directories and then from the pipe; or nothing does, and it waits. */
function write(site: LoggerSite, logger: Logger, pipe: number, shown: Buffer): number | 'trouble' {
  const { journal, services } = site
  const time = services.now()
  for (const written of logger.written) {
    const { directory } = written
    if (directory.ageDueUnixSeconds <= time.unixSeconds) rotateOld(directory, time)
    if (!makeReady(logger, written)) return 'trouble'
  }
  const { bytes, movedBytes } = planTaking(shown)
  const block = bytes === shown.length ? shown : shown.subarray(0, bytes)
  const note = noteOf(logger, { block, movedBytes, time })
  logger.block = note
  journal.begin(note)
  boundary('svlogd: block noted')
  let isWritten = true
  for (const { directory } of logger.written) if (writeLog(directory, block, time) < bytes) isWritten = false
  boundary('svlogd: block written')
  if (!isWritten) {
    logger.isWaiting = true
    journal.hold(note)
    return 'trouble'
  }
  journal.take(note, pipe)
  logger.block = null
  if (logger.owner !== null) for (const written of logger.written) makeReady(logger, written)
  // All of it is written, and a rotation that is due could not be made: it will stop the next block.
  const refused = logger.written.find(({ directory }) => directory.trouble?.kind === 'failed')
  if (refused !== undefined) tellTrouble(site, logger, troubleText(refused.directory))
  else if (logger.trouble !== null) tellTrouble(site, logger, null)
  return bytes
}

function noteOf(
  logger: Logger,
  { block, movedBytes, time }: { readonly block: Buffer; readonly movedBytes: number; readonly time: StampTime },
): BlockNote {
  const bytes = block.length
  return {
    unit: logger.unit,
    time,
    bytes,
    movedBytes,
    head: sample(block, 0, bytes),
    moved: sample(block, bytes - movedBytes, bytes),
    tail: sampleOfEnd(block),
    directories: logger.written.map(({ directory, inode }) => ({
      name: directory.name,
      inode,
      start: directory.bytes,
      madeBytes: 0,
      lastOld: '',
      column: directory.column,
      isSelected: directory.isSelected,
      isTold: directory.isTold,
    })),
  }
}

/**
 * How much can be written now: of lines that are looked at one by one, an incomplete one waits until it is as long as
 * counts, as svlogd has it.
 */
function decidedEnd({ written }: Logger, block: Buffer): number {
  const [first] = written
  if (first === undefined || !written.some(({ directory }) => isOfLines(directory))) return block.length
  const { column, settings } = first.directory
  const lineStart = block.lastIndexOf(0x0a) + 1
  if (lineStart === 0 && column > 0) return block.length
  return block.length - lineStart >= settings.lineMaxBytes ? block.length : lineStart
}

function partialRetry(logger: Logger): number {
  const { partialRetryMs: now } = logger
  logger.partialRetryMs = Math.min(now * 2, partialRetryMsMax)
  return now
}

/** Where nothing could be opened it is tried again. */
function isOpen(site: LoggerSite, logger: Logger): boolean {
  if (logger.written.length > 0) return true
  const refusal = openDirectories(site, logger, null)
  tellTrouble(site, logger, refusal)
  return refusal === null
}

function retryMsOf(site: LoggerSite, logger: Logger): number {
  const troubles = logger.written.flatMap(({ directory }) => (directory.trouble === null ? [] : [directory]))
  const failed = troubles.find(({ trouble }) => trouble?.kind === 'failed')
  if (failed === undefined) return troubles.length > 0 ? processorRetryMs : troubleRetryMs
  tellTrouble(site, logger, troubleText(failed satisfies LogDirectory))
  return troubleRetryMs
}

/** Once, until it changes. */
export function tellTrouble({ warn }: LoggerSite, logger: Logger, trouble: string | null): void {
  if (trouble !== null && trouble !== logger.trouble) {
    warn(`${logger.unit}: its logger cannot write: ${trouble}; what is printed waits in the pipe`)
  }
  logger.trouble = trouble
}
