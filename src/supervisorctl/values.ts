import type { XmlRpcValue } from '../formats/xml-rpc/value.ts'

/** Makes of an answer what a command needs. Throws SomethingElse. */
export type Read<T> = (value: XmlRpcValue) => T

/** The answer is no such value as its method has. */
export class SomethingElse extends Error {}

/** Names of groups. */
export interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export const readNothing: Read<true> = () => true

/** Any value that is no list and no struct, as it is shown. */
export const readShown: Read<string> = (value) => ('value' in value ? String(value.value) : somethingElse())

export const readText: Read<string> = (value) => {
  if (value.kind === 'base64') return Buffer.from(value.value).toString('utf8')
  return value.kind === 'string' || value.kind === 'date' ? value.value : somethingElse()
}

export const readNumber: Read<number> = (value) => (value.kind === 'int' ? value.value : somethingElse())

/** What Python takes for true. */
const readTruth: Read<boolean> = (value) =>
  value.kind === 'boolean' || value.kind === 'int' || value.kind === 'string' ? Boolean(value.value) : somethingElse()

/** What `getProcessInfo` tells, as far as it is shown. */
export type ProcessInfo = ReturnType<typeof readProcess>

export const readProcess = struct((member) => ({
  group: member('group', readText),
  name: member('name', readText),
  state: member('state', readNumber),
  stateName: member('statename', readText),
  description: member('description', readText),
  pid: member('pid', readNumber),
}))

export const readProcesses = list(readProcess)

/** What became of one process of several. */
export type ProcessResult = ReturnType<typeof readResults>[number]

export const readResults = list(
  struct((member) => ({
    group: member('group', readText),
    /** null: all of the group. */
    name: member<string | null>('name', readText),
    /** A code of a fault, or that of success. */
    status: member('status', readNumber),
    description: member('description', readText),
  })),
)

/** What `getAllConfigInfo` tells, as far as it is shown. */
export type ConfigInfo = ReturnType<typeof readConfigs>[number]

export const readConfigs = list(
  struct((member) => ({
    group: member('group', readText),
    name: member('name', readText),
    isInUse: member('inuse', readTruth),
    isStarted: member('autostart', readTruth),
    groupPriority: member('group_prio', readNumber),
    processPriority: member('process_prio', readNumber),
  })),
)

const readLists = list(list(list(readText)))

/** A list with one member, for reasons of the past. */
export const readChanges: Read<Changes> = (value) => {
  const [[added, changed, removed] = []] = readLists(value)
  return added && changed && removed ? { added, changed, removed } : somethingElse()
}

function list<T>(read: Read<T>): Read<readonly T[]> {
  return (value) => (value.kind === 'array' ? value.values.map((one) => read(one)) : somethingElse())
}

function struct<T>(make: (member: <M>(name: string, read: Read<M>) => M) => T): Read<Readonly<T>> {
  return (value) => {
    const members = new Map(value.kind === 'struct' ? value.members : somethingElse())
    return make((name, read) => read(members.get(name) ?? somethingElse()))
  }
}

function somethingElse(): never {
  throw new SomethingElse()
}
