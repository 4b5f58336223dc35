import { type Command, type Control, exits, type Outcome } from '../control.ts'
import { faults } from '../faults.ts'
import { showHelp } from '../help.ts'
import { splitName, wordsOf } from '../names.ts'
import { say } from '../output.ts'
import { call, escaped, isUp } from '../remote.ts'
import {
  clearTelling,
  resultOf,
  signalTelling,
  startTelling,
  stopTelling,
  type Telling,
  tellResults,
} from '../results.ts'
import { readNothing, readResults } from '../values.ts'

/** What is done with processes that are named, or with all: the methods for one, for a group, and for all. */
interface Deed {
  readonly one: string
  readonly group: string
  readonly all: string
  readonly telling: Telling
  /** Where there is no such group. */
  readonly noGroupExit: number
  /** What follows the name. */
  readonly params: readonly string[]
}

const starting: Deed = {
  one: 'startProcess',
  group: 'startProcessGroup',
  all: 'startAllProcesses',
  telling: startTelling,
  noGroupExit: exits.badArguments,
  params: [],
}

const stopping: Deed = {
  one: 'stopProcess',
  group: 'stopProcessGroup',
  all: 'stopAllProcesses',
  telling: stopTelling,
  noGroupExit: exits.failed,
  params: [],
}

function signalling(signal: string): Deed {
  return {
    one: 'signalProcess',
    group: 'signalProcessGroup',
    all: 'signalAllProcesses',
    telling: signalTelling,
    noGroupExit: exits.failed,
    params: [signal],
  }
}

export const start: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const names = wordsOf(argument)
  if (names.length > 0) return deal(control, names, starting)
  return missing(control, 'start', 'Error: start requires a process name', exits.badArguments)
}

export const stop: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const names = wordsOf(argument)
  if (names.length > 0) return deal(control, names, stopping)
  return missing(control, 'stop', 'Error: stop requires a process name')
}

export const restart: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  if (wordsOf(argument).length === 0) {
    return missing(control, 'restart', 'Error: restart requires a process name')
  }
  const stopped = await stop(control, argument)
  return stopped === 'done' ? start(control, argument) : stopped
}

export const signal: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const [name = '', ...names] = wordsOf(argument)
  if (names.length > 0) return deal(control, names, signalling(name))
  return missing(control, 'signal', 'Error: signal requires a signal name and a process name')
}

export const clear: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const names = wordsOf(argument)
  if (names.length === 0) return missing(control, 'clear', 'Error: clear requires a process name')
  if (names.includes('all')) {
    const answer = await call(control, 'clearAllProcessLogs', readResults)
    return answer.kind === 'value' ? tellResults(control, answer.value, clearTelling) : escaped(answer)
  }
  return eachOf(names, (name) => dealWithOne(control, name, 'clearProcessLogs', [], clearTelling))
}

function missing(control: Control, topic: string, text: string, exit: number = exits.failed): Outcome {
  say(text)
  control.exitStatus = exit
  showHelp(topic)
  return 'done'
}

async function deal(control: Control, names: readonly string[], deed: Deed): Promise<Outcome> {
  if (names.includes('all')) {
    const answer = await call(control, deed.all, readResults, ...deed.params)
    return answer.kind === 'value' ? tellResults(control, answer.value, deed.telling) : escaped(answer)
  }
  return eachOf(names, (name) => {
    const { group, process } = splitName(name)
    if (process === null) return dealWithGroup(control, group, deed)
    return dealWithOne(control, name, deed.one, deed.params, deed.telling)
  })
}

async function dealWithOne(
  control: Control,
  name: string,
  method: string,
  params: readonly string[],
  telling: Telling,
): Promise<Outcome> {
  const { group, process } = splitName(name)
  const answer = await call(control, method, readNothing, name, ...params)
  if (answer.kind === 'raised') return answer
  return tellResults(control, [resultOf(group, process, answer.kind === 'fault' ? answer : null)], telling)
}

async function dealWithGroup(control: Control, group: string, deed: Deed): Promise<Outcome> {
  const answer = await call(control, deed.group, readResults, group, ...deed.params)
  if (answer.kind === 'value') return tellResults(control, answer.value, deed.telling)
  if (answer.kind === 'raised' || answer.code !== faults.badName) return escaped(answer)
  say(`${group}: ERROR (no such group)`)
  control.exitStatus = deed.noGroupExit
  return 'done'
}

/** One after the other, up to the first that fails altogether. */
async function eachOf(names: readonly string[], deal: (name: string) => Promise<Outcome>): Promise<Outcome> {
  for (const name of names) {
    const outcome = await deal(name)
    if (outcome !== 'done') return outcome
  }
  return 'done'
}
