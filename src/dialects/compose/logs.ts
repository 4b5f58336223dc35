import type { LogSpec, ProcessSpec } from '../../core/model.ts'
import {
  absolutePath,
  type Context,
  optional,
  readBoolean,
  readByteSize,
  readDuration,
  readInteger,
  readKeys,
  readText,
  type Setting,
} from './values.ts'

export type Logs = Pick<ProcessSpec, 'stdout' | 'stderr'>

const logDefault: LogSpec = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 3, ageMaxMs: 0, compress: false }

export const logsDefault: Logs = { stdout: logDefault, stderr: 'stdout' }

export function decodeLogs(context: Context, setting: Setting): Logs | null {
  const keys = readKeys(context, setting, ['stdout', 'stderr', 'max_size', 'max_files', 'max_age', 'compress'])
  if (keys === null) return null
  // Docker counts the file being written as well.
  const filesMax = optional(keys.get('max_files'), (one) => readInteger(context, one, { min: 1, max: 1_000 }))
  const limits: LogSpec = {
    path: null,
    bytesMax: optional(keys.get('max_size'), (one) => readByteSize(context, one)) ?? logDefault.bytesMax,
    backupsMax: filesMax === null ? logDefault.backupsMax : filesMax - 1,
    ageMaxMs: optional(keys.get('max_age'), (one) => readDuration(context, one, 'with-days')) ?? logDefault.ageMaxMs,
    compress: optional(keys.get('compress'), (one) => readBoolean(context, one)) ?? logDefault.compress,
  }
  const stdout = optional(keys.get('stdout'), (one) => readText(context, one))
  const stderr = optional(keys.get('stderr'), (one) => readText(context, one))
  return {
    stdout: stdout === null ? limits : { ...limits, path: logPath(context, stdout) },
    stderr: stderr === null || stderr === 'stdout' ? 'stdout' : { ...limits, path: logPath(context, stderr) },
  }
}

/** Whether any output is in files, where it can be read again: devices are written to only. */
export function isKept({ stdout, stderr }: Logs): boolean {
  const isFile = ({ path }: LogSpec) => path === null || (path !== 'none' && !path.startsWith('/dev/'))
  return isFile(stdout) || (stderr !== 'stdout' && isFile(stderr))
}

function logPath(context: Context, text: string): string | null {
  if (text === 'none') return 'none'
  return text === 'own' || text === '' ? null : absolutePath(context.directory, text)
}
