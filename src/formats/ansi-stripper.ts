/** Leaves out terminal sequences: from `ESC [` to the first of the bytes that end one, wherever the text is cut. */
export interface AnsiStripper {
  /** What is left of a piece, in the same memory where nothing was held back before it. */
  strip(bytes: Buffer): Buffer
  /** What follows is surely no `[`. Gives what was held back in case it were. */
  release(): Buffer
  /** What follows is another text. Gives what was held back, and forgets a sequence that has not ended. */
  end(): Buffer
  /** What is undecided as it was printed: the beginning of a sequence, or nothing. */
  undecided(): Buffer
  /** Where in the last piece that began; -1: in one before it, or nothing did. */
  undecidedFrom(): number
}

export function createAnsiStripper(): AnsiStripper {
  let state: 'text' | 'escape' | 'sequence' = 'text'
  let begunAt = -1

  function strip(bytes: Buffer): Buffer {
    begunAt = -1
    if (state !== 'escape' || bytes.length === 0) return stripFrom(bytes, 0)
    state = bytes[0] === bracket ? 'sequence' : 'text'
    return state === 'sequence' ? stripFrom(bytes, 1) : Buffer.concat([escapeByte, stripFrom(bytes, 0)])
  }

  /** What stays is moved together, run by run: bytes are looked at one by one only within sequences. */
  function stripFrom(bytes: Buffer, from: number): Buffer {
    let kept = 0
    let at = from
    for (;;) {
      if (state === 'sequence') {
        while (at < bytes.length && isEnd[bytes[at]!] === 0) at++
        if (at >= bytes.length) break
        at++
        state = 'text'
      }
      const found = nextSequence(bytes, at)
      const end = found === -1 ? bytes.length : found
      if (kept !== at) bytes.copyWithin(kept, at, end)
      kept += end - at
      if (found === -1) break
      begunAt = found
      state = found === bytes.length - 1 ? 'escape' : 'sequence'
      if (state === 'escape') break
      at = found + 2
    }
    return bytes.subarray(0, kept)
  }

  function release(): Buffer {
    if (state !== 'escape') return nothing
    state = 'text'
    return Buffer.from(escapeByte)
  }

  return {
    strip,
    release,
    end() {
      const held = release()
      state = 'text'
      return held
    },
    undecided: () => (state === 'text' ? nothing : state === 'escape' ? escapeByte : sequenceStart),
    undecidedFrom: () => begunAt,
  }
}

/** The place of an `ESC [`, or of an ESC with which the piece ends; -1: there is none. */
function nextSequence(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(escapeCode, from); at !== -1; at = bytes.indexOf(escapeCode, at + 1)) {
    if (at === bytes.length - 1 || bytes[at + 1] === bracket) return at
  }
  return -1
}

const escapeCode = 0x1b
const bracket = 0x5b
const escapeByte = Buffer.from([escapeCode])
const sequenceStart = Buffer.from([escapeCode, bracket])
const nothing = Buffer.alloc(0)

/** By byte. Not every letter ends one: supervisord's set, so that what it leaves out is left out. */
const isEnd = new Uint8Array(256)
for (const byte of Buffer.from('HfABCDRsuJKhlpm')) isEnd[byte] = 1
