import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'

/** A file of lines that is only ever appended to. */
export interface AppendFile {
  readonly fd: number
  bytes: number
}

/**
 * Opens it, or makes it. A line that a death, or a full disk, tore apart is ended, so that ours does not run into it. Throws
 * the system's error.
 */
export function openAppendFile(path: string): AppendFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
  try {
    const file = { fd, bytes: fstatSync(fd).size }
    if (file.bytes > 0 && lastByte(fd, file.bytes) !== newline) appendText(file, '\n')
    return file
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Throws the system's error; a part of it may be written then. */
export function appendText(file: AppendFile, text: string): void {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) written += writeSync(file.fd, bytes, written)
  file.bytes += bytes.length
}

const newline = 0x0a

function lastByte(fd: number, size: number): number | undefined {
  const last = Buffer.alloc(1)
  readSync(fd, last, 0, 1, size - 1)
  return last[0]
}
