import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { rpcLogBytesMax } from '../../../core/limits.ts'
import { errnoOf } from '../../../sys/errno.ts'
import { fault } from './faults.ts'

/**
 * Part of a log as text; what is no UTF-8 is replaced. offset below 0: so many bytes before the end, with length 0. length 0: to
 * the end. More than `rpcLogBytesMax` is cut, at the side that is farther from where it was asked for. Throws RpcFault.
 */
export async function readLogFile(path: string | null, offset: number, length: number): Promise<string> {
  if (path === null || !(await isThere(path))) throw fault('NO_FILE', path)
  const bytes = await withFile(path, async (file, size) => {
    if (length < 0 || (offset < 0 && length !== 0)) return 'refused'
    const from = offset < 0 ? Math.max(size - Math.min(-offset, rpcLogBytesMax), 0) : offset
    return readAt(file, from, Math.min(length === 0 ? size - from : length, size - from))
  })
  if (bytes === null) throw fault('FAILED')
  if (bytes === 'refused') throw fault('BAD_ARGUMENTS')
  return bytes.toString('utf8')
}

export interface Tail {
  readonly text: string
  /** The size of the file. */
  readonly offset: number
  /** More than `length` was written since `offset`. */
  readonly isOverflow: boolean
}

/** What was written to a log since `offset`, at most its last `length` bytes. Source: supervisor 4.2.5, odd arguments included. */
export async function tailLogFile(path: string | null, offset: number, length: number): Promise<Tail> {
  if (path === null || !(await isThere(path))) return { text: '', offset: 0, isOverflow: false }
  const tail = await withFile(path, async (file, size): Promise<Tail> => {
    const isOverflow = size > offset + length
    const since = isOverflow ? size - 1 : offset
    const isShort = since + length > size
    const wanted = isShort && since > size - 1 ? 0 : Math.max(length, 0)
    const from = Math.max(isShort ? size - wanted : since, 0)
    const bytes = await readAt(file, from, Math.min(wanted, size - from))
    return { text: bytes.toString('utf8'), offset: size, isOverflow }
  })
  return tail ?? { text: '', offset, isOverflow: false }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

/** /dev/null by its number on Linux: nothing is in it, from anywhere. */
const nullDevice = 0x103

/** null: it cannot be read, or is no plain file: a pipe or a terminal has no offsets, and may never answer. */
async function withFile<T>(path: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T | null> {
  let file: FileHandle | null = null
  try {
    // Opening a pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await file.stat()
    const isReadable = found.isFile() || (found.isCharacterDevice() && found.rdev === nullDevice)
    return isReadable ? await use(file, found.size) : null
  } catch (error) {
    errnoOf(error)
    return null
  } finally {
    await file?.close()
  }
}

async function readAt(file: FileHandle, from: number, count: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(Math.min(count, rpcLogBytesMax), 0))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
