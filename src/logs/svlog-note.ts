import type { StampTime } from '../formats/svlogd-stamp.ts'

/**
 * What is known of the block under way: bytes that are at the beginning of a unit's pipe, being written into its log
 * directories. Whoever finds it after a death knows how far that came.
 */
export interface BlockNote {
  readonly unit: string
  /** For the stamps: made again they are the same. */
  readonly time: StampTime
  readonly bytes: number
  /**
   * The last bytes of the block, which are moved and not just read when it is taken from the pipe. The first of them is
   * another byte than the first of the block, unless they are the whole block: what the pipe begins with tells how much is left.
   */
  readonly movedBytes: number
  /** The first bytes of the block, of what is moved, and the last bytes, in hex. */
  readonly head: string
  readonly moved: string
  readonly tail: string
  readonly directories: DirectoryNote[]
}

/** Where the block begins in a directory. */
export interface DirectoryNote {
  readonly name: string
  /** Of the `current` it begins in, and where there; 0: one that was begun since. */
  inode: number
  start: number
  /** Of what was made of the block, in files that were set aside since. */
  madeBytes: number
  /** The time in the name of the last of these; empty: there is none. */
  lastOld: string
  readonly column: number
  readonly isSelected: boolean
  readonly isTold: boolean
}

/** A page: what is written in one call to one page is there wholly or not at all, whenever we die. */
export const noteBytes = 4096

/** What is moved is moved to the beginning of the page. */
export const movedBytesMax = 1024

/** With a last byte that is not the one that will be moved there. More than a page only for very many directories. */
export function encodeNote(note: BlockNote): Buffer {
  const text = `${JSON.stringify(note)}\n`
  const bytes = Buffer.alloc(Math.max(noteBytes, movedBytesMax + Buffer.byteLength(text)))
  bytes[note.movedBytes - 1] = ~lastByte(note) & 0xff
  bytes.write(text, movedBytesMax)
  return bytes
}

/** null: there is no block under way, or nothing is known of it. */
export function decodeNote(page: Buffer): { readonly note: BlockNote; readonly isTaken: boolean } | null {
  const end = page.indexOf('\n', movedBytesMax)
  if (end === -1) return null
  try {
    const note = JSON.parse(page.toString('utf8', movedBytesMax, end)) as BlockNote
    return { note, isTaken: page[note.movedBytes - 1] === lastByte(note) }
  } catch {
    // More than a page, of very many directories, and torn.
    return null
  }
}

/**
 * Where a block may end, and how many of its last bytes are to be moved. Almost always one: it ends with a newline and
 * does not begin with one.
 */
export function planTaking(block: Buffer): { readonly bytes: number; readonly movedBytes: number } {
  const { length } = block
  if (length <= movedBytesMax) return { bytes: length, movedBytes: length }
  const [first] = block
  const least = length - movedBytesMax
  let other = length - 1
  while (other >= least && block[other] === first) other -= 1
  // So many equal bytes at its end: then only a beginning of it, which can be moved as a whole.
  return other < least
    ? { bytes: movedBytesMax, movedBytes: movedBytesMax }
    : { bytes: length, movedBytes: length - other }
}

/** Of a pipe that still holds this block: from its beginning, from where the moved bytes begin, or not at all. */
export function foundIn(note: BlockNote, pipe: Buffer): 'whole' | 'moved-only' | 'none' {
  const { bytes, movedBytes, head, moved, tail } = note
  if (pipe.length >= bytes && startsWith(pipe, head) && endsWith(pipe.subarray(0, bytes), tail)) return 'whole'
  return movedBytes < bytes && pipe.length >= movedBytes && startsWith(pipe, moved) ? 'moved-only' : 'none'
}

/** Enough of a place to know it again. */
export function sample(block: Buffer, start: number, end: number): string {
  return block.toString('hex', start, Math.min(end, start + sampleBytes))
}

export function sampleOfEnd(block: Buffer): string {
  return block.toString('hex', Math.max(0, block.length - sampleBytes))
}

const sampleBytes = 24

function startsWith(bytes: Buffer, hex: string): boolean {
  return bytes.toString('hex', 0, hex.length / 2) === hex
}

function endsWith(bytes: Buffer, hex: string): boolean {
  return bytes.toString('hex', bytes.length - hex.length / 2) === hex
}

function lastByte({ tail }: BlockNote): number {
  return Number.parseInt(tail.slice(-2), 16)
}
