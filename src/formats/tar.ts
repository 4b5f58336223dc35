/**
 * Archives of tar: ustar (POSIX.1-1988), with the extended headers of pax (POSIX.1-2001) for long names and large files. What
 * GNU tar writes instead of them is understood as well. Nothing is held in memory but the block at hand.
 */
export interface TarEntry {
  readonly name: string
  readonly sizeBytes: number
  /** Permissions; 0o644 where none are said. */
  readonly mode?: number
  /** With an extended header also where none is needed, so that its length is the same whatever the size. */
  readonly isExtended?: boolean
}

export interface TarMember {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
  readonly sizeBytes: number
  readonly mode: number
  /** Read once, before the next member is asked for; what is left of it then is passed over. */
  readonly content: AsyncIterable<Uint8Array>
}

/** The bytes are no archive, or not all of one. */
export class TarError extends Error {}

const blockBytes = 512
/** The field has eleven octal digits. */
const plainSizeMax = 8 ** 11 - 1
const nameBytesMax = 100
/** Of an extended header, or of a long name: there are some hundred bytes in one. */
const extensionBytesMax = 64 * 1024

// ---- writing ---------------------------------------------------------------------------------------------------------

/** What stands before the content of a file; behind it comes `tarPadding`, and behind the last one `tarEnd`. */
export function tarHeader(entry: TarEntry): Buffer {
  const { name, sizeBytes, mode = 0o644 } = entry
  const isLong = Buffer.byteLength(name) > nameBytesMax
  const isLarge = sizeBytes > plainSizeMax
  const plain = headerBlock({
    name: isLong ? Buffer.from(name).subarray(0, nameBytesMax) : Buffer.from(name),
    sizeBytes: isLarge ? 0 : sizeBytes,
    mode,
    type: '0',
  })
  if (!isLong && !isLarge && entry.isExtended !== true) return plain
  const records = Buffer.from(`${record('path', name)}${record('size', String(sizeBytes))}`)
  const extension = headerBlock({
    name: Buffer.from('PaxHeaders/entry'),
    sizeBytes: records.length,
    mode: 0o644,
    type: 'x',
  })
  return Buffer.concat([extension, records, tarPadding(records.length), plain])
}

/** Up to the next whole block. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes)
}

export const tarEnd: Buffer = Buffer.alloc(2 * blockBytes)

/** `LENGTH KEY=VALUE`: the length counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  const digits = String(bytes + String(bytes).length).length
  return `${bytes + digits}${rest}`
}

interface HeaderBlock {
  readonly name: Buffer
  readonly sizeBytes: number
  readonly mode: number
  readonly type: '0' | 'x'
}

function headerBlock({ name, sizeBytes, mode, type }: HeaderBlock): Buffer {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, at: number, width: number): void => {
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  }
  name.copy(block, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(sizeBytes, 124, 12)
  octal(0, 136, 12)
  block.write(type, 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** With blanks in its own place. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20
  for (let at = 0; at < blockBytes; at++) if (at < 148 || at >= 156) sum += block[at]!
  return sum
}

// ---- reading ---------------------------------------------------------------------------------------------------------

/** Every member in order, to the end of the bytes. Throws TarError where they are no archive, end too early, or go on behind its end. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const source = blockSource(chunks)
  try {
    let extension: Extension = {}
    for (;;) {
      const block = await source.take(blockBytes)
      if (block === null) throw new TarError('it breaks off: the end of the archive is missing')
      if (isZero(block)) break
      const header = readHeader(block)
      const { type } = header
      if (type === 'x' || type === 'L' || type === 'K') extension = await readExtension(source, header, extension)
      // Of all that follow: nobody whose archives are read here says anything in it that matters.
      else if (type === 'g') await source.skip(paddedBytes(header.sizeBytes))
      else {
        yield* oneMember(source, header, extension)
        extension = {}
      }
    }
    await readEnd(source)
  } finally {
    await source.close()
  }
}

interface Extension {
  readonly name?: string
  readonly sizeBytes?: number
}

interface Header {
  readonly name: string
  readonly type: string
  readonly sizeBytes: number
  readonly mode: number
}

async function* oneMember(source: BlockSource, header: Header, extension: Extension): AsyncGenerator<TarMember> {
  const kind = kindOf(header.type)
  const name = extension.name ?? header.name
  // Links and devices have no content, whatever the header says.
  const sizeBytes = kind === 'file' ? (extension.sizeBytes ?? header.sizeBytes) : 0
  if (name === '') throw new TarError('it is damaged: a member has no name')
  let left = sizeBytes
  async function* content(): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const piece = await source.some(left)
      if (piece === null) throw cutShort(name)
      left -= piece.length
      yield piece
    }
  }
  yield { name, kind, sizeBytes, mode: header.mode, content: content() }
  if (!(await source.skip(left + paddedBytes(sizeBytes) - sizeBytes))) throw cutShort(name)
}

function cutShort(name: string): TarError {
  return new TarError(`it breaks off in the middle of ${printable(name)}`)
}

function kindOf(type: string): TarMember['kind'] {
  if (type === '0' || type === '\0' || type === '7') return 'file'
  return type === '5' ? 'directory' : 'other'
}

function readHeader(block: Uint8Array): Header {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.length)
  const said = octalAt(bytes, 148, 8)
  if (said !== checksum(block))
    throw new TarError('it is no tar archive, or it is damaged: a header has another checksum')
  const prefix = bytes.toString('latin1', 257, 263) === 'ustar\0' ? textAt(bytes, 345, 155) : ''
  const name = textAt(bytes, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: String.fromCharCode(bytes[156]!),
    sizeBytes: sizeAt(bytes),
    mode: octalAt(bytes, 100, 8) & 0o7777,
  }
}

async function readExtension(source: BlockSource, header: Header, before: Extension): Promise<Extension> {
  const { sizeBytes, type } = header
  if (sizeBytes > extensionBytesMax) throw new TarError(`it is damaged: a header of ${sizeBytes} bytes`)
  const block = await source.take(paddedBytes(sizeBytes))
  if (block === null) throw new TarError('it breaks off in the middle of a header')
  const text = Buffer.from(block).toString('utf8', 0, sizeBytes)
  if (type === 'K') return before
  if (type === 'L') return { ...before, name: text.replace(/\0.*$/s, '') }
  return { ...before, ...readRecords(Buffer.from(block).subarray(0, sizeBytes)) }
}

function readRecords(bytes: Buffer): Extension {
  let extension: Extension = {}
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, Math.max(at, blank)))
    const isWhole = blank !== -1 && Number.isSafeInteger(length) && length > blank - at && at + length <= bytes.length
    if (!isWhole || bytes[at + length - 1] !== 0x0a)
      throw new TarError('it is damaged: an extended header makes no sense')
    const text = bytes.toString('utf8', blank + 1, at + length - 1)
    const equals = text.indexOf('=')
    const [key, value] = [text.slice(0, equals), text.slice(equals + 1)]
    if (key === 'path') extension = { ...extension, name: value }
    if (key === 'size') {
      if (!/^\d{1,15}$/.test(value)) throw new TarError('it is damaged: the size of a member makes no sense')
      extension = { ...extension, sizeBytes: Number(value) }
    }
    at += length
  }
  return extension
}

/** The second of two empty blocks, and nothing but more of them. */
async function readEnd(source: BlockSource): Promise<void> {
  const second = await source.take(blockBytes)
  if (second === null) throw new TarError('it breaks off: the end of the archive is missing')
  for (let rest: Uint8Array | null = second; rest !== null; rest = await source.some(Number.MAX_SAFE_INTEGER)) {
    if (!isZero(rest)) throw new TarError('there is more behind the end of the archive')
  }
}

function paddedBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}

/** Octal digits; or, as GNU tar has it for what is too large for them, a number of base 256. */
function sizeAt(bytes: Buffer): number {
  if ((bytes[124]! & 0x80) === 0) return octalAt(bytes, 124, 12)
  let size = bytes[124]! & 0x7f
  for (let at = 125; at < 136; at++) size = size * 256 + bytes[at]!
  if (!Number.isSafeInteger(size)) throw new TarError('it is damaged: the size of a member makes no sense')
  return size
}

function octalAt(bytes: Buffer, at: number, width: number): number {
  const text = textAt(bytes, at, width).trim()
  if (text === '') return 0
  if (!/^[0-7]+$/.test(text)) throw new TarError('it is no tar archive, or it is damaged: a number is none')
  return Number.parseInt(text, 8)
}

function textAt(bytes: Buffer, at: number, width: number): string {
  const field = bytes.subarray(at, at + width)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? width : end)
}

function printable(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}

// ---- bytes as they come --------------------------------------------------------------------------------------------------

interface BlockSource {
  /** Exactly so many; null: there are fewer. */
  take(count: number): Promise<Uint8Array | null>
  /** Between one and so many; null: there are none. */
  some(most: number): Promise<Uint8Array | null>
  /** false: there were fewer. */
  skip(count: number): Promise<boolean>
  close(): Promise<void>
}

function blockSource(chunks: AsyncIterable<Uint8Array>): BlockSource {
  const iterator = chunks[Symbol.asyncIterator]()
  let held: Uint8Array = new Uint8Array(0)
  let isOver = false
  async function some(most: number): Promise<Uint8Array | null> {
    while (held.length === 0) {
      const next = await iterator.next()
      if (next.done === true) {
        isOver = true
        return null
      }
      held = next.value
    }
    const piece = held.subarray(0, most)
    held = held.subarray(piece.length)
    return piece
  }
  return {
    some,
    async take(count) {
      const first = count === 0 ? new Uint8Array(0) : await some(count)
      if (first === null || first.length === count) return first
      const whole = new Uint8Array(count)
      whole.set(first)
      for (let filled = first.length; filled < count; ) {
        const piece = await some(count - filled)
        if (piece === null) return null
        whole.set(piece, filled)
        filled += piece.length
      }
      return whole
    },
    async skip(count) {
      for (let left = count; left > 0; ) {
        const piece = await some(left)
        if (piece === null) return false
        left -= piece.length
      }
      return true
    },
    async close() {
      if (!isOver) await iterator.return?.()
    },
  }
}
