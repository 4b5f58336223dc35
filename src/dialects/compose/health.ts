import type { Check, Checks, Probe } from '../../core/model.ts'
import { noChecks } from '../../core/target/plain.ts'
import { checkCommand, readWords } from './command.ts'
import { restartsMaxLimit } from './defaults.ts'
import { healthcheckMap, livenessMap, readinessMap } from './keys-checks.ts'
import { decodeProbe, probeKinds } from './probe.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readBoolean,
  readDuration,
  readInteger,
  readKeys,
  readPause,
  readText,
  type Setting,
} from './values.ts'

export interface CheckSettings {
  readonly healthcheck: Setting | null
  readonly readiness: Setting | null
  readonly liveness: Setting | null
  /** Whether any output of the service is kept in files, where a pattern can be looked for. */
  readonly isOutputKept: boolean
}

/** Reads `healthcheck` as a readiness check, and what x-holdfast says of either check. */
export function decodeChecks(context: Context, settings: CheckSettings): Checks {
  const { healthcheck, readiness, liveness, isOutputKept } = settings
  if (healthcheck !== null && readiness !== null) {
    error(context, readiness, 'healthcheck is a readiness check as well', 'write only one of the two')
  }
  if (healthcheck === null && readiness === null && liveness === null) return noChecks
  const own = (setting: Setting | null, map: typeof readinessMap, intervalMs: number) =>
    optional(setting, (one) => decodeCheck(context, one, { map, isOutputKept, intervalMs }))
  return {
    readiness:
      own(readiness, readinessMap, readinessIntervalMs) ??
      optional(healthcheck, (one) => decodeHealthcheck(context, one)),
    liveness: own(liveness, livenessMap, livenessIntervalMs),
  }
}

/** As Docker's. */
export const readinessIntervalMs = 30_000

/** What hangs is ended and started again: that should not wait as long. */
export const livenessIntervalMs = 10_000

// ---- Compose's own ---------------------------------------------------------------------------------------------

function decodeHealthcheck(context: Context, setting: Setting): Check | null {
  const keys = readKeys(context, setting, healthcheckMap)
  if (keys === null) return null
  const isDisabled = optional(keys.get('disable'), (one) => readBoolean(context, one)) ?? false
  const timing = decodeTiming(context, keys, readinessIntervalMs)
  const test = keys.get('test')
  if (test === null) {
    if (isDisabled) return null
    return error(context, setting, 'the check has no test', `write 'test: ["CMD", "program", "argument"]'`)
  }
  const command = test.node.kind === 'list' ? decodeTestList(context, test) : decodeTestText(context, test)
  return command === null || command === 'none' || isDisabled ? null : { probe: { kind: 'exec', command }, ...timing }
}

function decodeTestText(context: Context, setting: Setting): readonly string[] | null {
  const text = readText(context, setting)
  if (text === null) return null
  if (text === 'NONE')
    return error(context, setting, 'a text is a command for the shell', `write 'disable: true', or 'test: ["NONE"]'`)
  return shellCommand(context, setting, text)
}

function decodeTestList(context: Context, setting: Setting): readonly string[] | 'none' | null {
  const words = readWords(context, setting)
  if (words === null) return null
  const [kind, ...rest] = words
  if (kind === 'CMD') return checkCommand(context, setting, rest)
  if (kind === 'NONE' && rest.length === 0) return 'none'
  if (kind === 'CMD-SHELL' && rest.length === 1) return shellCommand(context, setting, rest[0]!)
  if (kind === 'NONE') return error(context, setting, 'NONE means no check', 'write ["NONE"], or remove the word NONE')
  if (kind === 'CMD-SHELL')
    return error(context, setting, 'CMD-SHELL takes one text', 'put the whole command into one pair of quotes')
  return error(
    context,
    setting,
    'a list begins with CMD, CMD-SHELL or NONE',
    'write ["CMD", "program", "argument"], or ["CMD-SHELL", "a command for the shell"]',
  )
}

function shellCommand(context: Context, setting: Setting, text: string): readonly string[] | null {
  if (text.trim() === '') return checkCommand(context, setting, [])
  return checkCommand(context, setting, ['/bin/sh', '-c', text])
}

// ---- x-holdfast ------------------------------------------------------------------------------------------------

function decodeCheck(
  context: Context,
  setting: Setting,
  options: { readonly map: typeof readinessMap; readonly isOutputKept: boolean; readonly intervalMs: number },
): Check | null {
  const keys = readKeys(context, setting, options.map)
  if (keys === null) return null
  const timing = decodeTiming(context, keys, options.intervalMs)
  const probe = decodeOneProbe(context, setting, keys)
  if (probe === null) return null
  if (probe.kind === 'log' && !options.isOutputKept) {
    return error(
      context,
      keys.get('log')!,
      'the output of this service is kept in no file, so nothing can be found in it',
      "remove 'none' or the device below logs, or check in another way",
    )
  }
  return { probe, ...timing }
}

function decodeOneProbe(context: Context, setting: Setting, keys: Keys<(typeof probeKinds)[number]>): Probe | null {
  const said = probeKinds.filter((kind) => keys.get(kind) !== null)
  const [kind, second] = said
  const probe = kind === undefined ? null : decodeProbe(context, kind, keys.get(kind)!)
  if (second !== undefined)
    return error(context, keys.get(second)!, `${kind} says already how to check`, 'write only one of the two')
  if (kind !== undefined) return probe
  // What this kind of service cannot do was told.
  if (probeKinds.some((one) => keys.node.entries.has(one))) return null
  const kinds = probeKinds.filter((one) => context.kind !== 'container' || readinessMap.keys[one].of !== 'process')
  return error(context, setting, 'the check says no way to check', `write one of ${kinds.join(', ')}`)
}

type TimingKey = 'interval' | 'timeout' | 'retries' | 'start_period' | 'start_interval'

function decodeTiming(context: Context, keys: Keys<TimingKey>, intervalMs: number): Omit<Check, 'probe'> {
  const pause = (key: TimingKey) => optional(keys.get(key), (one) => readPause(context, one))
  const retries = optional(keys.get('retries'), (one) => readInteger(context, one, { min: 1, max: restartsMaxLimit }))
  return {
    intervalMs: pause('interval') ?? intervalMs,
    timeoutMs: pause('timeout') ?? 30_000,
    retries: retries ?? 3,
    startPeriodMs: optional(keys.get('start_period'), (one) => readDuration(context, one)) ?? 0,
    startIntervalMs: pause('start_interval') ?? 1_000,
  }
}
