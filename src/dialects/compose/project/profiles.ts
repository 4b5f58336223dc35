import type { Lookup } from '../../../formats/interpolation.ts'
import { type Context, optional, readItemOrItems, readText, report, type Setting } from '../values.ts'

/** Which profiles are active: `COMPOSE_PROFILES`, with commas between them. */
export function activeProfiles(lookup: Lookup): ReadonlySet<string> {
  const names = (lookup('COMPOSE_PROFILES') ?? '').split(',').map((name) => name.trim())
  return new Set(names.filter((name) => name !== ''))
}

/** The profiles of a service. */
export function decodeProfiles(context: Context, setting: Setting | null): readonly string[] {
  const items = optional(setting, (one) => readItemOrItems(context, one, 'write a list of profiles')) ?? []
  return items.flatMap((item) => {
    const name = readText(context, item)
    if (name === null || /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return name === null ? [] : [name]
    const message = `'${name}' cannot be the name of a profile`
    report(context, item.node, item.path, message, 'use letters, digits, ., - and _')
    return []
  })
}

export function isActive(profiles: readonly string[], active: ReadonlySet<string>): boolean {
  return profiles.length === 0 || active.has('*') || profiles.some((name) => active.has(name))
}
