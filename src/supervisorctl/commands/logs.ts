import { pythonInteger, pythonRepr } from '../../formats/python-text.ts'
import { openStream } from '../connection.ts'
import { type Command, type Control, exits, type Outcome } from '../control.ts'
import { faults } from '../faults.ts'
import { showHelp } from '../help.ts'
import { takeInterrupts } from '../interrupt.ts'
import { wordsOf } from '../names.ts'
import { complain, isUnread, say, show } from '../output.ts'
import { raise } from '../raised.ts'
import { call, escaped, isUp, loginOf } from '../remote.ts'
import { readText } from '../values.ts'

const bytesByDefault = 1600

export const tail: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const words = wordsOf(argument)
  if (words.length < 1) return refuse(control, 'Error: too few arguments', 'tail')
  if (words.length > 3) return refuse(control, 'Error: too many arguments', 'tail')
  const modifier = words[0]!.startsWith('-') ? words[0]! : null
  const operands = modifier === null ? words : words.slice(1)
  const [name] = operands
  if (name === undefined) return refuse(control, 'Error: tail requires process name')
  const channel = operands.length === 1 ? 'stdout' : operands.at(-1)!.toLowerCase()
  if (channel !== 'stdout' && channel !== 'stderr') {
    return refuse(control, `Error: bad channel ${pythonRepr(channel)}`)
  }
  if (modifier === '-f') return follow(control, `/logtail/${name}/${channel}`)
  const bytes = modifier === null ? bytesByDefault : pythonInteger(modifier.slice(1))
  if (bytes === null) return refuse(control, `Error: bad argument ${modifier}`)
  const method = channel === 'stdout' ? 'readProcessStdoutLog' : 'readProcessStderrLog'
  const errors = { ...logErrors, [faults.badName]: 'no such process name' }
  return showLog(control, { name, method, params: [name], errors }, bytes)
}

export const maintail: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const words = wordsOf(argument)
  if (words.length > 1) return refuse(control, 'Error: too many arguments', 'maintail')
  const [word] = words
  if (word === '-f') return follow(control, '/mainlogtail')
  const bytes = word === undefined ? bytesByDefault : word.startsWith('-') ? pythonInteger(word.slice(1)) : null
  if (bytes === null) return refuse(control, `Error: bad argument ${word}`)
  return showLog(control, { name: 'supervisord', method: 'readLog', params: [], errors: logErrors }, bytes)
}

function refuse(control: Control, text: string, topic: string | null = null): Outcome {
  say(text)
  control.exitStatus = exits.failed
  if (topic !== null) showHelp(topic)
  return 'done'
}

interface Log {
  /** How it is called where it cannot be read. */
  readonly name: string
  readonly method: string
  readonly params: readonly string[]
  /** By the code of the fault. */
  readonly errors: Readonly<Record<number, string>>
}

async function showLog(control: Control, { name, method, params, errors }: Log, bytes: number): Promise<Outcome> {
  if (Math.abs(bytes) > intMax) return raise('OverflowError', 'int exceeds XML-RPC limits')
  // 0 - n: there is no -0 in XML-RPC.
  const answer = await call(control, method, readText, ...params, 0 - bytes, 0)
  if (answer.kind === 'value') {
    say(answer.value)
    return 'done'
  }
  control.exitStatus = exits.failed
  const text = answer.kind === 'fault' ? errors[answer.code] : undefined
  if (text === undefined) return escaped(answer)
  say(`${name}: ERROR (${text})`)
  return 'done'
}

const intMax = 2 ** 31 - 1

const logErrors = { [faults.noFile]: 'no log file', [faults.failed]: 'unknown error reading log' }

/** Until the server ends it, or Ctrl-C, or nobody reads any more. */
async function follow(control: Control, path: string): Promise<Outcome> {
  say('==> Press Ctrl-C to exit <==')
  const stream = openStream(control.serverUrl, {
    path,
    login: loginOf(control),
    onBytes: (bytes) => {
      show(bytes)
      if (isUnread()) stream.close()
    },
  })
  const interrupts = takeInterrupts(control)
  const ended = await Promise.race([stream.ended, interrupts.next])
  interrupts.giveBack()
  stream.close()
  if (ended === 'interrupted') say('')
  else if (ended !== null) complain(`${control.serverUrl}${path} ${ended}\n`)
  return 'done'
}
