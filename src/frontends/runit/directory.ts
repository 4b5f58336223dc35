import { closeSync, constants, fstatSync, mkdirSync, openSync, readlinkSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { makeFifo } from '../../sys/fifo.ts'
import { lockAgain, lockFile } from '../../sys/flock.ts'
import { descriptorLimit } from '../../sys/rlimit.ts'
import type { Inherited } from './inherited.ts'
import { errorText, lockedText, wrongKindText } from './refusals.ts'

/** What keeps a supervise directory ours, until it is closed or we die. */
export interface OpenDirectory {
  /** Locked. */
  readonly lock: number
  /** For both directions, so that it has no end. */
  readonly control: number
  /** Whoever can open `ok` for writing knows that somebody supervises. null: nobody can yet. */
  readonly ok: number | null
}

/** Left for what runs there, and for looking after all others. */
const descriptorsReserved = 64

/**
 * Makes `supervise` in a service directory and opens what is in it; FIFOs that are there keep their modes. `ok` is open only
 * where another image of ours had it: the files of the state come first, then `openToClients`. Answers a sentence where that
 * cannot be: it names the path and the remedy.
 */
export function openDirectory(directory: string, inherited: Inherited): OpenDirectory | string {
  const opened: number[] = []
  const isOpen = (result: OpenDirectory | string): result is OpenDirectory => typeof result !== 'string'
  let result: OpenDirectory | string
  try {
    result = openAll(directory, inherited, opened)
  } catch (error) {
    result = errorText(directory, errnoOf(error), pathOf(error))
  }
  if (!isOpen(result)) for (const fd of opened) closeSync(fd)
  return result
}

/** Whoever waits for `ok` to be given back finds the lock free by then. */
export function closeDirectory({ lock, control, ok }: OpenDirectory): void {
  if (ok === null) withoutOk -= 1
  for (const fd of [control, lock, ok]) if (fd !== null) closeSync(fd)
}

/** From now on clients take it for supervised. Throws what Node throws. */
export function openToClients(directory: string, files: OpenDirectory): OpenDirectory {
  if (files.ok !== null) return files
  const ok = openSync(`${superviseOf(directory)}/ok`, constants.O_RDONLY | constants.O_NONBLOCK)
  withoutOk -= 1
  return { ...files, ok }
}

/** So many descriptors will be needed yet for what is open. */
let withoutOk = 0

/** false: it was removed, or another one is in its place. */
export function isInPlace(directory: string, { lock }: OpenDirectory): boolean {
  try {
    return isSameFile(statSync(`${superviseOf(directory)}/lock`), fstatSync(lock))
  } catch (error) {
    errnoOf(error)
    return false
  }
}

export function superviseOf(directory: string): string {
  return `${directory}/supervise`
}

function openAll(directory: string, inherited: Inherited, opened: number[]): OpenDirectory | string {
  const supervise = superviseOf(directory)
  const refused = makeSupervise(directory, supervise)
  if (refused !== null) return refused
  // They are written later.
  for (const name of ['pid', 'stat', 'status']) {
    if (statSync(`${supervise}/${name}`, { throwIfNoEntry: false })?.isDirectory()) {
      throw systemError('EISDIR', `${supervise}/${name}`)
    }
  }
  const lock = openLock(`${supervise}/lock`, inherited)
  if (typeof lock === 'string') return lock
  keep(opened, lock)
  for (const name of ['control', 'ok']) {
    const path = `${supervise}/${name}`
    if (!isFifo(path)) return wrongKindText(path, 'a FIFO')
  }
  const controlPath = `${supervise}/control`
  const carried = inherited.take(controlPath)
  const control = keep(opened, carried ?? openSync(controlPath, constants.O_RDWR | constants.O_NONBLOCK))
  const ok = inherited.take(`${supervise}/ok`)
  if (ok !== null) keep(opened, ok)
  else withoutOk += 1
  return { lock, control, ok }
}

/** Where a link says where it is to be and nothing is there yet, it is made there; what is above it is not. */
function makeSupervise(directory: string, path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined) return found.isDirectory() ? null : wrongKindText(path, 'a directory')
  mkdirSync(linkTarget(directory, path) ?? path, { mode: 0o700 })
  return null
}

function linkTarget(directory: string, path: string): string | null {
  try {
    return resolve(directory, readlinkSync(path))
  } catch (error) {
    errnoOf(error)
    return null
  }
}

function openLock(path: string, inherited: Inherited): number | string {
  const carried = inherited.take(path)
  if (carried !== null && lockAgain(carried) === null) return carried
  if (carried !== null) closeSync(carried)
  const fd = lockFile(path)
  if (typeof fd === 'number') return fd
  if (fd === 'EAGAIN') return lockedText(path)
  throw systemError(fd, path)
}

/** It is made where there is nothing. */
function isFifo(path: string): boolean {
  const errno = makeFifo(path, 0o600)
  if (errno === null) return true
  if (errno !== 'EEXIST') throw systemError(errno, path)
  return statSync(path).isFIFO()
}

/** Descriptors are given out from the lowest free number on. */
function keep(opened: number[], fd: number): number {
  opened.push(fd)
  if (fd + withoutOk >= descriptorLimit().soft - descriptorsReserved) throw systemError('EMFILE', '')
  return fd
}

function isSameFile(a: { readonly dev: number; readonly ino: number }, b: typeof a): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

function systemError(code: Errno, path: string): Error {
  return Object.assign(new Error(code), { code, path })
}

/** What a system call was about: of a rename where it was to. */
function pathOf(error: unknown): string {
  const { dest, path } = error as NodeJS.ErrnoException & { readonly dest?: string }
  return dest ?? path ?? ''
}
