import { type Finding, isSame } from './compare-difference.ts'
import { askedLabel } from './marks.ts'
import type { EngineContainer } from './model.ts'

/** What a container of ours was asked for in words that the engine may drop or fill in, by the paths of findings. */
export type Asked = Readonly<Record<string, unknown>>

const nothing: Asked = {}

/** Empty for a container of somebody else's, or where nothing of that kind was asked for. */
export function askedOf({ settings: { labels } }: EngineContainer): Asked {
  const text = Object.hasOwn(labels, askedLabel) ? labels[askedLabel]! : ''
  try {
    const asked: unknown = JSON.parse(text)
    return typeof asked === 'object' && asked !== null ? (asked as Asked) : nothing
  } catch {
    // It is a label that anybody may have written, or there is none.
    return nothing
  }
}

/** Of `ulimits.nofile` also what stands under `ulimits`. undefined: it was not asked for. */
export function askedAt(asked: Asked, field: string): unknown {
  if (Object.hasOwn(asked, field)) return asked[field]
  const dot = field.indexOf('.')
  const group = dot === -1 ? undefined : asked[field.slice(0, dot)]
  const key = field.slice(dot + 1)
  if (typeof group !== 'object' || group === null || !Object.hasOwn(group, key)) return undefined
  return (group as Asked)[key]
}

/** The engine was asked for just that and has nothing of it: to make the container once more would change nothing. */
export function isDropped(asked: Asked, { field, is, shouldBe }: Finding): boolean {
  return isNothing(is) && isSame(askedAt(asked, field), shouldBe)
}

function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === null || value === false
}
