import { type StampTime, stampText } from '../formats/svlogd-stamp.ts'
import { appendBytes, takeBack } from './append.ts'
import type { LogDirectory } from './model.ts'
import { writeLineByLine } from './select.ts'

/**
 * Writes a block of output: whole lines and parts of lines, each line with its stamp and prefix if the config and options
 * say so, `time` for all that begin in the block.
 *
 * Answers how many bytes of the block are done with: they are in files (or were deselected), and every other byte is
 * still the caller's alone, who gives it again at the beginning of the next block. A directory keeps no bytes. Fewer than all:
 * - `trouble` says why: a full disk, or a processor that holds a rotation back. Try again later.
 * - `trouble` is null: the rest is the beginning of a line that cannot be decided upon before it is complete or as long as
 *   `lineMaxBytes`. Give it again with what follows; a block longer than `lineMaxBytes` is never refused as a whole. At the
 *   end of all output give it with a newline.
 *
 * Who dies between a call and noting its answer has written those bytes, and writes them again if the input gives them
 * again. `trouble` may be set although all bytes were taken: then a rotation is due that could not be made.
 * Throws only on bugs.
 */
export function writeLog(directory: LogDirectory, block: Buffer, time: StampTime): number {
  directory.trouble = null
  const { config, settings } = directory
  if (config.patterns.length > 0 || config.udp !== null || settings.replacement !== null) {
    return writeLineByLine(directory, block, time)
  }
  const end = settings.holdsPartialLines ? decidedEnd(directory, block) : block.length
  const head = `${stampText(settings.stamp, time)}${config.prefix}`
  if (head === '') {
    const done = appendBytes(directory, block, 0, end)
    noteColumn(directory, block, 0, done)
    return done
  }
  return writeWithHead(directory, block, end, head)
}

/**
 * Adds a line of our own, as it is, between two lines. False: a line is under way, or `trouble`; nothing of it, or a part,
 * was written.
 */
export function writeNote(directory: LogDirectory, line: Uint8Array): boolean {
  return directory.column === 0 && appendBytes(directory, line, 0, line.length) === line.length
}

/** The end of what can be written now: an incomplete line only if it was begun, or is as long as a line may be. */
function decidedEnd({ column, settings }: LogDirectory, block: Buffer): number {
  const lineStart = block.lastIndexOf(newline) + 1
  if (lineStart === 0 && column > 0) return block.length
  return block.length - lineStart >= settings.lineMaxBytes ? block.length : lineStart
}

/** Small enough that the strings in between stay in the young generation. */
const sliceBytes = 64 * 1024

function writeWithHead(directory: LogDirectory, block: Buffer, end: number, head: string): number {
  let at = 0
  while (at < end && directory.trouble === null) {
    const sliceEnd = Math.min(end, at + sliceBytes)
    const bytes = withHeads(block, at, sliceEnd, directory.column === 0 ? head : '', head)
    const written = appendBytes(directory, bytes, 0, bytes.length)
    const done = written === bytes.length ? sliceEnd : rawEnd(directory, block, at, written, head.length)
    noteColumn(directory, block, at, done)
    at = done
    if (written < bytes.length) break
  }
  return at
}

/** All lines at once, by the one operation of the engine that looks at bytes at memory speed. */
function withHeads(block: Buffer, start: number, end: number, firstHead: string, head: string): Buffer {
  const endsLine = block[end - 1] === newline
  const text = block.toString('latin1', start, endsLine ? end - 1 : end)
  // `$` is special in a replacement.
  const between = `\n${head}`.replaceAll('$', '$$$$')
  const body = text.replace(everyNewline, between)
  const length = firstHead.length + body.length + (endsLine ? 1 : 0)
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length)
  scratch.write(firstHead, 0, 'latin1')
  scratch.write(body, firstHead.length, 'latin1')
  if (endsLine) scratch[length - 1] = newline
  return scratch.subarray(0, length)
}

/** Much faster here than `replaceAll` with a string, and than walking from newline to newline. */
const everyNewline = /\n/g

/** One for all directories: nothing is in it between two calls. */
let scratch: Buffer = Buffer.alloc(0)

/**
 * Where in the block the bytes end that are among the first `written` of what was made of it from `start` on. A head whose
 * line has not a byte there is taken back.
 */
function rawEnd(directory: LogDirectory, block: Buffer, start: number, written: number, headBytes: number): number {
  let raw = start
  let made = 0
  let isLineStart = directory.column === 0
  while (made < written) {
    if (isLineStart) {
      if (made + headBytes >= written) {
        takeBack(directory, written - made)
        return raw
      }
      made += headBytes
    }
    const found = block.indexOf(newline, raw)
    const lineEnd = found === -1 ? block.length : found + 1
    const taken = Math.min(lineEnd - raw, written - made)
    raw += taken
    made += taken
    isLineStart = raw === lineEnd && found !== -1
  }
  return raw
}

function noteColumn(directory: LogDirectory, block: Buffer, start: number, end: number): void {
  if (end === start) return
  const lineStart = block.lastIndexOf(newline, end - 1) + 1
  directory.column = lineStart > start ? end - lineStart : directory.column + end - start
}

const newline = 0x0a
