import type { Ulimit } from '../../core/model.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { ulimitMap, ulimitNames } from './keys-limits.ts'
import { type Context, child, error, readKeys, readText, report, type Setting } from './values.ts'

export function decodeUlimits(context: Context, setting: Setting): Readonly<Record<string, Ulimit>> | null {
  if (setting.node.kind !== 'map')
    return error(context, setting, 'a map of limits is expected here', "write 'nofile: 65536' lines below it")
  const ulimits = new Map<string, Ulimit>()
  for (const entry of setting.node.entries.values()) {
    const one = child(setting, entry)
    if (!ulimitNames.includes(entry.key)) {
      const hint = didYouMean(entry.key, ulimitNames, `the limits are ${ulimitNames.join(', ')}`)
      report(context, entry, one.path, `'${entry.key}' is not a limit of Linux`, hint)
      continue
    }
    const ulimit = decodeUlimit(context, one)
    if (ulimit !== null) ulimits.set(entry.key, ulimit)
  }
  return Object.fromEntries(ulimits)
}

function decodeUlimit(context: Context, setting: Setting): Ulimit | null {
  if (setting.node.kind !== 'map') {
    const both = readLimit(context, setting)
    return both === undefined ? null : { soft: both, hard: both }
  }
  const keys = readKeys(context, setting, ulimitMap)
  if (keys === null) return null
  const [softSetting, hardSetting] = [keys.get('soft'), keys.get('hard')]
  if (softSetting === null || hardSetting === null)
    return error(context, setting, 'a soft and a hard limit belong together', 'write both, or one number for both')
  const [soft, hard] = [readLimit(context, softSetting), readLimit(context, hardSetting)]
  if (soft === undefined || hard === undefined) return null
  if (hard === null || (soft !== null && soft <= hard)) return { soft, hard }
  return error(context, softSetting, 'the soft limit is above the hard one', 'make it at most the hard limit')
}

/** null: unlimited. undefined: it could not be read. */
function readLimit(context: Context, setting: Setting): number | null | undefined {
  const text = readText(context, setting)
  if (text === null) return undefined
  if (text === '-1' || text === 'unlimited') return null
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(limit)) return limit
  error(context, setting, `'${text}' is not a limit`, 'write a whole number, or unlimited')
  return undefined
}
