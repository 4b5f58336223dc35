import type { LogSpec, OutputHandling, ProcessSpec } from '../../core/model.ts'
import { decodeHandling, type HandlingKey, noHandling, withHandling } from './handling.ts'
import { logsMap, streamMap } from './keys-streams.ts'
import {
  absolutePath,
  type Context,
  directoryAt,
  type Keys,
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

/** `usual` is what holds for what is not written. */
export function decodeLogs(context: Context, setting: Setting, usual: Logs = logsDefault): Logs | null {
  const keys = readKeys(context, setting, logsMap)
  if (keys === null) return null
  const said = decodeSettings(context, keys)
  const stdout = applied(usual.stdout, said)
  const own = applied(usual.stderr === 'stdout' ? { ...usual.stdout, path: null } : usual.stderr, said)
  return {
    stdout: optional(keys.get('stdout'), (one) => decodeStream(context, one, stdout)) ?? stdout,
    stderr:
      optional(keys.get('stderr'), (one) => decodeStderr(context, one, own)) ??
      (usual.stderr === 'stdout' ? usual.stderr : own),
  }
}

function decodeStderr(context: Context, setting: Setting, usual: LogSpec): LogSpec | 'stdout' | null {
  if (setting.node.kind === 'map') return decodeStream(context, setting, usual)
  const text = readText(context, setting)
  if (text === null) return null
  return text === 'stdout' ? text : { ...usual, path: logPath(context, setting, text) }
}

function decodeStream(context: Context, setting: Setting, usual: LogSpec): LogSpec | null {
  if (setting.node.kind !== 'map') {
    const path = readText(context, setting)
    return path === null ? null : { ...usual, path: logPath(context, setting, path) }
  }
  const keys = readKeys(context, setting, streamMap)
  if (keys === null) return null
  const path = optional(keys.get('path'), (one) => readText(context, one))
  return {
    ...applied(usual, decodeSettings(context, keys)),
    path: path === null ? usual.path : logPath(context, setting, path),
  }
}

type LimitKey = 'max_size' | 'max_files' | 'max_age' | 'compress'

interface Said {
  readonly limits: Partial<LogSpec>
  readonly handling: Partial<OutputHandling>
}

function decodeSettings(context: Context, keys: Keys<LimitKey | HandlingKey>): Said {
  return { limits: decodeLimits(context, keys), handling: decodeHandling(context, keys) }
}

function applied(usual: LogSpec, { limits, handling }: Said): LogSpec {
  return withHandling({ ...usual, ...limits }, { ...(usual.handling ?? noHandling), ...handling })
}

function decodeLimits(context: Context, keys: Keys<LimitKey>): Partial<LogSpec> {
  // Docker counts the file being written as well.
  const filesMax = optional(keys.get('max_files'), (one) => readInteger(context, one, { min: 1, max: 1_000 }))
  const limits = {
    bytesMax: optional(keys.get('max_size'), (one) => readByteSize(context, one)),
    backupsMax: filesMax === null ? null : filesMax - 1,
    ageMaxMs: optional(keys.get('max_age'), (one) => readDuration(context, one, 'with-days')),
    compress: optional(keys.get('compress'), (one) => readBoolean(context, one)),
  }
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null))
}

/** Whether any output is in files, where it can be read again: devices are written to only. */
export function isKept({ stdout, stderr }: Logs): boolean {
  const isFile = ({ path }: LogSpec) => path === null || (path !== 'none' && !path.startsWith('/dev/'))
  return isFile(stdout) || (stderr !== 'stdout' && isFile(stderr))
}

function logPath(context: Context, { node }: Setting, text: string): string | null {
  if (text === 'none') return 'none'
  return text === 'own' || text === '' ? null : absolutePath(directoryAt(context, node), text)
}
