import type { StateApp } from './state.ts'

/** What apps are called here: by their name, made safe for names of files and units; where two share one, with the uuid behind it. */
export function appNames(apps: readonly Pick<StateApp, 'name' | 'uuid'>[]): ReadonlyMap<string, string> {
  const named = apps.map(({ name, uuid }) => ({ uuid, name: safeName(name, uuid) }))
  const counts = new Map<string, number>()
  for (const { name } of named) counts.set(name, (counts.get(name) ?? 0) + 1)
  const taken = new Set<string>()
  return new Map(
    named.map(({ name, uuid }) => {
      const own = counts.get(name) === 1 ? name : `${name.slice(0, charsMax - 9)}-${uuid.slice(0, 8)}`
      // Uuids that begin alike are told apart by all of them.
      const free = taken.has(own) ? safeName(`${name.slice(0, 40)}-${uuid}`, uuid) : own
      taken.add(free)
      return [uuid, free]
    }),
  )
}

/** As core/target/validate.ts has it. */
const charsMax = 128

function safeName(name: string, uuid: string): string {
  const safe = name
    .replace(/[/\p{Cc}\p{Zl}\p{Zp}]+/gu, '-')
    .trim()
    .slice(0, charsMax)
  const isReserved = safe === '' || safe === '.' || safe === '..' || safe === '__proto__'
  return isReserved ? uuid.slice(0, charsMax) : safe
}
