import type { StampTime } from '../../formats/svlogd-stamp.ts'
import { openCurrent } from '../../svlog/current.ts'
import { closeLogDirectory, continueLine, createLogDirectory, openLogDirectory } from '../../svlog/directory.ts'
import type { LogDirectory, LogSettings } from '../../svlog/model.ts'
import { endProcessor } from '../../svlog/processor.ts'
import { rotateLog, rotateOld } from '../../svlog/rotate.ts'
import { writeLog, writeNote } from '../../svlog/write.ts'
import type { Messages } from './messages.ts'
import { createServices } from './services.ts'
import { createUdpSender } from './udp.ts'

/** All directories of one svlogd. What a directory cannot do now is waited for: nothing else happens meanwhile. */
export interface Writer {
  readonly now: () => StampTime
  /** Closes what is open and opens all (again), with their config read anew. False: not one can be used. */
  open(): Promise<boolean>
  /** As the engine's `writeLog`, for all; what is left is the beginning of a line. */
  write(block: Buffer, time: StampTime): Promise<number>
  rotateAll(): Promise<void>
  rotateOld(): Promise<void>
  /** When `rotateOld` has something to do; Infinity: never. */
  ageDueUnixSeconds(): number
  /** Waits for processors and closes. */
  close(): Promise<void>
}

interface WriterOptions {
  readonly names: readonly string[]
  readonly settings: LogSettings
  readonly messages: Messages
}

/** After a refusal of the system. */
const pauseMs = 3_000

/** Failures of sending that wait for the end of a line; more are not told. */
const notesMax = 1_000

export function createWriter({ names, settings, messages }: WriterOptions): Writer {
  const ended = new Map<LogDirectory, () => void>()
  const notes = new Map<LogDirectory, Buffer[]>()
  let isBusy = false
  const udp = createUdpSender((directory, datagram) => {
    const waiting = notes.get(directory) ?? []
    if (waiting.length < notesMax) waiting.push(Buffer.concat([failureMark, datagram]))
    notes.set(directory, waiting)
    if (!isBusy) writeNotes(directory)
  })
  const services = createServices({
    messages,
    udp,
    onProcessorEnded: (directory) => {
      ended.get(directory)?.()
      ended.delete(directory)
    },
  })
  const directories = names.map((name) => createLogDirectory(name, settings, services))

  /** Until it is worth trying again. */
  async function recover(directory: LogDirectory): Promise<void> {
    const { trouble, name } = directory
    if (trouble?.kind === 'processor') await processorEnd(directory)
    if (trouble?.kind !== 'failed') return
    messages.pausing(`${trouble.doing}: ${name}`, trouble.code)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }

  async function processorEnd(directory: LogDirectory): Promise<void> {
    if (directory.processor === null) return
    await new Promise<void>((resolve) => ended.set(directory, resolve))
  }

  async function persist(directory: LogDirectory, act: (directory: LogDirectory) => boolean): Promise<void> {
    while (!act(directory)) await recover(directory)
  }

  function writeNotes(directory: LogDirectory): void {
    const waiting = notes.get(directory)
    while (waiting !== undefined && waiting.length > 0 && directory.isOpen && writeNote(directory, waiting[0]!)) {
      waiting.shift()
    }
  }

  async function writeOne(directory: LogDirectory, block: Buffer, time: StampTime): Promise<number> {
    if (notes.size > 0) writeNotes(directory)
    let at = writeLog(directory, block, time)
    while (directory.trouble !== null) {
      await recover(directory)
      if (at < block.length) at += writeLog(directory, block.subarray(at), time)
      else rotateLog(directory)
    }
    return at
  }

  return {
    now: services.now,
    async open() {
      const column = directories.find(({ isOpen }) => isOpen)?.column ?? 0
      for (const directory of directories) {
        if (!directory.isOpen) continueLine(directory, column)
        await persist(directory, closeLogDirectory)
        const problem = openLogDirectory(directory)
        if (problem !== null) messages.warn(`${problem.what}: ${directory.name}`, problem.code)
        else if (directory.trouble !== null) {
          await recover(directory)
          await persist(directory, openCurrent)
        }
      }
      return directories.some(({ isOpen }) => isOpen)
    },
    async write(block, time) {
      isBusy = true
      let done = block.length
      for (const directory of directories) {
        if (directory.isOpen) done = await writeOne(directory, block, time)
      }
      isBusy = false
      return done
    },
    async rotateAll() {
      for (const directory of directories) if (directory.isOpen) await persist(directory, rotateLog)
    },
    async rotateOld() {
      const now = services.now()
      for (const directory of directories) {
        if (directory.isOpen && directory.ageDueUnixSeconds <= now.unixSeconds) {
          await persist(directory, (each) => rotateOld(each, now))
        }
      }
    },
    ageDueUnixSeconds: () => Math.min(...directories.map((each) => each.ageDueUnixSeconds)),
    async close() {
      await udp.idle()
      udp.close()
      for (const directory of directories) {
        if (!directory.isOpen) continue
        writeNotes(directory)
        endProcessor(directory)
        await processorEnd(directory)
        await persist(directory, closeLogDirectory)
      }
    },
  }
}

const failureMark = Buffer.from('warning: failure sending through udp: ')
