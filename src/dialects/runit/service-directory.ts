import type { Problem } from '../../formats/format-error.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { scriptFault } from './script.ts'

/** One directory that `runsv` would supervise. */
export interface ServiceDirectory {
  readonly name: string
  readonly path: string
  /** A file `down` says that it is not started by itself. */
  readonly isDown: boolean
}

/** Checks one service directory, by the names that runsv and sv look at; problems are added. */
export function checkServiceDirectory(
  { name, path }: Pick<ServiceDirectory, 'name' | 'path'>,
  reader: SourceReader,
  problems: Problem[],
): ServiceDirectory {
  const context = { reader, problems }
  checkNeeded(context, { path: `${path}/run`, setting: `${name}/run`, without: 'there is nothing to run' })
  checkOptional(context, { path: `${path}/finish`, setting: `${name}/finish`, effect: 'it is not run after run' })
  checkOptional(context, {
    path: `${path}/check`,
    setting: `${name}/check`,
    effect: 'sv takes the service for available all the same',
  })
  checkSupervise(context, `${path}/supervise`, `${name}/supervise`)
  checkControls(context, path, name)
  checkLog(context, path, name)
  return { name, path, isDown: isThere(reader, `${path}/down`) }
}

interface Context {
  readonly reader: SourceReader
  readonly problems: Problem[]
}

function checkNeeded(
  { reader, problems }: Context,
  { path, setting, without }: { readonly path: string; readonly setting: string; readonly without: string },
): void {
  if (isThere(reader, path)) {
    const fault = scriptFault(path, reader)
    if (fault !== null) problems.push({ file: path, line: 1, setting, ...fault })
    return
  }
  problems.push({
    file: path,
    line: 1,
    column: 1,
    setting,
    message: `there is no such file, so ${without}`,
    hint: "write it: '#!/bin/sh' and 'exec' with the command",
    severity: 'error',
  })
}

/** What is not needed stops nothing when it cannot be executed; `effect` is what comes of it. */
function checkOptional(
  { reader, problems }: Context,
  { path, setting, effect }: { readonly path: string; readonly setting: string; readonly effect: string },
): void {
  if (!isThere(reader, path)) return
  const fault = scriptFault(path, reader)
  if (fault === null) return
  const message = fault.severity === 'error' ? `${fault.message}; ${effect}` : fault.message
  problems.push({ file: path, line: 1, setting, ...fault, message, severity: 'warning' })
}

function checkSupervise({ reader, problems }: Context, path: string, setting: string): void {
  const found = reader.look(path)
  if (isFailure(found) || found.kind === 'directory') return
  const at = { file: path, line: 1, column: 1, setting }
  if (found.kind !== 'dangling') {
    const message = 'is not a directory, and runsv keeps its lock and its state in it'
    problems.push({ ...at, message, hint: `remove it: rm ${path}`, severity: 'error' })
    return
  }
  // runsv makes the directory that such a link points to, and not what is above it.
  const target = found.target.startsWith('/') ? found.target : `${directoryOf(path)}/${found.target}`
  const parent = reader.look(directoryOf(target))
  if (!isFailure(parent) && parent.kind === 'directory') return
  const message = `is a link to ${found.target}, and there is no directory ${directoryOf(target)} to make it in`
  problems.push({ ...at, message, hint: `mkdir -p ${directoryOf(target)}`, severity: 'warning' })
}

function checkControls(context: Context, path: string, name: string): void {
  const names = context.reader.list(`${path}/control`)
  if (isFailure(names)) return
  for (const letter of names.filter((one) => one.length === 1).toSorted()) {
    const setting = `${name}/control/${letter}`
    checkOptional(context, { path: `${path}/control/${letter}`, setting, effect: 'the signal is sent as usual' })
  }
}

function checkLog(context: Context, path: string, name: string): void {
  const { reader, problems } = context
  const log = `${path}/log`
  const found = reader.look(log)
  if (isFailure(found)) return
  if (found.kind !== 'directory') {
    const what = found.kind === 'dangling' ? `is a link to ${found.target}, where nothing is` : 'is not a directory'
    const message = `${what}, so the service has no logger`
    const hint = 'make it a directory with a file run, or remove it'
    problems.push({ file: log, line: 1, column: 1, setting: `${name}/log`, message, hint, severity: 'warning' })
    return
  }
  const without = 'nobody reads what the service prints, and it stops when the pipe is full'
  checkNeeded(context, { path: `${log}/run`, setting: `${name}/log/run`, without })
  checkSupervise(context, `${log}/supervise`, `${name}/log/supervise`)
}

function isThere(reader: SourceReader, path: string): boolean {
  const found = reader.look(path)
  return !isFailure(found) || found.code !== 'ENOENT'
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
