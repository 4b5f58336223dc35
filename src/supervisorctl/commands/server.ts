import { schemeOf } from '../address.ts'
import { type Command, type Control, exits } from '../control.ts'
import { faults } from '../faults.ts'
import { refuseArguments } from '../help.ts'
import { say } from '../output.ts'
import { raise } from '../raised.ts'
import { call, escaped } from '../remote.ts'
import { readNothing } from '../values.ts'
import { status } from './look.ts'

export const shutdown: Command = async (control, argument) => {
  if (argument !== '') return refuseArguments(control, 'shutdown')
  const really = await confirm(control, 'Really shut the remote supervisord process down y/N? ')
  if (really === null) return endOfInput
  if (!really) return 'done'
  const answer = await call(control, 'shutdown', readNothing)
  if (answer.kind === 'value') {
    say('Shut down')
    return 'done'
  }
  if (answer.kind === 'fault' && answer.code === faults.shutdownState) {
    say('ERROR: already shutting down')
    return 'done'
  }
  control.exitStatus = exits.failed
  if (answer.kind === 'raised' && answer.errno === 'ECONNREFUSED') {
    say(`ERROR: ${control.serverUrl} refused connection (already shut down?)`)
  } else if (answer.kind === 'raised' && answer.errno === 'ENOENT') {
    say(`ERROR: ${control.serverUrl} no such file (already shut down?)`)
  } else return escaped(answer)
  return 'done'
}

export const reload: Command = async (control, argument) => {
  if (argument !== '') return refuseArguments(control, 'reload')
  const really = await confirm(control, 'Really restart the remote supervisord process y/N? ')
  if (really === null) return endOfInput
  if (!really) return 'done'
  const answer = await call(control, 'restart', readNothing)
  if (answer.kind === 'value') {
    say('Restarted supervisord')
    return 'done'
  }
  control.exitStatus = exits.failed
  if (answer.kind === 'raised' || answer.code !== faults.shutdownState) return escaped(answer)
  say('ERROR: already shutting down')
  return 'done'
}

/** Asks in a session only. null: the input has ended. */
async function confirm(control: Control, question: string): Promise<boolean | null> {
  if (!control.isInteractive) return true
  const answer = await control.keyboard.readLine(question)
  return answer === null ? null : answer.toLowerCase().startsWith('y')
}

const endOfInput = raise('EOFError', 'EOF when reading a line')

export const open: Command = async (control, argument) => {
  const scheme = schemeOf(argument)
  if (scheme !== 'http' && scheme !== 'unix') {
    say('ERROR: url must be http:// or unix://')
    control.exitStatus = exits.failed
    return 'done'
  }
  control.serverUrl = argument
  const before = control.exitStatus
  const outcome = await status(control, '')
  control.exitStatus = before
  return outcome
}
