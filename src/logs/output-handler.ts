import type { OutputHandling } from '../core/model.ts'
import { createAnsiStripper } from '../formats/ansi-stripper.ts'
import { createTailBytes, type TailBytes } from './tail-bytes.ts'

/** What becomes of the output of one stream on its way to the log, as supervisord has it, wherever it is cut into pieces. */
export interface OutputHandler {
  /**
   * Handles the next piece, in its memory. Answers from where on it is undecided: what may be the beginning of a mark or of
   * a sequence, or belongs to a capture that has not ended; -1: what came before is as well.
   */
  take(bytes: Buffer): number
  /** What is undecided: a new handler that takes this is where this one is. */
  undecided(): Buffer
  /** Nothing more comes: what was held back is logged, also that of a capture which nobody ended. */
  end(): void
}

/** Called in the order of the output. What they are given changes after the call. */
export interface OutputSink {
  logged(bytes: Buffer): void
  captured(bytes: Buffer): void
}

export const captureBegin = '<!--XSUPERVISOR:BEGIN-->'
export const captureEnd = '<!--XSUPERVISOR:END-->'

export function createOutputHandler(
  { isAnsiStripped, captureBytesMax }: Pick<OutputHandling, 'isAnsiStripped' | 'captureBytesMax'>,
  sink: OutputSink,
): OutputHandler {
  const stripper = isAnsiStripped ? createAnsiStripper() : null
  /** null: what comes is logged. */
  let capture: TailBytes | null = null
  /** So many bytes of the mark that is next stood at the end. */
  let held = 0
  // Where in this piece these began; -1: before it.
  let captureFrom = -1
  let sequenceFrom = -1

  const mark = (): Buffer => (capture === null ? beginMark : endMark)

  function take(bytes: Buffer): number {
    captureFrom = -1
    sequenceFrom = -1
    let at = held === 0 ? 0 : goOn(bytes)
    if (captureBytesMax > 0) {
      for (let found = bytes.indexOf(mark(), at); found !== -1; found = bytes.indexOf(mark(), at)) {
        const { length } = mark()
        give(bytes.subarray(at, found), at)
        passMark(found)
        at = found + length
      }
      if (at < bytes.length) held = beginningAtEnd(bytes.subarray(at), mark())
    }
    if (at < bytes.length) give(bytes.subarray(at, bytes.length - held), at)
    if (held > 0 && stripper !== null) keep(stripper.release())
    return undecidedFrom(bytes.length)
  }

  /** With the mark that had begun. Its first byte is in it only once: in a false one no other begins. Answers how far. */
  function goOn(bytes: Buffer): number {
    const rest = mark().subarray(held, held + bytes.length)
    if (!bytes.subarray(0, rest.length).equals(rest)) {
      giveHeld()
      return 0
    }
    held += rest.length
    if (held === mark().length) {
      held = 0
      passMark(-1)
    }
    return rest.length
  }

  function giveHeld(): void {
    const text = Buffer.from(mark().subarray(0, held))
    held = 0
    give(text, 0)
  }

  function passMark(at: number): void {
    if (stripper !== null) keep(stripper.end())
    if (capture === null) {
      capture = createTailBytes(captureBytesMax)
      captureFrom = at
    } else {
      sink.captured(capture.all())
      capture = null
    }
  }

  /** `at`: where in the piece it stands. */
  function give(text: Buffer, at: number): void {
    if (stripper === null) {
      keep(text)
      return
    }
    keep(stripper.strip(text))
    const begun = stripper.undecidedFrom()
    if (begun !== -1) sequenceFrom = at + begun
  }

  function keep(text: Buffer): void {
    if (text.length === 0) return
    if (capture === null) sink.logged(text)
    else capture.add(text)
  }

  function undecidedFrom(length: number): number {
    if (capture !== null) return captureFrom
    const isInSequence = stripper !== null && stripper.undecided().length > 0
    return Math.max(-1, Math.min(length - held, isInSequence ? sequenceFrom : length))
  }

  return {
    take,
    undecided: () =>
      Buffer.concat([
        ...(capture === null ? [] : [beginMark, capture.all()]),
        stripper?.undecided() ?? nothing,
        mark().subarray(0, held),
      ]),
    end() {
      giveHeld()
      if (stripper !== null) keep(stripper.end())
      if (capture === null) return
      const unfinished = capture.all()
      capture = null
      keep(unfinished)
    },
  }
}

/** So many bytes at the end are the beginning of the mark. */
function beginningAtEnd(bytes: Buffer, mark: Buffer): number {
  const end = bytes.subarray(Math.max(0, bytes.length - mark.length + 1))
  const first = end.lastIndexOf(mark[0]!)
  if (first === -1) return 0
  const begun = end.subarray(first)
  return begun.equals(mark.subarray(0, begun.length)) ? begun.length : 0
}

const beginMark = Buffer.from(captureBegin)
const endMark = Buffer.from(captureEnd)
const nothing = Buffer.alloc(0)
