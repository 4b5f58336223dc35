import { type EnvironmentRules, parseEnvironmentPairs } from '../../formats/environment-pairs.ts'
import { entryOf, expand, failEntry, type Section, warn } from './section.ts'

/** Reads an `environment` option; the names it may use are those of the section given. */
export function decodeEnvironment(section: Section, rules: EnvironmentRules): Readonly<Record<string, string>> | null {
  const entry = entryOf(section, 'environment')
  if (entry === null) return {}
  const text = expand(section, entry, entry.value, 'environment')
  if (text === null) return null
  const pairs = parseEnvironmentPairs(text, rules)
  if (pairs.kind === 'error') {
    const hint = 'write NAME="value",OTHER="value" with each value in double quotes'
    return failEntry(section, entry, pairs.message, hint)
  }
  for (const name of pairs.cut) {
    const message = `the value of ${name} ends at the first character that is not a letter, a digit or one of _/.+-():`
    warn(section, entry, 'environment', message, `supervisord cuts it as well: put it in double quotes`)
  }
  return pairs.values
}
