import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { hashText } from '../base/hash.ts'
import { bootNow } from '../sys/boot-clock.ts'
import { boundary } from '../sys/boundary.ts'
import { errnoOf } from '../sys/errno.ts'
import { splice } from '../sys/splice.ts'
import { type BlockNote, decodeNote, encodeNote } from './svlog-note.ts'
import { takeFrom } from './svlog-pipe.ts'

/**
 * What the next daemon has to know of us if we die now. One file tells of the block under way, there is only one at a
 * time; one file for each unit that its directories are open, and, where a block of it waits, of that. After a restart of the
 * host nothing of it counts.
 */
export interface Journal {
  enter(unit: string): Entered
  /** It rests, until it is told to go on: the next daemon lets it rest too. */
  rest(unit: string, isPaused: boolean): void
  /** Before anything of the block is written. */
  begin(note: BlockNote): void
  /** Where it begins has changed. */
  change(note: BlockNote): void
  /** All of the block is written: takes it from the pipe. */
  take(note: BlockNote, pipe: number): void
  /** The block cannot be written now, others can: from now on it waits. */
  hold(note: BlockNote): void
  /** Nothing waits any more. */
  release(unit: string): void
  /** The unit's directories are closed, `isMidLine`: within a line. */
  leave(unit: string, isMidLine: boolean): void
}

export interface Entered {
  /** A daemon of this boot had its directories open and did not close them, or within a line. */
  readonly isOurs: boolean
  readonly isPaused: boolean
  /** The block that was under way. */
  readonly waiting: ReturnType<typeof decodeNote>
}

export function openJournal(folder: string, warn: (text: string) => void): Journal {
  const path = join(folder, 'journal')
  const waiting = new Set<string>()
  let fd = -1
  let trouble = ''
  attempt(() => {
    clearOld(folder)
    keepLast()
  })

  /** Without it a death may double lines; that is no reason not to log. */
  function attempt(act: () => void): void {
    try {
      act()
      trouble = ''
    } catch (error) {
      const code = errnoOf(error)
      if (trouble !== code) warn(`${folder}: cannot be written (${code}); lines may be doubled if the daemon is killed`)
      trouble = code
    }
  }

  /** The block that was under way when the last daemon died waits for its unit. */
  function keepLast(): void {
    const last = read(path)
    if (last !== null) renameSync(path, pathOf(last.note.unit))
  }

  function pathOf(unit: string): string {
    return join(folder, hashText(unit))
  }

  function restPathOf(unit: string): string {
    return `${pathOf(unit)}.paused`
  }

  function withFile(note: BlockNote, act: (file: number) => void): void {
    if (!waiting.has(note.unit)) {
      if (fd === -1) fd = openSync(path, 'w+', 0o600)
      act(fd)
      return
    }
    const file = openSync(pathOf(note.unit), 'r+')
    try {
      act(file)
    } finally {
      closeSync(file)
    }
  }

  function write(note: BlockNote): void {
    attempt(() => withFile(note, (file) => void writeSync(file, encodeNote(note), 0, undefined, 0)))
  }

  return {
    enter(unit) {
      let found: Entered = { isOurs: false, isPaused: false, waiting: null }
      attempt(() => {
        const bytes = readIfThere(pathOf(unit))
        found = {
          isOurs: bytes !== null,
          isPaused: existsSync(restPathOf(unit)),
          waiting: bytes === null ? null : decodeNote(bytes),
        }
        if (bytes === null) writeFileSync(pathOf(unit), '', { mode: 0o600 })
      })
      if (found.waiting !== null) waiting.add(unit)
      return found
    },
    rest(unit, isPaused) {
      attempt(() => {
        if (isPaused) writeFileSync(restPathOf(unit), '', { mode: 0o600 })
        else rmSync(restPathOf(unit), { force: true })
      })
    },
    begin: write,
    change: write,
    take(note, pipe) {
      takeFrom(pipe, note.bytes - note.movedBytes)
      boundary('svlogd: all but its end is taken')
      let left = note.movedBytes
      if (trouble === '') {
        attempt(() =>
          withFile(note, (file) => {
            while (left > 0) {
              const moved = splice(pipe, file, note.movedBytes - left, left)
              if (typeof moved === 'string' || moved === 0) break
              left -= moved
            }
          }),
        )
      }
      takeFrom(pipe, left)
      boundary('svlogd: taken')
    },
    hold(note) {
      waiting.add(note.unit)
      attempt(() => {
        if (fd === -1) return
        renameSync(path, pathOf(note.unit))
        closeSync(fd)
        fd = -1
      })
    },
    release(unit) {
      if (waiting.delete(unit)) attempt(() => writeFileSync(pathOf(unit), ''))
    },
    leave(unit, isMidLine) {
      attempt(() => rmSync(restPathOf(unit), { force: true }))
      if (!waiting.delete(unit) && !isMidLine) attempt(() => rmSync(pathOf(unit), { force: true }))
    },
  }
}

/** What an earlier boot left behind says nothing of what is in the files now. */
function clearOld(folder: string): void {
  const file = join(folder, 'boot')
  const { bootId } = bootNow()
  if (readIfThere(file)?.toString() === bootId) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(file, bootId, { mode: 0o600 })
}

function read(path: string): ReturnType<typeof decodeNote> {
  const bytes = readIfThere(path)
  return bytes === null ? null : decodeNote(bytes)
}

function readIfThere(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
