import type { Backoff, RestartPolicy, Service, StopRung } from '../../core/model.ts'
import { backoffDefault, restartsMaxLimit } from './defaults.ts'
import { backoffMap, budgetMap, extraMap, rungMap } from './keys-extras.ts'
import { decodeLogs, type Logs, logsDefault } from './logs.ts'
import {
  type Context,
  error,
  type Keys,
  noKeys,
  optional,
  readBoolean,
  readChoice,
  readDuration,
  readInteger,
  readItems,
  readKeys,
  readNumber,
  readOctal,
  readSignal,
  type Setting,
} from './values.ts'

/** What `x-holdfast` of a service says beyond the Compose format; null: not said. */
export interface Extras {
  readonly successExits: readonly number[] | null
  readonly backoff: Backoff | null
  readonly stableMs: number | null
  readonly budget: RestartPolicy['budget']
  readonly stop: readonly StopRung[] | null
  readonly early: RestartPolicy['early'] | null
  readonly manualStop: Service['manualStop'] | null
  readonly umask: number | null
  readonly cgroup: boolean | null
  readonly inheritEnvironment: boolean | null
  readonly inheritDirectory: boolean | null
  readonly priority: number | null
  readonly logs: Logs
  /** For those that are read together with others. */
  readonly keys: Keys<keyof typeof extraMap.keys>
}

export function decodeExtras(context: Context, service: Keys): Extras {
  const setting = service.get('x-holdfast')
  const keys = optional(setting, (one) => readKeys(context, one, extraMap)) ?? noKeys(setting ?? service)
  const read = <T>(
    key: keyof typeof extraMap.keys,
    reader: (context: Context, setting: Setting) => T | null,
  ): T | null => optional(keys.get(key), (one) => reader(context, one))
  const integer = (min: number, max: number) => (_: Context, one: Setting) => readInteger(context, one, { min, max })
  return {
    successExits: read('success_exit_codes', decodeExitCodes),
    backoff: read('backoff', decodeBackoff),
    stableMs: read('stable_after', readDuration),
    budget: read('restart_budget', decodeBudget),
    stop: read('stop', decodeLadder),
    early: read('early_exits', (_, one) => readChoice(context, one, ['by-policy', 'always'])),
    manualStop: read('manual_stop', (_, one) => readChoice(context, one, ['until-started', 'until-daemon-restart'])),
    umask: read('umask', (_, one) => readOctal(context, one, umaskForm)),
    cgroup: read('cgroup', readBoolean),
    inheritEnvironment: read('inherit_environment', readBoolean),
    inheritDirectory: read('inherit_directory', readBoolean),
    priority: read('priority', integer(-1_000_000, 1_000_000)),
    logs: read('logs', (_, one) => decodeLogs(context, one)) ?? logsDefault,
    keys,
  }
}

const umaskForm = { max: 0o777, what: 'an octal mask', hint: "write it as in a shell: '022'" }

function decodeExitCodes(context: Context, setting: Setting): readonly number[] | null {
  const items = readItems(context, setting, 'write a list of numbers: [0, 143]')
  const codes = items?.map((item) => readInteger(context, item, { min: 0, max: 255 })) ?? []
  return items === null ? null : codes.filter((code) => code !== null)
}

function decodeBackoff(context: Context, setting: Setting): Backoff | null {
  const keys = readKeys(context, setting, backoffMap)
  if (keys === null) return null
  const [initial, factor, max, jitter] = [keys.get('initial'), keys.get('factor'), keys.get('max'), keys.get('jitter')]
  const firstMs = (initial && readDuration(context, initial)) ?? backoffDefault.firstMs
  const maxMs = (max && readDuration(context, max)) ?? Math.max(backoffDefault.maxMs, firstMs)
  if (max !== null && maxMs < firstMs) {
    return error(context, max, 'the longest delay is shorter than the first', 'make max at least as long as initial')
  }
  const shape = optional(keys.get('shape'), (one) => readChoice(context, one, ['exponential', 'linear'] as const))
  if (shape === 'linear' && factor !== null)
    return error(context, factor, 'linear pauses have no factor: each is longer by the first', 'remove one of the two')
  const free = optional(keys.get('free_restarts'), (one) => readInteger(context, one, { min: 0, max: 1_000 }))
  return {
    shape: shape ?? backoffDefault.shape,
    firstMs,
    factor:
      shape === 'linear' ? 1 : ((factor && readNumber(context, factor, { min: 1, max: 100 })) ?? backoffDefault.factor),
    maxMs,
    jitter: (jitter && readNumber(context, jitter, { min: 0, max: 1 })) ?? backoffDefault.jitter,
    freeRestarts: free ?? backoffDefault.freeRestarts,
  }
}

/** The core keeps one time per restart of the window. */
const windowRestartsMax = 1_000

function decodeBudget(context: Context, setting: Setting): RestartPolicy['budget'] {
  const keys = readKeys(context, setting, budgetMap)
  if (keys === null) return null
  const [max, within] = [keys.get('max'), keys.get('within')]
  if (max === null)
    return error(
      context,
      setting,
      'the budget says no number of restarts',
      "write 'max: 5', and 'within: 10m' to count only recent ones",
    )
  const restartsMax = readInteger(context, max, { min: 0, max: within === null ? restartsMaxLimit : windowRestartsMax })
  const windowMs = within === null ? null : readDuration(context, within)
  if (restartsMax === null || (within !== null && windowMs === null)) return null
  return { restartsMax, windowMs }
}

function decodeLadder(context: Context, setting: Setting): readonly StopRung[] | null {
  const items = readItems(
    context,
    setting,
    'write a list of steps: [{signal: TERM, wait: 10s}, {signal: KILL, scope: tree}]',
  )
  if (items === null) return null
  const rungs = items.map((item) => decodeRung(context, item))
  if (rungs.length === 0 || rungs.length > 32)
    return error(context, setting, 'a stop ladder has 1 to 32 steps', 'leave the key out for the usual one')
  return rungs.every((rung) => rung !== null) ? rungs : null
}

function decodeRung(context: Context, setting: Setting): StopRung | null {
  const keys = readKeys(context, setting, rungMap)
  if (keys === null) return null
  const [signal, scope, wait] = [keys.get('signal'), keys.get('scope'), keys.get('wait')]
  if (signal === null) return error(context, setting, 'this step of the ladder has no signal', "write 'signal: TERM'")
  const name = readSignal(context, signal)
  if (name === null) return null
  return {
    signal: name,
    scope: (scope && readChoice(context, scope, ['main', 'group', 'tree'])) ?? 'main',
    waitMs: (wait && readDuration(context, wait)) ?? 10_000,
  }
}
