import { readSync } from 'node:fs'
import type { Command, Now, UnitId } from '../../core/model.ts'
import type { EnginePort, LoggerPort } from '../../engine/ports.ts'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import { errnoOf } from '../../sys/errno.ts'
import type { Watcher } from '../../sys/watcher.ts'
import { askedByByte, askedOfLogger } from './commands.ts'
import type { Held } from './held.ts'
import { shown } from './refusals.ts'
import { begunNow } from './status.ts'

/** Reads `supervise/control`: each byte is a command. */
export interface Control {
  /** From now on, what waits in the FIFO first. */
  listen(held: Held): void
  /** What comes from now on stays in the FIFO; a command that was read is taken. */
  ignore(held: Held): void
  /** What waits in the FIFO is asked for at once: something else is about to be told that came after it. */
  hear(held: Held): void
}

export interface ControlParts {
  readonly engine: Pick<EnginePort, 'snapshot' | 'command'>
  /** null: no unit has a builtin logger. */
  readonly loggers: LoggerPort | null
  readonly watcher: Pick<Watcher, 'watch'>
  readonly clock: () => Now
  /** Somebody wants a service to be supervised no longer. */
  readonly exit: (unit: UnitId) => void
  /** A builtin logger is as told now, but for what it says itself. */
  readonly amend: (held: Held, told: SuperviseStatus) => void
  readonly warn: (text: string) => void
}

/** Of one FIFO in a row, before all others get their turn. */
const bytesInARow = 64

/**
 * One byte is read, and taken into account by a turn of the engine, before the next one is: what `d` stopped, `u` starts again.
 * What is not read yet stays in the FIFO, over an exec of another image too. While nothing comes, a site costs its watch.
 */
export function createControl(parts: ControlParts): Control {
  const { engine, loggers, watcher, clock, exit, amend, warn } = parts
  const byte = new Uint8Array(1)
  let refusal = ''

  function listen(held: Held): void {
    if (held.control !== 'ignored') return
    const watch = watcher.watch(held.files.control, () => {
      ignore(held)
      held.control = 'taking'
      void takeSome(held) // whatever is refused is told there
      return 'little'
    })
    if (typeof watch === 'string')
      warn(`sv cannot command ${shown(held.site.directory)}: watching it failed (${watch})`)
    else held.control = watch
  }

  function ignore(held: Held): void {
    if (typeof held.control !== 'string') held.control.stop()
    held.control = 'ignored'
  }

  async function takeSome(held: Held): Promise<void> {
    for (let taken = 0; taken < bytesInARow && held.control === 'taking'; taken += 1) {
      if (!readByte(held.files.control)) break
      if (held.site.part === 'builtin-logger') takeOfLogger(held, byte[0]!)
      else await take(held, byte[0]!)
    }
    if (held.control !== 'taking') return
    held.control = 'ignored'
    listen(held)
  }

  function hear(held: Held): void {
    if (held.control === 'ignored' || held.site.part === 'builtin-logger') return
    for (let taken = 0; taken < bytesInARow && readByte(held.files.control); taken += 1) {
      void take(held, byte[0]!) // whatever is refused is told there
    }
  }

  async function take({ site }: Held, letter: number): Promise<void> {
    const unit = engine.snapshot().state.units.get(site.unit)
    if (unit === undefined) return
    const { commands, isExit } = askedByByte(letter, unit, site.part === 'logger')
    if (isExit) exit(unit.id)
    await Promise.all(commands.map((command) => ask(command)))
  }

  /** The same trouble is told once. */
  async function ask(command: Command): Promise<void> {
    try {
      await engine.command(command)
      refusal = ''
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (refusal !== error.message) warn(`a command of sv was refused: ${error.message}`)
      refusal = error.message
    }
  }

  function takeOfLogger(held: Held, letter: number): void {
    const { action, want, isBegun } = askedOfLogger(letter, held.told.state === 'down')
    if (action !== null) loggers?.control(held.site.unit, action)
    const told = want === null ? held.told : { ...held.told, want }
    amend(held, isBegun ? begunNow(told, clock()) : told)
  }

  function readByte(fd: number): boolean {
    try {
      return readSync(fd, byte) === 1
    } catch (error) {
      // EAGAIN: nothing is there any more. Of anything else the next watch tells again.
      errnoOf(error)
      return false
    }
  }

  return { listen, ignore, hear }
}
