/**
 * Text as the kernel has it: one character for each byte, U+0001 to U+00FF. Arguments, environment and paths pass through
 * it unharmed, whatever their encoding.
 */
export type ByteText = string

/** Ends with a zero byte, for the C library. */
export function toCString(text: ByteText): Buffer {
  return Buffer.from(`${text}\0`, 'latin1')
}

/** `text` as Node decoded it, where its bytes are valid UTF-8. */
export function toByteText(text: string): ByteText {
  return Buffer.from(text, 'utf8').toString('latin1')
}
