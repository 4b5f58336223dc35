import { chmodSync, closeSync, constants, openSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { errnoOf } from '../sys/errno.ts'
import type { LogDirectory, Processor } from './model.ts'

/**
 * Feeds an old file `@….u` to the directory's processor. In the end there is a `@….s` in its place. A processor that
 * fails is started again after a pause; the original did so at once, over and over. One that dies of a signal has failed; the
 * original took that for success, and half a file for a whole one.
 */
export function startProcessor(directory: LogDirectory, file: string): void {
  directory.processor = { name: file.slice(0, -1), failures: 0, isLast: false }
  run(directory, directory.processor)
}

/** The directory is about to be closed: after some failures the file stays as it is, `.u`, and the processor ends. */
export function endProcessor({ processor }: LogDirectory): void {
  if (processor !== null) processor.isLast = true
}

const pauseMs = 1_000

/** Once the directory is to be closed. */
const failuresMax = 3

function run(directory: LogDirectory, processor: Processor): void {
  const { name, config, services } = directory
  // The config may have been changed while a failed one paused.
  if (config.processor === null) {
    giveUp(directory, processor)
    return
  }
  services.info?.(`processing: ${name}/${processor.name}u`)
  const refusal = start(directory, processor, config.processor)
  if (refusal === null) return
  services.warn(`${refusal.what}: ${name}`, refusal.code)
  fail(directory, processor)
}

interface Refusal {
  readonly what: string
  readonly code: ReturnType<typeof errnoOf>
}

function start(directory: LogDirectory, processor: Processor, command: string): Refusal | null {
  const { base, services } = directory
  const opened: number[] = []
  let what = ''
  const open = (doing: string, file: string, flags: number): number => {
    what = doing
    const fd = openSync(`${base}/${file}`, flags, 0o644)
    opened.push(fd)
    return fd
  }
  try {
    const input = open('unable to open input for processor', `${processor.name}u`, constants.O_RDONLY)
    const output = open('unable to open output for processor', `${processor.name}t`, writing)
    const state = open('unable to open state for processor', 'state', constants.O_RDONLY | constants.O_CREAT)
    const newState = open('unable to open newstate for processor', 'newstate', writing)
    const request = { command, workingDir: base, input, output, state, newState }
    const code = services.startProcessor(request, (isSuccess) => {
      if (isSuccess) accept(directory, processor)
      else fail(directory, processor)
    })
    return code === null ? null : { what: 'unable to run processor', code }
  } catch (error) {
    return { what, code: errnoOf(error) }
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}

const writing = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC

function accept(directory: LogDirectory, processor: Processor): void {
  const { name, base, services } = directory
  const path = `${base}/${processor.name}`
  const made = tried(directory, `unable to rename processed: ${name}`, () => {
    chmodSync(`${path}t`, 0o744)
    renameSync(`${path}t`, `${path}s`)
  })
  if (!made) {
    retry(directory, processor)
    return
  }
  tried(directory, `unable to unlink: ${name}/${processor.name}u`, () => unlinkSync(`${path}u`))
  tried(directory, `unable to rename state: ${name}`, () => renameSync(`${base}/newstate`, `${base}/state`))
  services.info?.(`processed: ${name}/${processor.name}s`)
  end(directory)
}

function fail(directory: LogDirectory, processor: Processor): void {
  const { name, base, services } = directory
  processor.failures += 1
  services.warn(`processor failed, restart: ${name}`, null)
  rmSync(`${base}/${processor.name}t`, { force: true })
  if (processor.isLast && processor.failures >= failuresMax) giveUp(directory, processor)
  else retry(directory, processor)
}

function giveUp(directory: LogDirectory, processor: Processor): void {
  directory.services.warn(`processor gave up, unprocessed: ${directory.name}/${processor.name}u`, null)
  end(directory)
}

function tried({ services }: LogDirectory, failure: string, act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    services.warn(failure, errnoOf(error))
    return false
  }
}

function retry(directory: LogDirectory, processor: Processor): void {
  directory.services.later(pauseMs, () => run(directory, processor))
}

function end(directory: LogDirectory): void {
  directory.processor = null
  directory.services.processorEnded(directory)
}
