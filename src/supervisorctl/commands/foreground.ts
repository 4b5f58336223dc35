import { openStream } from '../connection.ts'
import { type Command, type Control, exits, type Outcome } from '../control.ts'
import { faults } from '../faults.ts'
import { showHelp } from '../help.ts'
import { type Interrupts, takeInterrupts } from '../interrupt.ts'
import { wordsOf } from '../names.ts'
import { complain, say, show } from '../output.ts'
import { faultText } from '../raised.ts'
import { call, isUp, loginOf } from '../remote.ts'
import { readNothing, readProcess } from '../values.ts'

/** What the process prints appears, and each line that is typed goes to its stdin, until Ctrl-C or the end of the input. */
export const foreground: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const [name, another] = wordsOf(argument)
  if (name === undefined) {
    const outcome = refuse(control, 'no process name supplied')
    showHelp('fg')
    return outcome
  }
  if (another !== undefined) return refuse(control, 'too many process names supplied')
  const process = await call(control, 'getProcessInfo', readProcess, name)
  if (process.kind === 'raised') return process
  if (process.kind === 'fault') {
    if (process.code === faults.badName) return refuse(control, 'bad process name supplied')
    say(`ERROR: ${faultText(process)}`)
    return 'done'
  }
  if (process.value.state !== running) return refuse(control, 'process not running')

  say('==> Press Ctrl-C to exit <==')
  const streams = ['stdout', 'stderr'].map((channel) => openChannel(control, `/logtail/${name}/${channel}`))
  const interrupts = takeInterrupts(control)
  const outcome = await converse(control, name, interrupts)
  interrupts.giveBack()
  for (const stream of streams) stream.close()
  return outcome
}

const running = 20

function refuse(control: Control, text: string): Outcome {
  say(`ERROR: ${text}`)
  control.exitStatus = exits.failed
  return 'done'
}

function openChannel(control: Control, path: string) {
  const { serverUrl } = control
  const stream = openStream(serverUrl, { path, login: loginOf(control), onBytes: show })
  // The other goes on without this one.
  void stream.ended.then((trouble) => {
    if (trouble !== null) complain(`${serverUrl}${path} ${trouble}\n`)
  })
  return stream
}

async function converse(control: Control, name: string, interrupts: Interrupts): Promise<Outcome> {
  for (;;) {
    const line = await Promise.race([readLine(control), interrupts.next])
    if (line === 'interrupted' || line === null) {
      control.keyboard.cancel()
      say('Exiting foreground')
      return 'done'
    }
    const sent = await call(control, 'sendProcessStdin', readNothing, name, `${line.text}\n`)
    if (sent.kind === 'raised') return sent
    if (sent.kind === 'fault') {
      say(sent.code === faults.notRunning ? 'Process got killed' : `ERROR: ${faultText(sent)}`)
      say('Exiting foreground')
      return 'done'
    }
    const process = await call(control, 'getProcessInfo', readProcess, name)
    if (process.kind === 'raised') return process
    if (process.kind === 'fault' || process.value.state !== running) {
      say('Process got killed')
      say('Exiting foreground')
      return 'done'
    }
  }
}

async function readLine(control: Control): Promise<{ readonly text: string } | null> {
  const text = await control.keyboard.readLine('')
  return text === null ? null : { text }
}
