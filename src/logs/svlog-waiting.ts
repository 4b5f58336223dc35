import { closeSync, openSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs'
import { appendBytes } from '../svlog/append.ts'
import type { LogDirectory } from '../svlog/model.ts'
import { writeLog } from '../svlog/write.ts'
import { errnoOf } from '../sys/errno.ts'
import { makeReady } from './svlog-directories.ts'
import type { Logger, LoggerSite, Written } from './svlog-logger.ts'
import { type BlockNote, type DirectoryNote, foundIn } from './svlog-note.ts'
import { lookInto, takeFrom } from './svlog-pipe.ts'

/**
 * Writes what is missing of the block that waits and takes it from the pipe: one that could not be written, or one that was
 * under way when the last daemon died. What is there already tells how far it came: the block is made again, with the time
 * it had, and the files have a beginning of that. Answers the bytes taken.
 */
export function finishWaiting(site: LoggerSite, logger: Logger, pipe: number): number | 'trouble' {
  const note = logger.block
  if (note === null || logger.isTaken) return done(site, logger, 0)
  const shown = lookInto(pipe)
  if (typeof shown === 'string') return 'trouble'
  switch (foundIn(note, shown)) {
    case 'none':
      return done(site, logger, 0)
    case 'moved-only':
      takeFrom(pipe, note.movedBytes)
      return done(site, logger, note.movedBytes)
    case 'whole':
      break
  }
  const block = shown.subarray(0, note.bytes)
  let isWritten = true
  for (const written of logger.written) if (!finish(site, logger, { written, note, block })) isWritten = false
  if (!isWritten) return 'trouble'
  site.journal.take(note, pipe)
  return done(site, logger, note.bytes)
}

function done(site: LoggerSite, logger: Logger, bytes: number): number {
  site.journal.release(logger.unit)
  logger.block = null
  logger.isWaiting = false
  logger.isTaken = false
  return bytes
}

interface Finishing {
  readonly written: Written
  readonly note: BlockNote
  readonly block: Buffer
}

/** False: not now, see the directory's trouble. */
function finish(site: LoggerSite, logger: Logger, { written, note, block }: Finishing): boolean {
  const { directory } = written
  directory.trouble = null
  if (!makeReady(logger, written)) return false
  const place = placeIn(note, written) ?? enter(site, { written, note })
  const made = make(site, { directory, place, note, block })
  if (made === null) return false
  const at = Math.min(madeBefore(site, { written, note }, place), made.bytes.length)
  if (at + appendBytes(directory, made.bytes, at, made.bytes.length) < made.bytes.length) return false
  directory.column = made.column
  directory.isSelected = made.isSelected
  directory.isTold = false
  return true
}

function placeIn(note: BlockNote, { directory }: Written): DirectoryNote | null {
  return note.directories.find(({ name }) => name === directory.name) ?? null
}

/** A directory that was not there when the block was begun gets all of it. */
function enter(site: LoggerSite, { written, note }: Pick<Finishing, 'written' | 'note'>): DirectoryNote {
  const { directory, inode } = written
  const { name, bytes: start, column, isSelected, isTold } = directory
  const place = { name, inode, start, madeBytes: 0, lastOld: '', column, isSelected, isTold }
  note.directories.push(place)
  site.journal.change(note)
  return place
}

interface Made {
  readonly bytes: Buffer
  readonly column: number
  readonly isSelected: boolean
}

/** What the directory gets of the block, as it was made then, without telling or sending anything again. */
function make(
  site: LoggerSite,
  request: {
    readonly directory: LogDirectory
    readonly place: DirectoryNote
    readonly note: BlockNote
    readonly block: Buffer
  },
): Made | null {
  const { directory, place, note, block } = request
  try {
    const fd = openSync(site.scratchPath, 'w', 0o600)
    try {
      const { column, isSelected, isTold } = place
      const config = { ...directory.config, sizeMaxBytes: 0, filesMin: directory.config.filesMax, processor: null }
      const services = { ...directory.services, tell: () => {}, sendUdp: () => {} }
      const copy: LogDirectory = {
        ...{ ...directory, config, services, fd, column, isSelected, isTold },
        ...{ bytes: 0, isRotationDue: false, processor: null, trouble: null },
      }
      if (writeLog(copy, block, note.time) === block.length) {
        return { bytes: readFileSync(site.scratchPath), column: copy.column, isSelected: copy.isSelected }
      }
      directory.trouble = copy.trouble
      return null
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    directory.trouble = { kind: 'failed', doing: `unable to write ${site.scratchPath}`, code: errnoOf(error) }
    return null
  }
}

/** How much of what is made of the block is in the directory's files. */
function madeBefore(
  site: LoggerSite,
  { written, note }: Pick<Finishing, 'written' | 'note'>,
  place: DirectoryNote,
): number {
  const { directory, inode } = written
  if (place.inode === inode) return place.madeBytes + Math.max(0, directory.bytes - place.start)
  // What was set aside and nobody lived to note: one file at most. What is not there at all is somebody else's doing.
  const unnoted = place.inode === 0 ? oldSince(directory, place.lastOld) : oldOf(directory, place.inode)
  if (place.inode === 0 && unnoted === null) return place.madeBytes + directory.bytes
  place.madeBytes = unnoted === null ? 0 : place.madeBytes + Math.max(0, unnoted.bytes - place.start)
  place.inode = inode
  place.start = unnoted === null ? directory.bytes : 0
  site.journal.change(note)
  return place.madeBytes + directory.bytes - place.start
}

interface Old {
  readonly bytes: number
}

function oldSince(directory: LogDirectory, last: string): Old | null {
  return statOld(
    directory,
    (file) => file.slice(0, last.length) > last,
    () => true,
  )
}

function oldOf(directory: LogDirectory, inode: number): Old | null {
  return statOld(
    directory,
    () => true,
    (found) => found.ino === inode,
  )
}

function statOld(
  { base }: LogDirectory,
  isName: (file: string) => boolean,
  isFile: (found: Stats) => boolean,
): Old | null {
  for (const file of readdirSync(base)) {
    if (!file.startsWith('@') || !isName(file)) continue
    const found = statSync(`${base}/${file}`, { throwIfNoEntry: false })
    if (found !== undefined && isFile(found)) return { bytes: found.size }
  }
  return null
}
