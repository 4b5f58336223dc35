import { type FSWatcher, watch } from 'node:fs'
import { constants, type FileHandle, open, stat } from 'node:fs/promises'
import { errnoOf } from '../../../sys/errno.ts'
import { type Bell, createBell } from '../../native/news.ts'

/**
 * The end of a file, and then what is written to it until `signal` aborts: also when it is renamed and made anew, when it is
 * cut short in place, and when it is gone for a while. Nothing is read before the last piece was taken. Ends at once where
 * there is no regular file.
 */
export async function* follow(
  path: string,
  { lastBytes, signal }: { readonly lastBytes: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const bell = createBell(signal)
  const scratch = Buffer.alloc(pieceBytesMax)
  let file = await openFile(path, bell)
  if (file === null) return
  file.at = Math.max(0, file.size - lastBytes)
  let next: OpenFile | null = null
  try {
    while (!signal.aborted) {
      const piece = await readOn(file, scratch)
      if (piece !== null) {
        yield piece
      } else if (next !== null) {
        await closeFile(file)
        file = next
        next = null
      } else {
        // Found, it is begun when the old one was read to its end once more: something may have come in between.
        next = await openNext(path, file, bell)
        // A look now and then, too: not every kernel tells of every write, nor of a file that comes back.
        if (next === null) await bell.rung(lookMs)
      }
    }
  } finally {
    await closeFile(file)
    if (next !== null) await closeFile(next)
  }
}

interface OpenFile {
  readonly handle: FileHandle
  readonly device: number
  readonly inode: number
  readonly watcher: FSWatcher | null
  /** When it was opened. */
  readonly size: number
  at: number
}

/** So much at a time, however fast it grows. */
const pieceBytesMax = 32 * 1024

const lookMs = 500

/** null: there is none, or not one that can be read from anywhere. */
async function openFile(path: string, bell: Bell): Promise<OpenFile | null> {
  try {
    // Without waiting: somebody else has to open the other end of a named pipe.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const { dev: device, ino: inode, size, ...kind } = await handle.stat()
    if ((kind.mode & constants.S_IFMT) !== constants.S_IFREG) {
      await handle.close()
      return null
    }
    return { handle, device, inode, size, watcher: watchFile(path, bell), at: 0 }
  } catch (error) {
    // Gone, or not for us: whoever asked for it sees no file.
    errnoOf(error)
    return null
  }
}

/** Rings when something happens to the file that has this name now. null: that cannot be watched. */
function watchFile(path: string, bell: Bell): FSWatcher | null {
  try {
    const watcher = watch(path, () => bell.ring())
    return watcher.on('error', () => watcher.close())
  } catch {
    // No watches left, or gone already: then it is looked at now and then.
    return null
  }
}

/** The next bytes; null: there are none for now. */
async function readOn(file: OpenFile, scratch: Buffer): Promise<Uint8Array | null> {
  const { bytesRead } = await file.handle.read(scratch, 0, scratch.length, file.at)
  file.at += bytesRead
  if (bytesRead > 0) return Buffer.from(scratch.subarray(0, bytesRead))
  const { size } = await file.handle.stat()
  if (size >= file.at) return null
  file.at = 0
  return Buffer.from('==> File truncated <==\n')
}

/** What has the name of the file by now; null: still the same, or nothing. */
async function openNext(path: string, file: OpenFile, bell: Bell): Promise<OpenFile | null> {
  try {
    const { dev, ino } = await stat(path)
    return dev === file.device && ino === file.inode ? null : await openFile(path, bell)
  } catch (error) {
    errnoOf(error)
    return null
  }
}

async function closeFile({ handle, watcher }: OpenFile): Promise<void> {
  watcher?.close()
  await handle.close()
}
