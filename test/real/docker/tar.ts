/** One entry of a tar file: a regular file, or with `link` a symbolic link. Directories come of themselves. */
export interface TarEntry {
  readonly path: string
  readonly content?: Buffer | string
  readonly link?: string
  readonly mode?: number
}

/** A POSIX.1-1988 (ustar) archive. Paths have at most 100 characters. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const directories = new Set(entries.flatMap((entry) => parentsOf(entry.path)))
  const blocks = [
    ...[...directories].map((path) => header({ path: `${path}/`, type: '5', sizeBytes: 0, mode: 0o755, link: '' })),
    ...entries.flatMap(blocksOf),
    Buffer.alloc(1024),
  ]
  return Buffer.concat(blocks)
}

function blocksOf({ path, content = '', link, mode = 0o644 }: TarEntry): readonly Buffer[] {
  if (link !== undefined) return [header({ path, type: '2', sizeBytes: 0, mode: 0o777, link })]
  const bytes = Buffer.from(content)
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512)
  return [header({ path, type: '0', sizeBytes: bytes.length, mode, link: '' }), bytes, padding]
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

interface Header {
  readonly path: string
  readonly type: '0' | '2' | '5'
  readonly sizeBytes: number
  readonly mode: number
  readonly link: string
}

function header({ path, type, sizeBytes, mode, link }: Header): Buffer {
  const block = Buffer.alloc(512)
  const octal = (value: number, at: number, width: number): void =>
    void block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  if (path.length > 100) throw new Error(`the path is too long for this kind of archive: ${path}`)
  block.write(path, 0, 'utf8')
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(sizeBytes, 124, 12)
  octal(0, 136, 12)
  block.write(type, 156, 'latin1')
  block.write(link, 157, 'utf8')
  block.write('ustar\x0000', 257, 'latin1')
  // The checksum is taken with blanks in its own place.
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
