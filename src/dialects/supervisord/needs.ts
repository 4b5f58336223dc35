import type { App, Dependency } from '../../core/model.ts'
import { didYouMean } from '../../formats/suggest.ts'
import type { Need } from './extensions.ts'
import type { DecodedGroup } from './groups.ts'
import { fail } from './section.ts'

/** The apps, with what their programs wait for: all are known now. */
export function resolveNeeds(groups: readonly DecodedGroup[]): readonly App[] {
  const apps = groups.map(({ app }) => app)
  return groups.map(({ app, programs }) => {
    if (programs.every(({ needs }) => needs.length === 0)) return app
    const services = programs.map(({ service, needs }) => {
      const dependsOn = needs.map((need) => resolveNeed(apps, app, need)).filter((one) => one !== null)
      return [service.name, { ...service, dependsOn: withoutTwins(dependsOn) }] as const
    })
    return { ...app, services: Object.fromEntries(services) }
  })
}

/** One of the same group goes before others of its name. */
function resolveNeed(apps: readonly App[], own: App, need: Need): Dependency | null {
  const colon = need.name.indexOf(':')
  const service = need.name.slice(colon + 1)
  const group = colon === -1 ? null : need.name.slice(0, colon)
  const candidates = [own, ...apps].filter(({ name }) => group === null || name === group)
  const found = candidates.find(({ services }) => Object.hasOwn(services, service))
  if (found !== undefined) {
    const app = found.name === own.name ? {} : { app: found.name }
    return { service, ...app, condition: need.condition, required: true, restart: false }
  }
  const names = apps.flatMap(({ services }) => Object.keys(services))
  const hint = didYouMean(service, names, 'check the name, or that the file of the program is read')
  return fail(need.section, need.at, need.at.key, `${need.at.key} names unknown program ${need.name}`, hint)
}

// The stronger condition of two for one program.
function withoutTwins(dependencies: readonly Dependency[]): readonly Dependency[] {
  const byName = new Map<string, Dependency>()
  for (const dependency of dependencies) {
    const key = JSON.stringify([dependency.app, dependency.service])
    if (byName.get(key)?.condition !== 'completed') byName.set(key, dependency)
  }
  return [...byName.values()]
}
