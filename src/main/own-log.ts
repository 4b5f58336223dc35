import { copyFileSync, fstatSync, ftruncateSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { daemonLogName } from '../wire/home.ts'

/** One that is longer is moved aside, and takes the place of the one before: two of them are the most there is. */
export const ownLogBytesMax = 1024 * 1024

export interface OwnLog {
  write(text: string): void
}

/** The log of a daemon that `holdfast up` started, if our stdout is that file; else null. */
export function openOwnLog(logDirectory: string, bytesMax = ownLogBytesMax, fd = 1): OwnLog | null {
  const path = join(logDirectory, daemonLogName)
  if (!isOpenAs(fd, path)) return null
  let bytes = fstatSync(fd).size
  return {
    write(text) {
      try {
        bytes += writeSync(fd, text)
        if (bytes <= bytesMax) return
        // Appending goes on at the new end by itself; stderr is the same file.
        copyFileSync(path, `${path}.new`)
        renameSync(`${path}.new`, `${path}.1`)
        ftruncateSync(fd)
        bytes = 0
      } catch (error) {
        // A full disk holds up nothing; tried again with the next line.
        if (!(error instanceof Error && 'code' in error)) throw error
      }
    },
  }
}

function isOpenAs(fd: number, path: string): boolean {
  const open = fstatSync(fd)
  const named = statSync(path, { throwIfNoEntry: false })
  return open.isFile() && named !== undefined && open.dev === named.dev && open.ino === named.ino
}
