import type { CommandSpec, Offer, OptionSpec } from '../command.ts'
import { commonOptions } from '../parse.ts'
import { topics } from '../topics.ts'

/** What the scripts for all shells are made of. */
export interface CompletionTable {
  readonly commands: readonly CompletedCommand[]
  /** What may stand before the command as well. */
  readonly common: readonly CompletedOption[]
}

export interface CompletedCommand {
  readonly names: readonly [string, ...string[]]
  readonly what: string
  /** With those that every command takes. */
  readonly options: readonly CompletedOption[]
  /** By place; null: nothing is offered there. */
  readonly operands: readonly (CompletedValue | null)[]
  /** The last of the operands is for all that follow. */
  readonly isLastRepeated: boolean
}

export interface CompletedOption {
  /** `--output`, `-o`. */
  readonly names: readonly [string, ...string[]]
  readonly what: string
  /** null: it has none. */
  readonly value: CompletedValue | null
  /** Its value may be left out, and is never the next word. */
  readonly isInline: boolean
}

/** any: there is a value, and nothing to offer. */
export type CompletedValue =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'units' | 'labels' | 'files' | 'directories' | 'any' }

export function completionTable(commands: readonly CommandSpec[]): CompletionTable {
  const shown = commands.filter(({ isHidden }) => isHidden !== true)
  const subjects = [...shown.map(({ name }) => name), 'commands', ...topics.map(({ name }) => name)]
  const completedValue = (offer: Offer): CompletedValue => {
    if (offer.kind === 'commands') return { kind: 'words', words: subjects }
    return offer.kind === 'words' ? offer : { kind: offer.kind }
  }
  const option = (spec: OptionSpec): CompletedOption => ({
    names: [`--${spec.name}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])],
    what: spec.what,
    value: spec.value === null ? null : optionValue(spec, completedValue),
    isInline: spec.valueDefault !== undefined,
  })
  const optionsOf = (specs: readonly OptionSpec[]) => specs.filter(({ isHidden }) => isHidden !== true).map(option)
  return {
    commands: shown.map((command) => ({
      names: [command.name, ...(command.aliases ?? [])],
      what: command.summary,
      options: optionsOf([...command.options, ...commonOptions]),
      operands: (command.offers ?? []).map(completedValue),
      isLastRepeated: command.operandsMax > (command.offers ?? []).length,
    })),
    common: optionsOf(commonOptions),
  }
}

function optionValue(spec: OptionSpec, completedValue: (offer: Offer) => CompletedValue): CompletedValue {
  if (spec.choices !== undefined) return { kind: 'words', words: spec.choices }
  return spec.offer === undefined ? { kind: 'any' } : completedValue(spec.offer)
}
