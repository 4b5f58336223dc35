import type { State } from '../../../core/model.ts'
import type { ProcessState, ProcessTable, ProcessView } from '../contract.ts'
import { fault } from './faults.ts'

/** What a name means: one process, or with `group:*` and `group:` a whole group. */
export type Named =
  | { readonly kind: 'process'; readonly process: ProcessView }
  | { readonly kind: 'group'; readonly group: string }

/** `name` alone is the process of that name in the group of that name. Throws RpcFault where there is none. */
export function named(table: ProcessTable, name: string): Named {
  const at = name.indexOf(':')
  const group = at < 0 ? name : name.slice(0, at)
  const own = at < 0 ? name : name.slice(at + 1)
  if (at >= 0 && (own === '' || own === '*')) {
    if (table.group(group) === null) throw fault('BAD_NAME', name)
    return { kind: 'group', group }
  }
  const process = table.process(group, own)
  if (process === null) throw fault('BAD_NAME', name)
  return { kind: 'process', process }
}

/** Throws RpcFault, also where a whole group is named. */
export function namedProcess(table: ProcessTable, name: string): ProcessView {
  const found = named(table, name)
  if (found.kind === 'group') throw fault('BAD_NAME', name)
  return found.process
}

/** The shortest name that means it. */
export function nameOf({ group, name }: ProcessView): string {
  return group === name ? name : `${group}:${name}`
}

/** By priority, as supervisord takes them in turn. Throws RpcFault where there is no such group. */
export function processesOf(table: ProcessTable, { units }: State, group: string): readonly ProcessView[] {
  const processes = table.group(group)
  if (processes === null) throw fault('BAD_NAME', group)
  const priorityOf = ({ unit }: ProcessView): number => units.get(unit)?.spec.priority ?? 0
  return processes.toSorted((a, b) => priorityOf(a) - priorityOf(b))
}

/** Group by group, each by priority. */
export function allProcesses(table: ProcessTable, state: State): readonly ProcessView[] {
  return table.groups().flatMap(({ name }) => processesOf(table, state, name))
}

const running: ReadonlySet<ProcessState> = new Set(['STARTING', 'RUNNING', 'BACKOFF'])
const stopped: ReadonlySet<ProcessState> = new Set(['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'])
const signallable: ReadonlySet<ProcessState> = new Set(['STARTING', 'RUNNING', 'STOPPING'])

export function isRunning({ state }: ProcessView): boolean {
  return running.has(state)
}

export function isStopped({ state }: ProcessView): boolean {
  return stopped.has(state)
}

export function isSignallable({ state }: ProcessView): boolean {
  return signallable.has(state)
}
