import { isDeepStrictEqual } from 'node:util'
import type { LogSpec, OutputHandling } from '../../core/model.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { syslogMap } from './keys-streams.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readBoolean,
  readByteSize,
  readKeys,
  readText,
  type Setting,
} from './values.ts'

/** What is done with output on its way to the log: read and printed. */

export type HandlingKey = 'strip_ansi' | 'syslog' | 'capture' | 'events'

export const noHandling: OutputHandling = { isAnsiStripped: false, syslog: null, captureBytesMax: 0, isTold: false }

/** Nothing that is done is not written down. */
export function withHandling({ handling: _, ...log }: LogSpec, handling: OutputHandling): LogSpec {
  return isDeepStrictEqual(handling, noHandling) ? log : { ...log, handling }
}

export function decodeHandling(context: Context, keys: Keys<HandlingKey>): Partial<OutputHandling> {
  const syslog = optional(keys.get('syslog'), (one) => decodeSyslog(context, one))
  const handling = {
    isAnsiStripped: optional(keys.get('strip_ansi'), (one) => readBoolean(context, one)),
    captureBytesMax: optional(keys.get('capture'), (one) => readByteSize(context, one)),
    isTold: optional(keys.get('events'), (one) => readBoolean(context, one)),
  }
  const said = Object.entries(handling).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(said), ...(syslog === null ? {} : { syslog: syslog.to }) }
}

interface SaidSyslog {
  /** null: it is said that there is none. */
  readonly to: OutputHandling['syslog']
}

function decodeSyslog(context: Context, setting: Setting): SaidSyslog | null {
  const { node } = setting
  if (node.kind === 'scalar' && node.value === false) return { to: null }
  if (node.kind === 'scalar' && typeof node.value !== 'string')
    return error(
      context,
      setting,
      'syslog is the name that the lines have there',
      "write it: 'syslog: web'; or 'syslog: false'",
    )
  if (node.kind !== 'map') {
    const ident = readIdent(context, setting)
    return ident === null ? null : { to: { ident, prefix: '' } }
  }
  const keys = readKeys(context, setting, syslogMap)
  if (keys === null) return null
  const named = keys.get('ident')
  if (named === null) return error(context, setting, 'the lines have no name in syslog', "write 'ident: web'")
  const ident = readIdent(context, named)
  const prefix = optional(keys.get('prefix'), (one) => readText(context, one)) ?? ''
  return ident === null ? null : { to: { ident, prefix } }
}

function readIdent(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null || /^[^\s\p{Cc}]+$/u.test(text)) return text
  return error(context, setting, `'${text}' is no name for syslog`, "write one word: 'syslog: web'")
}

/** `usual`: what need not be said; null: everything is said. */
export function printHandling(handling: OutputHandling = noHandling, usual: OutputHandling | null): YamlRecord {
  const { isAnsiStripped, syslog, captureBytesMax, isTold } = handling
  return {
    strip_ansi: isAnsiStripped === usual?.isAnsiStripped ? undefined : isAnsiStripped,
    syslog: usual !== null && isDeepStrictEqual(syslog, usual.syslog) ? undefined : printSyslog(syslog),
    capture: captureBytesMax === usual?.captureBytesMax ? undefined : printByteSize(captureBytesMax),
    events: isTold === usual?.isTold ? undefined : isTold,
  }
}

function printSyslog(syslog: OutputHandling['syslog']): YamlValue {
  if (syslog === null) return false
  const { ident, prefix } = syslog
  return prefix === '' ? ident : { ident, prefix }
}

/** What is done with both; each stream says the rest. */
export function sharedHandling(
  { handling: one = noHandling }: LogSpec,
  { handling: other = noHandling }: LogSpec,
): OutputHandling {
  return {
    isAnsiStripped: one.isAnsiStripped && other.isAnsiStripped,
    syslog: isDeepStrictEqual(one.syslog, other.syslog) ? one.syslog : null,
    captureBytesMax: one.captureBytesMax === other.captureBytesMax ? one.captureBytesMax : 0,
    isTold: one.isTold && other.isTold,
  }
}
