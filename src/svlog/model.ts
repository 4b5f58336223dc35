import type { SvlogdConfig, UdpTarget } from '../formats/svlogd-config.ts'
import type { StampForm, StampTime } from '../formats/svlogd-stamp.ts'
import type { Errno } from '../sys/errno.ts'

/** What is the same for all directories of one svlogd: its options. Shared, never copied. */
export interface LogSettings {
  readonly stamp: StampForm
  /** Of a line that take part in selection, replacement and telling; `current` is rotated this much before it is full. */
  readonly lineMaxBytes: number
  /** What becomes of each of the 256 bytes; null: nothing. */
  readonly replacement: Uint8Array | null
  /**
   * Whether a line is written only when it is complete or has reached `lineMaxBytes`, as svlogd does; otherwise its bytes
   * are written as they come, where nothing has to be known of the whole line.
   */
  readonly holdsPartialLines: boolean
  /** Whether files are reached through an open descriptor of the directory, so that it may be moved; costs that descriptor. */
  readonly followsMoves: boolean
}

/** Everything beyond the files of the directory. All of them answer at once. */
export interface LogServices {
  readonly now: () => StampTime
  /** What only somebody who asked for it wants to know; null: nobody did. */
  readonly info: ((text: string) => void) | null
  /** `code`: why, where a system call failed. */
  readonly warn: (text: string, code: Errno | null) => void
  /** A line that was selected for standard error, with its stamp and newline. The bytes are used again after the call. */
  readonly tell: (line: Uint8Array) => void
  /**
   * Sends one datagram, or not: who sees that it failed may add a line by `writeNote`. The bytes are used again after
   * the call.
   */
  readonly sendUdp: (directory: LogDirectory, datagram: Uint8Array, target: UdpTarget) => void
  /**
   * Puts a file that is complete on disk, before it gets its final name. Throws the system's error. May do nothing, where
   * waiting for a disk is out of the question; `closeFile` can do it then.
   */
  readonly syncFile: (fd: number) => void
  readonly closeFile: (fd: number) => void
  /**
   * Starts `/bin/sh -c command` in the directory with these descriptors; they are closed after the call. Calls `done`
   * later and once, never within the call. Answers why it could not be started; then `done` is not called.
   */
  readonly startProcessor: (request: ProcessorRequest, done: (isSuccess: boolean) => void) => Errno | null
  /** Calls `action` once after so many milliseconds. */
  readonly later: (delayMs: number, action: () => void) => void
  /** The processor that held a rotation back (trouble `processor`) is no more: what was refused can be tried again. */
  readonly processorEnded: (directory: LogDirectory) => void
}

export interface ProcessorRequest {
  readonly command: string
  readonly workingDir: string
  /** Descriptor 0: the old file. */
  readonly input: number
  /** Descriptor 1: what it is to become. */
  readonly output: number
  /** Descriptor 4: what the last processor left. */
  readonly state: number
  /** Descriptor 5: what is left for the next one. */
  readonly newState: number
}

/**
 * One open log directory. Only the functions of this folder change it; it has no buffer, and the bytes of lines are
 * either in its files or still the caller's.
 */
export interface LogDirectory {
  /** As it was given, for messages. */
  readonly name: string
  readonly settings: LogSettings
  readonly services: LogServices
  /** Where its files are reached: `${base}/current`. */
  base: string
  config: SvlogdConfig
  isOpen: boolean
  directoryFd: number
  lockFd: number
  /** Of `current`; -1: it has yet to be opened (again). */
  fd: number
  /** Size of `current`. */
  bytes: number
  /** Raw bytes of the line under way that were consumed; 0: at the beginning of a line. */
  column: number
  /** Whether the line under way goes to the file. */
  isSelected: boolean
  /** The next line was told and sent already; only its writing failed. */
  isTold: boolean
  /** A rotation could not be made when it was due. It is made up for before anything else is written. */
  isRotationDue: boolean
  /** Infinity: there is no such time. */
  ageDueUnixSeconds: number
  lastRotation: StampTime
  processor: Processor | null
  /** Why less was done than asked; null: nothing is wrong. Set anew by each call. */
  trouble: Trouble | null
}

export interface Processor {
  /** Of the file, up to and with its dot. */
  readonly name: string
  failures: number
  /** The directory is to be closed: it is not tried for ever. */
  isLast: boolean
}

export type Trouble =
  /** Something that can be tried again later: the disk is full, most likely. */
  | { readonly kind: 'failed'; readonly doing: string; readonly code: Errno }
  /** A rotation is due, and the processor of the last one still works; `processorEnded` will be called. */
  | { readonly kind: 'processor' }
