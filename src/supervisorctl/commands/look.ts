import { type Command, type Control, exits, type Outcome, statusExits } from '../control.ts'
import { faults } from '../faults.ts'
import { refuseArguments } from '../help.ts'
import { shownName, splitName, wordsOf } from '../names.ts'
import { say } from '../output.ts'
import { call, escaped, isUp } from '../remote.ts'
import {
  type ConfigInfo,
  type ProcessInfo,
  readConfigs,
  readNumber,
  readProcess,
  readProcesses,
  readText,
} from '../values.ts'

export const status: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') {
    if (up === 'done') control.exitStatus = statusExits.unknown
    return up
  }
  const answer = await call(control, 'getAllProcessInfo', readProcesses)
  if (answer.kind !== 'value') return escaped(answer)
  const names = wordsOf(argument)
  const shown = names.length === 0 || names.includes('all') ? answer.value : choose(control, names, answer.value)
  showStatuses(shown)
  if (shown.some(({ state }) => stoppedStates.includes(state))) control.exitStatus = statusExits.notRunning
  return 'done'
}

/** STOPPED, EXITED, FATAL and UNKNOWN. */
const stoppedStates: readonly number[] = [0, 100, 200, 1000]

function choose(control: Control, names: readonly string[], all: readonly ProcessInfo[]): readonly ProcessInfo[] {
  return names.flatMap((text) => {
    const { group, process } = splitName(text)
    const found = all.filter((one) => one.group === group && (process === null || one.name === process))
    if (found.length === 0) {
      say(process === null ? `${group}: ERROR (no such group)` : `${text}: ERROR (no such process)`)
      control.exitStatus = statusExits.unknown
    }
    return found
  })
}

function showStatuses(processes: readonly ProcessInfo[]): void {
  const names = processes.map(({ group, name }) => shownName(group, name))
  const width = Math.max(nameWidthMin, ...names.map((name) => charactersIn(name))) + nameGap
  for (const [at, { stateName, description }] of processes.entries()) {
    say(padEnd(names[at]!, width) + padEnd(stateName, stateWidth) + description)
  }
}

const nameWidthMin = 30
const nameGap = 3
const stateWidth = 10

export const pid: Command = async (control, argument) => {
  const up = await isUp(control)
  if (up !== 'yes') return up
  const names = wordsOf(argument)
  if (names.length === 0) {
    const answer = await call(control, 'getPID', readNumber)
    if (answer.kind !== 'value') return escaped(answer)
    say(String(answer.value))
    return 'done'
  }
  if (names.includes('all')) {
    const answer = await call(control, 'getAllProcessInfo', readProcesses)
    if (answer.kind !== 'value') return escaped(answer)
    for (const one of answer.value) say(String(one.pid))
    return 'done'
  }
  for (const name of names) {
    const outcome = await showPid(control, name)
    if (outcome !== 'done') return outcome
  }
  return 'done'
}

async function showPid(control: Control, name: string): Promise<Outcome> {
  const answer = await call(control, 'getProcessInfo', readProcess, name)
  if (answer.kind === 'value') {
    say(String(answer.value.pid))
    if (answer.value.pid === 0) control.exitStatus = exits.notRunning
    return 'done'
  }
  if (answer.kind === 'raised' || answer.code !== faults.badName) return escaped(answer)
  control.exitStatus = exits.failed
  say(`No such process ${name}`)
  return 'done'
}

export const version: Command = async (control, argument) => {
  if (argument !== '') return refuseArguments(control, 'version')
  const up = await isUp(control)
  if (up !== 'yes') return up
  const answer = await call(control, 'getSupervisorVersion', readText)
  if (answer.kind !== 'value') return escaped(answer)
  say(answer.value)
  return 'done'
}

export const avail: Command = async (control, argument) => {
  if (argument !== '') return refuseArguments(control, 'avail')
  const answer = await call(control, 'getAllConfigInfo', readConfigs)
  if (answer.kind === 'value') {
    for (const config of answer.value) say(configText(config))
    return 'done'
  }
  if (answer.kind === 'raised' || answer.code !== faults.shutdownState) return escaped(answer)
  control.exitStatus = exits.failed
  say('ERROR: supervisor shutting down')
  return 'done'
}

function configText({ group, name, isInUse, isStarted, groupPriority, processPriority }: ConfigInfo): string {
  const use = padEnd(isInUse ? 'in use' : 'avail', 9)
  const begin = padEnd(isStarted ? 'auto' : 'manual', 9)
  return `${padEnd(shownName(group, name), 32)} ${use} ${begin} ${groupPriority}:${processPriority}`
}

/** By characters, as Python counts them. */
function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - charactersIn(text), 0))
}

function charactersIn(text: string): number {
  return [...text].length
}
