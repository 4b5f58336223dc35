import { closeSync, openSync, statSync } from 'node:fs'
import { errorText } from '../error-text.ts'
import { outerEnvironment } from './outer-environment.ts'
import { warn } from './output.ts'
import { type Service, troubleIn } from './service.ts'

/**
 * Runs the service's `./check`, if it has one: whether it is available. One that cannot be run passes, as does one that a
 * signal ends: so the original has it.
 */
export function checkPasses({ name, directory }: Service): boolean {
  let isThere = false
  const unknown = troubleIn(() => {
    isThere = statSync(`${directory}/check`, { throwIfNoEntry: false }) !== undefined
  })
  if (unknown !== null) {
    warn(`unable to stat ${name}/check: ${unknown.text}`)
    return false
  }
  return !isThere || passes({ name, directory })
}

function passes({ name, directory }: Service): boolean {
  // Most services have no check: only those that do pay for what starts programs.
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  // What it prints fails, as in the original, which closes its stdout: a directory cannot be written either.
  const unwritable = openSync('/', 'r')
  try {
    const { error, status } = spawnSync('./check', [], {
      cwd: directory,
      stdio: ['inherit', unwritable, 'inherit'],
      env: outerEnvironment(process.env),
    })
    if (error === undefined) return status === null || status === 0
    const { code = '' } = error as NodeJS.ErrnoException
    const isUnforked = code === 'EAGAIN' || code === 'ENOMEM'
    warn(`unable to ${isUnforked ? 'fork for' : 'run'} ${name}/check: ${errorText(code)}`)
    return !isUnforked
  } finally {
    closeSync(unwritable)
  }
}
