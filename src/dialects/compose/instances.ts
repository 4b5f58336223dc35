import { isDeepStrictEqual } from 'node:util'
import { unitsMax } from '../../core/limits.ts'
import type { Instance, ProcessSpec } from '../../core/model.ts'
import { readCommand } from './command.ts'
import { decodeEnvironment } from './environment.ts'
import type { Extras } from './extras.ts'
import { instanceMap } from './keys-extras.ts'
import { decodeLogs } from './logs.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readEither,
  readInteger,
  readItems,
  readKeys,
  readPath,
  readText,
  type Setting,
} from './values.ts'

export interface InstanceSettings {
  readonly keys: Keys
  readonly deploy: Keys | null
  readonly extras: Extras
  /** What they have in common. */
  readonly process: ProcessSpec
}

/** The units of a service: so many (`scale`, `deploy.replicas`), or one by one (`x-holdfast.instances`). */
export function decodeInstances(context: Context, settings: InstanceSettings): readonly Instance[] {
  const { keys, deploy, extras, process } = settings
  const [scale, replicas] = [keys.get('scale'), deploy?.get('replicas') ?? null]
  const said = extras.keys.get('instances')
  if (said === null) return decodeScale(context, keys, deploy)
  const other = scale ?? replicas
  if (other !== null)
    error(context, other, 'x-holdfast.instances says already how many there are', 'write only one of the two')
  return readInstances(context, said, process)
}

/** So many, numbered from 1. */
export function decodeScale(context: Context, keys: Keys, deploy: Keys | null): readonly Instance[] {
  const count = readEither(context, keys, [keys.get('scale'), deploy?.get('replicas') ?? null], (one) =>
    readInteger(context, one, { min: 0, max: unitsMax }),
  )
  return Array.from({ length: count ?? 1 }, (_, index) => ({ n: index + 1 }))
}

function readInstances(context: Context, setting: Setting, process: ProcessSpec): readonly Instance[] {
  const items = readItems(context, setting, 'write a list: [{n: 1}, {n: 2}]') ?? []
  if (items.length > unitsMax) {
    error(context, setting, `there are more than ${unitsMax} instances`, 'split the file between daemons')
    return []
  }
  const instances = new Map<number, Instance>()
  for (const item of items) {
    const instance = readInstance(context, item, process)
    if (instance === null) continue
    if (instances.has(instance.n))
      error(context, item, `there is an instance ${instance.n} already`, 'give each a number of its own')
    instances.set(instance.n, instance)
  }
  return [...instances.values()]
}

function readInstance(context: Context, setting: Setting, process: ProcessSpec): Instance | null {
  const keys = readKeys(context, setting, instanceMap)
  if (keys === null) return null
  const numberSetting = keys.get('n')
  if (numberSetting === null) return error(context, setting, 'the instance has no number', "write 'n: 1'")
  const n = readInteger(context, numberSetting, { min: 0, max: 1_000_000_000 })
  const processName = optional(keys.get('name'), (one) => readText(context, one))
  const own = readOwn(context, keys, process)
  if (n === null) return null
  return { n, ...(own === null ? {} : { process: own }), ...(processName === null ? {} : { processName }) }
}

function readOwn(
  context: Context,
  keys: Keys<keyof typeof instanceMap.keys>,
  process: ProcessSpec,
): Partial<ProcessSpec> | null {
  const command = optional(keys.get('command'), (one) => readCommand(context, one))
  const workingDir = optional(keys.get('working_dir'), (one) => readPath(context, one))
  const environment = optional(keys.get('environment'), (one) => decodeEnvironment(context, one))
  const logs = optional(keys.get('logs'), (one) => decodeLogs(context, one, process))
  const said: Partial<ProcessSpec> = {
    ...(command === null ? {} : { command }),
    ...(workingDir === null ? {} : { workingDir }),
    ...(environment === null ? {} : { environment: { ...process.environment, ...environment } }),
    ...(logs === null ? {} : logs),
  }
  const own = Object.entries(said).filter(
    ([key, value]) => !isDeepStrictEqual(value, process[key as keyof ProcessSpec]),
  )
  return own.length === 0 ? null : Object.fromEntries(own)
}
