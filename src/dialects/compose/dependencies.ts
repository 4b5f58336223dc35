import type { Dependency } from '../../core/model.ts'
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
  const names = new Set<string>()
  for (const item of items ?? []) {
    const name = readText(context, item)
    if (name !== null) names.add(name)
  }
  return [...names].map((service) => ({ service, condition: 'started', required: true, restart: false }))
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
  return {
    service: entry.key,
    condition: conditions[condition],
    required: optional(keys.get('required'), (one) => readBoolean(context, one)) ?? true,
    restart: optional(keys.get('restart'), (one) => readBoolean(context, one)) ?? false,
  }
}
