import type { Backoff, RestartPolicy } from '../../core/model.ts'
import { backoffDefault, restartsMaxLimit } from './defaults.ts'
import type { Extras } from './extras.ts'
import { restartPolicyMap } from './keys.ts'
import { checkJobRestart, type JobSettings } from './schedule.ts'
import {
  type Context,
  error,
  readChoice,
  readDuration,
  readInteger,
  readKeys,
  readText,
  type Setting,
} from './values.ts'

type Rule = Pick<RestartPolicy, 'when' | 'budget'> & {
  readonly stableMs: number | null
  readonly backoff: Backoff | null
}

export interface RestartSettings {
  readonly restart: Setting | null
  readonly policy: Setting | null
  readonly extras: Extras
  readonly job: JobSettings
}

/** Merges `restart`, `deploy.restart_policy` (which wins, as in Compose) and what x-holdfast adds. */
export function decodeRestart(context: Context, { restart, policy, extras, job }: RestartSettings): RestartPolicy {
  const simple = restart === null ? null : decodeSimple(context, restart)
  const rule = policy === null ? simple : decodePolicy(context, policy)
  if (rule !== null) checkJobRestart(context, job, rule, policy ?? restart)
  return {
    when: rule?.when ?? whenDefault(job),
    successExits: extras.successExits ?? [0],
    stableMs: extras.stableMs ?? rule?.stableMs ?? 10_000,
    early: extras.early ?? 'by-policy',
    backoff: extras.backoff ?? rule?.backoff ?? backoffDefault,
    budget: extras.budget ?? rule?.budget ?? null,
  }
}

/**
 * The same of a container, with Compose's own default: the engine starts it again, so that what only Holdfast can do is not
 * there.
 */
export function decodeContainerRestart(
  context: Context,
  { restart, policy, extras }: Omit<RestartSettings, 'job'>,
): RestartPolicy {
  const simple = restart === null ? null : decodeSimple(context, restart)
  const rule = policy === null ? simple : decodePolicy(context, policy)
  if (policy !== null && rule !== null && rule.budget !== null && rule.when !== 'on-failure')
    error(context, policy, 'the engine counts attempts after failures only', 'write condition: on-failure')
  return {
    when: rule?.when ?? 'no',
    successExits: [0],
    stableMs: extras.stableMs ?? rule?.stableMs ?? 10_000,
    early: 'by-policy',
    backoff: backoffDefault,
    budget: rule?.when === 'on-failure' ? rule.budget : null,
  }
}

// Holdfast is there to keep things running, so a process that says nothing about it is kept running; a job ends.
export function whenDefault({ schedule, once }: Pick<JobSettings, 'schedule' | 'once'>): RestartPolicy['when'] {
  return schedule === null && once === null ? 'always' : 'no'
}

const forms = 'write no, always, unless-stopped, on-failure or on-failure:5'

function decodeSimple(context: Context, setting: Setting): Rule | null {
  // Elsewhere YAML reads an unquoted no as false.
  const text = setting.node.kind === 'scalar' && setting.node.value === false ? 'no' : readText(context, setting)
  if (text === null) return null
  const rest = { stableMs: null, backoff: null }
  if (text === 'no' || text === 'always' || text === 'unless-stopped') return { when: text, budget: null, ...rest }
  const match = /^on-failure(?::(\d{1,6}))?$/.exec(text)
  if (match === null) return error(context, setting, `'${text}' is not a restart policy`, forms)
  const budget = match[1] === undefined ? null : { restartsMax: Number(match[1]), windowMs: null }
  return { when: 'on-failure', budget, ...rest }
}

function decodePolicy(context: Context, setting: Setting): Rule | null {
  const keys = readKeys(context, setting, restartPolicyMap)
  if (keys === null) return null
  const read = <T>(key: keyof typeof restartPolicyMap.keys, reader: (one: Setting) => T | null): T | null => {
    const one = keys.get(key)
    return one === null ? null : reader(one)
  }
  const condition = read('condition', (one) => readChoice(context, one, ['any', 'on-failure', 'none'])) ?? 'any'
  const delayMs = read('delay', (one) => readDuration(context, one))
  const attempts = read('max_attempts', (one) => readInteger(context, one, { min: 0, max: restartsMaxLimit }))
  return {
    when: condition === 'any' ? 'always' : condition === 'none' ? 'no' : 'on-failure',
    budget: attempts === null ? null : { restartsMax: attempts, windowMs: null },
    stableMs: read('window', (one) => readDuration(context, one)),
    backoff:
      delayMs === null
        ? null
        : { ...backoffDefault, firstMs: delayMs, factor: 1, maxMs: delayMs, jitter: 0, freeRestarts: 0 },
  }
}
