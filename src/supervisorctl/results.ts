import { type Control, exits, type Outcome } from './control.ts'
import { faults } from './faults.ts'
import { shownName } from './names.ts'
import { say } from './output.ts'
import { type Fault, raiseUnknownCode } from './raised.ts'
import type { ProcessResult } from './values.ts'

/** How a command tells what became of a process. */
export interface Telling {
  readonly success: string
  /** By the code of the fault. */
  readonly errors: Readonly<Record<number, string>>
  /** Of a failure, the words of the server are the whole line. */
  readonly quotesFailure: boolean
  /** This one is what was wanted anyway. */
  readonly harmless: number | null
}

export const startTelling: Telling = {
  success: 'started',
  errors: {
    [faults.badName]: 'no such process',
    [faults.noFile]: 'no such file',
    [faults.notExecutable]: 'file is not executable',
    [faults.alreadyStarted]: 'already started',
    [faults.spawnError]: 'spawn error',
    [faults.abnormalTermination]: 'abnormal termination',
  },
  quotesFailure: false,
  harmless: faults.alreadyStarted,
}

export const stopTelling: Telling = {
  success: 'stopped',
  errors: {
    [faults.badName]: 'no such process',
    [faults.badSignal]: 'bad signal name',
    [faults.notRunning]: 'not running',
  },
  quotesFailure: true,
  harmless: faults.notRunning,
}

export const signalTelling: Telling = { ...stopTelling, success: 'signalled', harmless: null }

export const clearTelling: Telling = {
  success: 'cleared',
  errors: { [faults.badName]: 'no such process', [faults.failed]: 'failed' },
  quotesFailure: false,
  harmless: null,
}

/** Says what became of each, up to the first that nobody knows how to tell. */
export function tellResults(control: Control, results: readonly ProcessResult[], telling: Telling): Outcome {
  for (const result of results) {
    const name = shownName(result.group, result.name)
    const text = resultText(name, result, telling)
    if (text === null) return raiseUnknownCode(result.status, name)
    say(text)
    noteStatus(control, result.status, telling)
  }
  return 'done'
}

export function resultOf(group: string, name: string | null, fault: Fault | null): ProcessResult {
  if (fault === null) return { group, name, status: faults.success, description: 'OK' }
  return { group, name, status: fault.code, description: fault.message }
}

function resultText(name: string, { status, description }: ProcessResult, telling: Telling): string | null {
  if (status === faults.success) return `${name}: ${telling.success}`
  const error = telling.errors[status]
  if (error !== undefined) return `${name}: ERROR (${error})`
  return status === faults.failed && telling.quotesFailure ? description : null
}

function noteStatus(control: Control, status: number, { harmless }: Telling): void {
  if (status === faults.success || status === harmless) return
  control.exitStatus = deadProgram.includes(status) ? exits.notRunning : exits.failed
}

const deadProgram: readonly number[] = [faults.spawnError, faults.abnormalTermination, faults.notRunning]
