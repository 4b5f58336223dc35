import { parseShortOptions } from '../formats/short-options.ts'
import { parseCommand } from './sv/command.ts'
import { control } from './sv/control.ts'
import { tell } from './sv/output.ts'
import { complain, monotonicMs, type Run, unixSeconds } from './sv/run.ts'
import { entryTrouble, locate, type Service } from './sv/service.ts'
import { showStatus } from './sv/show.ts'
import { untilDone } from './sv/wait.ts'

/**
 * runit's `sv`: shows and controls services by the files in their `supervise` directories, whoever supervises them. `name`:
 * what it was called by; any other than `sv` is the service that it is then for, as an LSB init script.
 * Answers the exit code. Source: sv of runit 2.1.2 as Debian has it, by trial.
 */
export async function runSv(args: readonly string[], name: string): Promise<number> {
  const isLsb = name !== 'sv'
  const parsed = parseShortOptions(args, 'w:vV')
  if (parsed.kind === 'bad') {
    tell(`${name}: ${parsed.message}\n`)
    return usage(name, isLsb)
  }
  if (parsed.options.some(({ letter }) => letter === 'V')) {
    tell('sv of holdfast, as runit 2.1.2\n')
    return usage(name, isLsb)
  }
  const waits = parsed.options.filter(({ letter }) => letter === 'w').map(({ value }) => value!)
  const [word = '', ...operands] = parsed.operands
  const command = parseCommand(word, { isVerbose: parsed.options.length > 0, isLsb })
  const names = isLsb ? [name] : operands
  if (command === null || names.length === 0) return usage(name, isLsb)

  const servicesDirectory = process.env.SVDIR ?? '/etc/service'
  const run: Run = { command, startMs: monotonicMs(), startSeconds: unixSeconds(), troubles: 0, lsbStatus: null }
  const services = names.map((each) => locate(each, servicesDirectory)).filter((each) => begin(run, each))
  await untilDone(run, services, scanSeconds(waits.at(-1) ?? process.env.SVWAIT ?? '7'))
  if (isLsb && command.kind === 'status' && run.lsbStatus !== null) return run.lsbStatus
  return Math.min(run.troubles, troublesMax)
}

const troublesMax = 99

function usage(name: string, isLsb: boolean): number {
  const [text, code] = isLsb ? [`${name} [-w sec] command`, 2] : ['sv [-v] [-w sec] command service ...', 100]
  tell(`usage: ${text}\n\n`)
  return code
}

/** Shows one service, or sends it the command; whether it is to be waited for. */
function begin(run: Run, service: Service): boolean {
  const { kind, bytes, conditions } = run.command
  const unentered = entryTrouble(service.directory)
  if (unentered !== null) {
    complain(run, 'fail', service, `unable to change to service directory: ${unentered.text}`)
    return false
  }
  if (kind === 'status') {
    showStatus(run, service)
    return false
  }
  // `check` sends nothing.
  return (bytes === '' || control(run, service, bytes)) && conditions !== ''
}

/** The digits it begins with, as the original reads numbers; none are 0. */
function scanSeconds(text: string): number {
  return Number(/^\d*/.exec(text)![0])
}
