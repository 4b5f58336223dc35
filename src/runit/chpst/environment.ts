import type { ByteText } from '../../sys/byte-text.ts'
import type { Setting } from './variables.ts'

/** The value of a variable in `NAME=value` strings; null: it is not set. */
export function variable(environment: readonly ByteText[], name: ByteText): ByteText | null {
  const prefix = `${name}=`
  return environment.find((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? null
}

/**
 * Changes variables in `NAME=value` strings as runit does, order included: what is replaced leaves its place to the last
 * one. A name with `=` in it sets the variable up to there.
 */
export function withSettings(environment: readonly ByteText[], settings: readonly Setting[]): readonly ByteText[] {
  const changed = [...environment]
  for (const { name, value } of settings) {
    const [prefix = ''] = name.split('=', 1)
    const at = changed.findIndex((entry) => entry.startsWith(`${prefix}=`))
    if (at >= 0) {
      const last = changed.pop()!
      if (at < changed.length) changed[at] = last
    }
    if (value !== null) changed.push(`${name}=${value}`)
  }
  return changed
}
