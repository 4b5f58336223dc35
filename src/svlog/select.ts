import { matchesPattern } from '../formats/svlogd-pattern.ts'
import { type StampTime, stampText } from '../formats/svlogd-stamp.ts'
import { appendBytes, takeBack } from './append.ts'
import type { LogDirectory } from './model.ts'

/**
 * As `writeLog`, where every line has to be looked at: patterns, replacement, UDP. Lines are collected and written
 * together. A line that is told or sent is so when all before it are in the file, and once, however often its writing
 * fails.
 */
export function writeLineByLine(directory: LogDirectory, block: Buffer, time: StampTime): number {
  const head = `${stampText(directory.settings.stamp, time)}${directory.config.prefix}`
  const batch: Batch = { head, pieces: [], bytes: 0, toldAt: directory.isTold ? 0 : -1 }
  let { column, isSelected } = directory
  let at = 0
  while (at < block.length) {
    const piece = nextPiece(directory, block, at, column)
    if (piece === null) break
    const text = column === 0 ? textOf(directory, piece) : null
    if (text !== null) {
      const verdict = judge(directory, text)
      isSelected = verdict.isSelected && directory.config.udp?.isOnly !== true
      if (goesOut(directory, verdict) && batch.toldAt !== at) {
        if (!flush(directory, batch)) return stopAt(directory, batch)
        send(directory, head, text, verdict)
        batch.toldAt = at
      }
    }
    if (isSelected) {
      if (batch.bytes >= batchBytes && !flush(directory, batch)) return stopAt(directory, batch)
      add(batch, piece, text)
    }
    column = piece.endsLine ? 0 : column + piece.end - at
    at = piece.end
  }
  if (!flush(directory, batch)) return stopAt(directory, batch)
  directory.column = column
  directory.isSelected = isSelected
  directory.isTold = false
  return at
}

/** A line, or as much of it as is treated as one. */
interface Piece {
  readonly block: Buffer
  readonly start: number
  /** With its newline. */
  readonly end: number
  readonly endsLine: boolean
  /** Of its first byte. */
  readonly column: number
  /** Where its head begins in what is written. */
  made: number
}

interface Batch {
  readonly head: string
  pieces: Piece[]
  bytes: number
  /** Where the line begins that was told last. */
  toldAt: number
}

interface Text {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

interface Verdict {
  readonly isSelected: boolean
  readonly isTold: boolean
}

const batchBytes = 64 * 1024

/** Of a long line, beyond what takes part in selection. */
const continuationBytes = 64 * 1024

/** null: the beginning of a line of which too little is known. */
function nextPiece({ settings }: LogDirectory, block: Buffer, start: number, column: number): Piece | null {
  const found = block.indexOf(newline, start)
  const contentEnd = found === -1 ? block.length : found
  if (column === 0 && found === -1 && contentEnd - start < settings.lineMaxBytes) return null
  const textEnd = Math.min(contentEnd, start + (column === 0 ? settings.lineMaxBytes : continuationBytes))
  const endsLine = textEnd === found
  return { block, start, end: endsLine ? textEnd + 1 : textEnd, endsLine, column, made: 0 }
}

/** What takes part in selection, and takes the place of the bytes in the block. Overwritten by the next one. */
function textOf({ settings }: LogDirectory, { block, start, end, endsLine }: Piece): Text {
  const textEnd = endsLine ? end - 1 : end
  const { replacement } = settings
  if (replacement === null) return { bytes: block, start, end: textEnd }
  if (line.length < textEnd - start) line = Buffer.allocUnsafeSlow(textEnd - start)
  for (let at = start; at < textEnd; at += 1) line[at - start] = replacement[block[at]!]!
  return { bytes: line, start: 0, end: textEnd - start }
}

function judge({ config }: LogDirectory, { bytes, start, end }: Text): Verdict {
  let isSelected = true
  let isTold = false
  for (const { effect, pattern } of config.patterns) {
    const isOfFile = effect === 'select' || effect === 'deselect'
    // What would change nothing need not be looked at.
    if ((isOfFile ? isSelected : isTold) === (effect === 'select' || effect === 'tell')) continue
    if (!matchesPattern(pattern, bytes, start, end)) continue
    if (isOfFile) isSelected = !isSelected
    else isTold = !isTold
  }
  return { isSelected, isTold }
}

function goesOut({ config }: LogDirectory, { isSelected, isTold }: Verdict): boolean {
  return isTold || (isSelected && config.udp !== null)
}

function send(directory: LogDirectory, head: string, { bytes, start, end }: Text, verdict: Verdict): void {
  const { services, settings, config } = directory
  const tail = end - start === settings.lineMaxBytes ? '...\n' : '\n'
  const message = Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(start, end), Buffer.from(tail)])
  if (verdict.isTold) services.tell(message)
  if (verdict.isSelected && config.udp !== null) services.sendUdp(directory, message, config.udp)
}

/** `text`: of a piece that begins a line. */
function add(batch: Batch, piece: Piece, text: Text | null): void {
  const { block, start, end, endsLine } = piece
  piece.made = batch.bytes
  const needed = batch.bytes + batch.head.length + end - start
  if (made.length < needed) made = Buffer.concat([made], Math.max(needed, 2 * batchBytes))
  let to = batch.bytes
  if (text === null) to += block.copy(made, to, start, end)
  else {
    to += made.write(batch.head, to, 'latin1')
    made.set(text.bytes.subarray(text.start, text.end), to)
    to += text.end - text.start
    if (endsLine) made[to++] = newline
  }
  batch.bytes = to
  batch.pieces.push(piece)
}

/** False: some are left, and what is left remains in the batch. */
function flush(directory: LogDirectory, batch: Batch): boolean {
  const written = appendBytes(directory, made, 0, batch.bytes)
  if (written === batch.bytes) {
    batch.pieces = []
    batch.bytes = 0
    return true
  }
  batch.bytes = written
  return false
}

/** After a flush that did not write all: where in the block its last byte is from. A head without its line is taken back. */
function stopAt(directory: LogDirectory, { head, pieces, bytes, toldAt }: Batch): number {
  const piece = pieces.findLast((each) => each.made <= bytes)!
  const headBytes = piece.column === 0 ? head.length : 0
  const beyond = bytes - piece.made
  if (beyond <= headBytes && beyond > 0) takeBack(directory, beyond)
  const taken = Math.max(0, beyond - headBytes)
  directory.column = piece.column + taken
  directory.isSelected = true
  const end = piece.start + taken
  directory.isTold = directory.column === 0 && toldAt === end
  return end
}

/** Both are for all directories: nothing is in them between two calls. */
let line: Buffer = Buffer.alloc(0)
let made: Buffer = Buffer.alloc(0)

const newline = 0x0a
