const newline = 0x0a

/** Puts a prefix before each line of whole lines, without decoding them. A last line without an end gets one. */
export function prefixLines(lines: Buffer, prefix: string): Buffer {
  const mark = Buffer.from(prefix)
  const parts: Buffer[] = []
  let from = 0
  while (from < lines.length) {
    const end = lines.indexOf(newline, from)
    parts.push(mark, end === -1 ? lines.subarray(from) : lines.subarray(from, end + 1))
    if (end === -1) parts.push(Buffer.from('\n'))
    from = end === -1 ? lines.length : end + 1
  }
  return Buffer.concat(parts)
}
