import type { UnitItem } from '../../wire/api.ts'
import type { Command } from './model.ts'
import { nameOf } from './selection.ts'

/** `restart shop/web`, `signal HUP shop/web`. */
export function commandText(command: Command, units: readonly UnitItem[]): string {
  const what = command.kind === 'signal' ? `signal ${command.signal}` : command.kind
  return `${what} ${nameOf(units, command.unit)}`
}
