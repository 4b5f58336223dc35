import { chmod, lstat, mkdir, open, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EngineError } from './engine-error.ts'

/** Who owns the locks that supervisors make; containers run as anybody else. */
const lockOwner = 65_534
const lockMode = 0o444
/** Anybody may make a lock in such a directory, and remove their own only. */
const directoryMode = 0o1777

/**
 * Makes the lock files as `lockfile -r 0` of procmail does, which other supervisors use: all of them or, throwing EngineError,
 * none. `LOCKED`: the message is the file that somebody else made. One of ours that was left over counts as made.
 */
export async function takeLocks(files: readonly string[], isForced: boolean): Promise<void> {
  const made: string[] = []
  try {
    for (const file of files) {
      if (isForced) await removeLock(file)
      if (await makeLock(file)) made.push(file)
      else if (!(await isOwnLock(file))) throw new EngineError({ code: 'LOCKED', message: file, retry: true })
    }
  } catch (error) {
    for (const file of made) await removeLock(file).catch(() => {})
    throw fileError(error)
  }
}

/** Those that we made; somebody else's stay. */
export async function releaseLocks(files: readonly string[]): Promise<void> {
  try {
    for (const file of files) if (await isOwnLock(file)) await removeLock(file)
  } catch (error) {
    throw fileError(error)
  }
}

/** Gone already is as good. A lock may be a directory: it holds by being there. */
export async function removeLock(file: string): Promise<void> {
  try {
    await unlink(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    if (code !== 'EISDIR' && code !== 'EPERM') throw error
    await rmdir(file)
  }
}

/** Of a failed call to the system, as what the core is told. */
export function fileError(error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return new EngineError({ code, message, retry: true }, { cause: error })
}

/** false: there is one. */
async function makeLock(file: string): Promise<boolean> {
  await makeDirectory(dirname(file))
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(file, 'wx', lockMode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    // Whatever our umask is.
    await handle.chmod(lockMode)
    if (isRoot()) await handle.chown(lockOwner, lockOwner)
  } finally {
    await handle.close()
  }
  return true
}

async function makeDirectory(directory: string): Promise<void> {
  if ((await stat(directory).catch(() => null))?.isDirectory()) return
  await mkdir(directory, { recursive: true })
  await chmod(directory, directoryMode)
}

async function isOwnLock(file: string): Promise<boolean> {
  const found = await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (found === null || !found.isFile()) return false
  return found.uid === (isRoot() ? lockOwner : process.geteuid?.()) && (found.mode & 0o777) === lockMode
}

function isRoot(): boolean {
  return process.geteuid?.() === 0
}
