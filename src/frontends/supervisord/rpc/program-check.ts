import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { UnitSpec } from '../../../core/model.ts'
import { pythonRepr } from '../../../formats/python-text.ts'
import type { RpcFault } from '../contract.ts'
import { fault } from './faults.ts'

/** Answers why the program of a unit cannot be run, in supervisord's words; null: nothing is known against it. */
export type ProgramCheck = (spec: UnitSpec) => RpcFault | null

/**
 * A look at files, remembered for one call: many units run the same program. The file is the one that the driver would run;
 * where only the start itself can tell (another root directory, a PATH from files), nothing is said.
 */
export function createProgramCheck(environment: Readonly<Record<string, string | undefined>>): ProgramCheck {
  const known = new Map<string, RpcFault | null>()
  return ({ process: spec }) => {
    const [program] = spec.command
    if (program === undefined) return fault('NOT_EXECUTABLE', spec.commandError ?? 'command is empty')
    const isByPath = !program.includes('/')
    if (spec.limits?.chroot != null || (isByPath && spec.envFiles.length > 0)) return null
    const path = spec.environment.PATH ?? (spec.inheritEnvironment ? environment.PATH : undefined) ?? usualPath
    const folders = isByPath ? path.split(':') : []
    const workingDir = spec.workingDir ?? process.cwd()
    const key = JSON.stringify([program, workingDir, folders])
    const found = known.get(key)
    if (found !== undefined) return found
    const files = isByPath ? folders.map((folder) => `${folder}/${program}`) : [program]
    const trouble = troubleOf(program, files, workingDir)
    known.set(key, trouble)
    return trouble
  }
}

/** Where supervisord looks when nobody says where. */
const usualPath = '/bin:/usr/bin:/usr/local/bin'

/** Of several files the first that can be run counts, else the first that is there. */
function troubleOf(program: string, files: readonly string[], workingDir: string): RpcFault | null {
  let first: RpcFault | null = null
  for (const file of files) {
    const stat = statOf(resolve(workingDir, file))
    if (stat === null) continue
    const trouble = notRunnable(file, stat, workingDir)
    if (trouble === null) return null
    first ??= trouble
  }
  return first ?? fault('NO_FILE', `can't find command ${pythonRepr(program)}`)
}

function statOf(file: string): Stats | null {
  try {
    return statSync(file, { throwIfNoEntry: false }) ?? null
  } catch {
    return null // what cannot be looked at is not there for supervisord either
  }
}

function notRunnable(file: string, stat: Stats, workingDir: string): RpcFault | null {
  const shown = pythonRepr(file)
  if (stat.isDirectory()) return fault('NOT_EXECUTABLE', `command at ${shown} is a directory`)
  if ((stat.mode & 0o111) === 0) return fault('NOT_EXECUTABLE', `command at ${shown} is not executable`)
  try {
    accessSync(resolve(workingDir, file), constants.X_OK)
    return null
  } catch {
    return fault('NOT_EXECUTABLE', `no permission to run command ${shown}`)
  }
}
