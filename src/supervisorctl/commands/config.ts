import { type Command, type Control, exits, type Outcome } from '../control.ts'
import { faults } from '../faults.ts'
import { refuseArguments } from '../help.ts'
import { wordsOf } from '../names.ts'
import { say } from '../output.ts'
import { call, escaped } from '../remote.ts'
import { type Changes, readChanges, readNothing, readProcesses, readResults } from '../values.ts'

export const reread: Command = async (control, argument) => {
  if (argument !== '') return refuseArguments(control, 'reread')
  const answer = await call(control, 'reloadConfig', readChanges)
  if (answer.kind === 'value') {
    showChanges(answer.value)
    return 'done'
  }
  control.exitStatus = exits.failed
  if (answer.kind === 'fault' && answer.code === faults.shutdownState) say('ERROR: supervisor shutting down')
  else if (answer.kind === 'fault' && answer.code === faults.cantReread) say(`ERROR: ${answer.message}`)
  else return escaped(answer)
  return 'done'
}

function showChanges({ added, changed, removed }: Changes): void {
  const news = new Map<string, string>()
  for (const name of added) news.set(name, 'available')
  for (const name of changed) news.set(name, 'changed')
  for (const name of removed) news.set(name, 'disappeared')
  if (news.size === 0) say('No config updates to processes')
  for (const name of [...news.keys()].sort()) say(`${name}: ${news.get(name)}`)
}

export const add: Command = async (control, argument) => {
  for (const name of wordsOf(argument)) {
    const answer = await call(control, 'addProcessGroup', readNothing, name)
    if (answer.kind === 'value') {
      say(`${name}: added process group`)
      continue
    }
    if (answer.kind === 'raised') return answer
    if (answer.code === faults.alreadyAdded) {
      say('ERROR: process group already active')
      continue
    }
    control.exitStatus = exits.failed
    if (answer.code === faults.shutdownState) say('ERROR: shutting down')
    else if (answer.code === faults.badName) say(`ERROR: no such process/group: ${name}`)
    else return escaped(answer)
  }
  return 'done'
}

export const remove: Command = async (control, argument) => {
  for (const name of wordsOf(argument)) {
    const answer = await call(control, 'removeProcessGroup', readNothing, name)
    if (answer.kind === 'value') {
      say(`${name}: removed process group`)
      continue
    }
    if (answer.kind === 'raised') return answer
    control.exitStatus = exits.failed
    if (answer.code === faults.stillRunning) say(`ERROR: process/group still running: ${name}`)
    else if (answer.code === faults.badName) say(`ERROR: no such process/group: ${name}`)
    else return escaped(answer)
  }
  return 'done'
}

/** Groups that are gone end first, then those that have changed are exchanged, then new ones begin. */
export const update: Command = async (control, argument) => {
  const answer = await call(control, 'reloadConfig', readChanges)
  if (answer.kind !== 'value') {
    control.exitStatus = exits.failed
    if (answer.kind === 'raised' || answer.code !== faults.shutdownState) return escaped(answer)
    say('ERROR: already shutting down')
    return 'done'
  }
  const words = new Set(wordsOf(argument))
  const names = words.has('all') ? new Set<string>() : words
  const unknown = await tellUnknown(control, names, answer.value.added)
  if (unknown !== 'done') return unknown
  for (const [groups, bring] of [
    [answer.value.removed, removeGroup],
    [answer.value.changed, exchangeGroup],
    [answer.value.added, addGroup],
  ] as const) {
    for (const group of groups) {
      if (names.size > 0 && !names.has(group)) continue
      const outcome = await bring(control, group)
      if (outcome !== 'done') return outcome
    }
  }
  return 'done'
}

async function tellUnknown(control: Control, names: ReadonlySet<string>, added: readonly string[]): Promise<Outcome> {
  if (names.size === 0) return 'done'
  const answer = await call(control, 'getAllProcessInfo', readProcesses)
  if (answer.kind !== 'value') return escaped(answer)
  const known = new Set([...answer.value.map(({ group }) => group), ...added])
  for (const name of names) {
    if (known.has(name)) continue
    say(`ERROR: no such group: ${name}`)
    control.exitStatus = exits.failed
  }
  return 'done'
}

async function removeGroup(control: Control, group: string): Promise<Outcome> {
  const stopped = await call(control, 'stopProcessGroup', readResults, group)
  if (stopped.kind !== 'value') return escaped(stopped)
  say(`${group}: stopped`)
  if (stopped.value.some((result) => result.status === faults.failed)) {
    say(`${group}: has problems; not removing`)
    control.exitStatus = exits.failed
    return 'done'
  }
  return change(control, group, ['removeProcessGroup'], 'removed')
}

async function exchangeGroup(control: Control, group: string): Promise<Outcome> {
  const stopped = await call(control, 'stopProcessGroup', readNothing, group)
  if (stopped.kind !== 'value') return escaped(stopped)
  say(`${group}: stopped`)
  return change(control, group, ['removeProcessGroup', 'addProcessGroup'], 'updated')
}

function addGroup(control: Control, group: string): Promise<Outcome> {
  return change(control, group, ['addProcessGroup'], 'added')
}

async function change(control: Control, group: string, methods: readonly string[], done: string): Promise<Outcome> {
  for (const method of methods) {
    const answer = await call(control, method, readNothing, group)
    if (answer.kind !== 'value') return escaped(answer)
  }
  say(`${group}: ${done} process group`)
  return 'done'
}
