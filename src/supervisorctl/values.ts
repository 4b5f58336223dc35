import type { XmlRpcValue } from '../formats/xml-rpc/value.ts'

/** Makes of an answer what a command needs; null: it is something else. */
export type Read<T> = (value: XmlRpcValue) => T | null

/** What `getProcessInfo` tells, as far as it is shown. */
export interface ProcessInfo {
  readonly group: string
  readonly name: string
  readonly state: number
  readonly stateName: string
  readonly description: string
  readonly pid: number
}

/** What became of one process of several. */
export interface ProcessResult {
  readonly group: string
  /** null: all of the group. */
  readonly name: string | null
  /** A code of a fault, or that of success. */
  readonly status: number
  readonly description: string
}

/** What `getAllConfigInfo` tells, as far as it is shown. */
export interface ConfigInfo {
  readonly group: string
  readonly name: string
  readonly isInUse: boolean
  readonly isStarted: boolean
  readonly groupPriority: number
  readonly processPriority: number
}

/** Names of groups. */
export interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export const readNothing: Read<true> = () => true

export const readText: Read<string> = (value) => {
  if (value.kind === 'base64') return Buffer.from(value.value).toString('utf8')
  return value.kind === 'string' || value.kind === 'date' ? value.value : null
}

export const readNumber: Read<number> = (value) => (value.kind === 'int' ? value.value : null)

export const readProcess: Read<ProcessInfo> = (value) => {
  const member = membersOf(value)
  const group = member('group', readText)
  const name = member('name', readText)
  const state = member('state', readNumber)
  const stateName = member('statename', readText)
  const description = member('description', readText)
  const pid = member('pid', readNumber)
  if (group === null || name === null || state === null) return null
  if (stateName === null || description === null || pid === null) return null
  return { group, name, state, stateName, description, pid }
}

export const readProcesses: Read<readonly ProcessInfo[]> = (value) => readList(value, readProcess)

export const readResults: Read<readonly ProcessResult[]> = (value) =>
  readList(value, (one) => {
    const member = membersOf(one)
    const group = member('group', readText)
    const name = member('name', readText)
    const status = member('status', readNumber)
    const description = member('description', readText)
    if (group === null || name === null || status === null || description === null) return null
    return { group, name, status, description }
  })

export const readConfigs: Read<readonly ConfigInfo[]> = (value) =>
  readList(value, (one) => {
    const member = membersOf(one)
    const group = member('group', readText)
    const name = member('name', readText)
    const isInUse = member('inuse', readTruth)
    const isStarted = member('autostart', readTruth)
    const groupPriority = member('group_prio', readNumber)
    const processPriority = member('process_prio', readNumber)
    if (group === null || name === null || isInUse === null || isStarted === null) return null
    if (groupPriority === null || processPriority === null) return null
    return { group, name, isInUse, isStarted, groupPriority, processPriority }
  })

/** A list with one member, for reasons of the past. */
export const readChanges: Read<Changes> = (value) => {
  const [lists] = readList(value, (one) => readList(one, (names) => readList(names, readText))) ?? []
  const [added, changed, removed] = lists ?? []
  return added && changed && removed ? { added, changed, removed } : null
}

/** What Python takes for true. */
const readTruth: Read<boolean> = (value) =>
  value.kind === 'boolean' || value.kind === 'int' || value.kind === 'string' ? Boolean(value.value) : null

function readList<T>(value: XmlRpcValue, read: Read<T>): readonly T[] | null {
  if (value.kind !== 'array') return null
  const items: T[] = []
  for (const one of value.values) {
    const item = read(one)
    if (item === null) return null
    items.push(item)
  }
  return items
}

function membersOf(value: XmlRpcValue): <T>(name: string, read: Read<T>) => T | null {
  const members = new Map(value.kind === 'struct' ? value.members : [])
  return (name, read) => {
    const found = members.get(name)
    return found === undefined ? null : read(found)
  }
}
