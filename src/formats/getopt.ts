/** What one option is: both its names, and whether it has a value. */
export interface OptionForm {
  /** '' where there is only a long name. */
  readonly short: string
  /** '' where there is only a letter. */
  readonly long: string
  readonly hasValue: boolean
}

export type ReadOptions =
  | {
      readonly kind: 'read'
      readonly options: readonly ReadOption[]
      readonly operands: readonly string[]
    }
  | { readonly kind: 'wrong'; readonly message: string }

export interface ReadOption {
  readonly form: OptionForm
  /** As written, a long name in full: `-c`, `--configuration`. */
  readonly shown: string
  readonly value: string
}

/**
 * Reads options up to the first word that is none, as Python's getopt does: letters together, a long name as short as it is
 * clear. The messages are those of Python.
 */
export function readOptions(words: readonly string[], forms: readonly OptionForm[]): ReadOptions {
  const options: ReadOption[] = []
  let at = 0
  while (at < words.length && words[at]!.startsWith('-') && words[at] !== '-') {
    const word = words[at++]!
    if (word === '--') break
    const isLong = word.startsWith('--')
    const read = isLong ? readLong(word.slice(2), words[at], forms) : readLetters(word.slice(1), words[at], forms)
    if (typeof read === 'string') return { kind: 'wrong', message: read }
    options.push(...read.options)
    if (read.takesNext) at++
  }
  return { kind: 'read', options, operands: words.slice(at) }
}

interface ReadWord {
  readonly options: readonly ReadOption[]
  readonly takesNext: boolean
}

function readLong(text: string, next: string | undefined, forms: readonly OptionForm[]): ReadWord | string {
  const equals = text.indexOf('=')
  const name = equals === -1 ? text : text.slice(0, equals)
  const value = equals === -1 ? null : text.slice(equals + 1)
  const possible = forms.filter((each) => each.long !== '' && each.long.startsWith(name))
  const form = possible.find((each) => each.long === name) ?? possible[0]
  if (form === undefined) return `option --${name} not recognized`
  if (form.long !== name && possible.length > 1) return `option --${name} not a unique prefix`
  const shown = `--${form.long}`
  if (!form.hasValue) {
    if (value !== null) return `option ${shown} must not have an argument`
    return { options: [{ form, shown, value: '' }], takesNext: false }
  }
  if (value === null && next === undefined) return `option ${shown} requires argument`
  return { options: [{ form, shown, value: value ?? next! }], takesNext: value === null }
}

function readLetters(letters: string, next: string | undefined, forms: readonly OptionForm[]): ReadWord | string {
  const options: ReadOption[] = []
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!
    const form = forms.find((each) => each.short === letter)
    if (form === undefined) return `option -${letter} not recognized`
    if (!form.hasValue) {
      options.push({ form, shown: `-${letter}`, value: '' })
      continue
    }
    const rest = letters.slice(at + 1)
    if (rest === '' && next === undefined) return `option -${letter} requires argument`
    options.push({ form, shown: `-${letter}`, value: rest === '' ? next! : rest })
    return { options, takesNext: rest === '' }
  }
  return { options, takesNext: false }
}
