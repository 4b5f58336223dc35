import type { Dependency } from '../../core/model.ts'
import type { Position } from '../../formats/format-error.ts'
import type { YamlEntry } from '../../formats/yaml.ts'
import { dependencyMap } from './keys.ts'
import {
  type Context,
  child,
  optional,
  readBoolean,
  readChoice,
  readItems,
  readKeys,
  readText,
  report,
  type Setting,
} from './values.ts'

const conditions = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const

const conditionNames = ['service_started', 'service_healthy', 'service_completed_successfully'] as const

export function decodeDependencies(context: Context, setting: Setting): readonly Dependency[] | null {
  if (setting.node.kind === 'map') {
    const entries = [...setting.node.entries.values()]
    return entries.map((entry) => decodeDependency(context, entry, child(setting, entry))).filter((one) => one !== null)
  }
  const items = readItems(context, setting, 'write a list of services, or a map with a condition for each')
  const names = new Map<string, Needed>()
  for (const item of items ?? []) {
    const name = readText(context, item)
    const needed = name === null ? null : readNeeded(context, item.node, item.path, name)
    if (name !== null && needed !== null) names.set(name, needed)
  }
  return [...names.values()].map((needed) => ({ ...needed, condition: 'started', required: true, restart: false }))
}

type Needed = Pick<Dependency, 'app' | 'service'>

/** `service` beside it, or `app/service`. */
function readNeeded(context: Context, at: Position, path: string, text: string): Needed | null {
  const parts = text.split('/')
  const [first = '', service] = parts
  if (service === undefined) return { service: first }
  if (parts.length === 2 && first !== '' && service !== '') return { service, app: first }
  return report(
    context,
    at,
    path,
    `'${text}' is not a service`,
    "write 'service', or 'app/service' for one of another app",
  )
}

function decodeDependency(context: Context, entry: YamlEntry, setting: Setting): Dependency | null {
  const keys = readKeys(context, setting, dependencyMap)
  if (keys === null) return null
  const conditionSetting = keys.get('condition')
  if (conditionSetting === null) {
    return report(
      context,
      entry,
      `${setting.path}.condition`,
      'the dependency has no condition',
      `write 'condition: service_started', service_healthy or service_completed_successfully`,
    )
  }
  const condition = readChoice(context, conditionSetting, conditionNames)
  if (condition === null) return null
  const needed = readNeeded(context, entry, setting.path, entry.key)
  if (needed === null) return null
  return {
    ...needed,
    condition: conditions[condition],
    required: optional(keys.get('required'), (one) => readBoolean(context, one)) ?? true,
    restart: optional(keys.get('restart'), (one) => readBoolean(context, one)) ?? false,
  }
}
