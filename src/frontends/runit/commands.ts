import type { Command, Unit, Who } from '../../core/model.ts'
import { controlSignals } from '../../formats/control-signals.ts'

/** What one byte in `supervise/control` asks for, of a unit. Unknown bytes ask for nothing. */
export type Asked = { readonly commands: readonly Command[]; readonly isExit: boolean }

/** Nothing tells who wrote it. */
export const client: Who = { kind: 'client', name: 'sv' }

/**
 * Source: the bytes that runit 2.1.2 reads from `supervise/control`. `unit` is as it is when the byte is read; `isLogger`: it
 * ends with its service, and cannot be told to exit.
 */
export function askedByByte(byte: number, unit: Unit, isLogger: boolean): Asked {
  const letter = String.fromCharCode(byte)
  const units = [unit.id]
  switch (letter) {
    case 'u':
      return one({ kind: 'start', units, by: client })
    case 'o':
      return one({ kind: 'run', units, by: client, isLast: true })
    case 'd':
      return { commands: [{ kind: 'stop', units, by: client }, ...stopSignalsAgain(unit)], isExit: false }
    case 'x':
      return isLogger ? nothing : { commands: stopSignalsAgain(unit), isExit: true }
    default: {
      const signal = signals[letter]
      return signal === undefined || !isSent(signal, unit) ? nothing : one(signalled(unit, signal))
    }
  }
}

const signals: Readonly<Record<string, string>> = controlSignals

const nothing: Asked = { commands: [], isExit: false }

function one(command: Command): Asked {
  return { commands: [command], isExit: false }
}

/** `finish` and `control/u` are no service that somebody could mean, but may hang. */
function isSent(signal: string, { run }: Unit): boolean {
  return run !== null && (run.role === 'main' || signal === 'KILL')
}

/** Its ladder sends them once; who asks again does so for a service that acts on the second one. */
function stopSignalsAgain(unit: Unit): readonly Command[] {
  if (unit.phase !== 'stopping' || unit.run?.role !== 'main') return []
  return [signalled(unit, 'TERM'), signalled(unit, 'CONT')]
}

function signalled({ id }: Unit, signal: string): Command {
  return { kind: 'signal', units: [id], signal, by: client }
}

/** What a byte asks of a logger that is the daemon itself. */
export type LoggerAsked = {
  readonly action: 'reload' | 'rotate' | 'pause' | 'resume' | null
  /** What is wanted of it from now on; null: as before. */
  readonly want: 'up' | 'down' | null
  /** What would be a new svlogd begins now. */
  readonly isBegun: boolean
}

/**
 * Down is paused: what is printed waits in the pipe. What would end svlogd, which is then started again, has its directories
 * closed and opened anew; signals that it would only die of are let be.
 */
export function askedOfLogger(byte: number, isDown: boolean): LoggerAsked {
  const asked = (action: LoggerAsked['action'], more: Partial<LoggerAsked> = {}): LoggerAsked => {
    return { action, want: null, isBegun: false, ...more }
  }
  switch (String.fromCharCode(byte)) {
    case 'u':
      return asked('resume', { want: 'up' })
    case 'o':
      return asked('resume', { want: 'down' })
    case 'd':
      return asked('pause', { want: 'down' })
    case 'p':
      return asked(isDown ? null : 'pause')
    case 'c':
      return asked(isDown ? null : 'resume')
    case 'h':
      return asked('reload')
    case 'a':
      return asked('rotate')
    case 't':
    case 'k':
      return isDown ? asked(null) : asked('reload', { isBegun: true })
    default:
      return asked(null)
  }
}
