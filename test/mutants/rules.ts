import { stripTypeScriptTypes } from 'node:module'
import { type Token, tokenize } from './tokens.ts'

export interface Mutant {
  readonly file: string
  readonly line: number
  readonly rule: RuleName
  readonly start: number
  readonly end: number
  readonly replacement: string
  /** The source line it changes, without its indentation: together with the change it names the mutant for ever. */
  readonly source: string
  /** `<` → `<=` */
  readonly change: string
}

export type RuleName = keyof typeof rules

interface Edit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

type Context = { readonly tokens: readonly Token[]; readonly at: number; readonly source: string }

/** Each rule makes the slips that people make; it is asked at every token that exists at run time. */
const rules = {
  /** The opposite comparison. */
  comparison: ({ tokens, at }: Context) =>
    swap(tokens[at]!, { '===': '!==', '!==': '===', '<': '>=', '>=': '<', '>': '<=', '<=': '>' }),
  /** Off by one at the border. */
  boundary: ({ tokens, at }: Context) => swap(tokens[at]!, { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }),
  logic: ({ tokens, at }: Context) => swap(tokens[at]!, { '&&': '||', '||': '&&' }),
  boolean: ({ tokens, at }: Context) => (isKey(tokens, at) ? [] : swap(tokens[at]!, { true: 'false', false: 'true' })),
  arithmetic: ({ tokens, at }: Context) =>
    swap(tokens[at]!, { '+': '-', '-': '+', '*': '/', '/': '*', '+=': '-=', '-=': '+=', '++': '--', '--': '++' }),
  number: ({ tokens, at }: Context) => {
    const token = tokens[at]!
    const value = Number(token.text.replaceAll('_', ''))
    if (token.kind !== 'number' || !Number.isInteger(value) || isKey(tokens, at)) return []
    return [value + 1, value - 1].map((other) => replace(token, other < 0 ? `(${other})` : `${other}`))
  },
  negation: ({ tokens, at }: Context) => (tokens[at]!.text === '!' ? [replace(tokens[at]!, '')] : []),
  /** A word of the model becomes no word; sentences for people are left alone. */
  word: ({ tokens, at }: Context) => {
    const token = tokens[at]!
    if (token.kind !== 'string' || !/^.[a-zA-Z0-9-]+.$/.test(token.text)) return []
    return ['from', 'import'].includes(tokens[at - 1]?.text ?? '') || isKey(tokens, at)
      ? []
      : [replace(token, "'no-word'")]
  },
  /** A branch of an `if`, an `else` or a `case` does nothing. */
  drop: ({ tokens, at, source }: Context) => {
    const body = branchAt(tokens, at)
    if (body === null) return []
    const isCase = tokens[at]!.text === 'case'
    // A case without a body goes on with the next one, as it does when the body is forgotten.
    return [
      {
        start: body.start,
        end: body.end,
        replacement: isCase || /^\s*$/.test(source.slice(body.start, body.end)) ? '' : '{}',
      },
    ]
  },
} satisfies Record<string, (context: Context) => readonly Edit[]>

export const ruleNames = Object.keys(rules) as readonly RuleName[]

/** All mutants of one file that are valid programs and differ at run time. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const atRunTime = stripTypeScriptTypes(source)
  const tokens = tokenize(source).filter((token) => atRunTime.slice(token.start, token.end) === token.text)
  const lines = source.split('\n')
  return tokens.flatMap((token, at) =>
    ruleNames.flatMap((rule) =>
      rules[rule]({ tokens, at, source }).flatMap((edit) => {
        const mutated = apply(source, edit)
        if (!isValid(mutated)) return []
        const was = source.slice(edit.start, edit.end)
        const change = `${shorten(was)} → ${shorten(edit.replacement) || 'nothing'}`
        return [{ file, line: token.line, rule, ...edit, source: lines[token.line - 1]!.trim(), change }]
      }),
    ),
  )
}

export function apply(source: string, edit: Edit): string {
  return source.slice(0, edit.start) + edit.replacement + source.slice(edit.end)
}

// ---- helpers -------------------------------------------------------------------------------------------------

function isValid(source: string): boolean {
  try {
    stripTypeScriptTypes(source)
    return true
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return false
    throw error
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 57)}…` : line
}

function swap(token: Token, pairs: Readonly<Record<string, string>>): readonly Edit[] {
  const other = Object.hasOwn(pairs, token.text) ? pairs[token.text] : undefined
  return other === undefined || token.kind === 'string' ? [] : [replace(token, other)]
}

function replace(token: Token, replacement: string): Edit {
  return { start: token.start, end: token.end, replacement }
}

/** `'a': 1` in an object, not `a ? 'b' : 'c'` nor `case 'a':`, where the value before the colon is compared. */
function isKey(tokens: readonly Token[], at: number): boolean {
  return tokens[at + 1]?.text === ':' && ['{', ','].includes(tokens[at - 1]?.text ?? '')
}

/** The statement after `if (…)` or `else`, or the statements of a case. */
function branchAt(tokens: readonly Token[], at: number): { readonly start: number; readonly end: number } | null {
  const token = tokens[at]!
  if (token.kind !== 'word' || tokens[at - 1]?.text === '.') return null
  if (token.text === 'case') return caseBody(tokens, at)
  if (token.text === 'if') return statement(tokens, closing(tokens, at + 1) + 1, token)
  if (token.text === 'else' && tokens[at + 1]?.text !== 'if') return statement(tokens, at + 1, token)
  return null
}

function caseBody(tokens: readonly Token[], at: number) {
  let first = at + 1
  while (tokens[first] !== undefined && tokens[first]!.text !== ':') first += 1
  first += 1
  let last = first
  while (tokens[last] !== undefined && !['case', 'default', '}'].includes(tokens[last]!.text))
    last = closing(tokens, last) + 1
  return last > first && tokens[last] !== undefined ? { start: tokens[first]!.start, end: tokens[last - 1]!.end } : null
}

/** A block, or what stands on this line and on the deeper indented ones after it: the sources are formatted. */
function statement(tokens: readonly Token[], first: number, head: Token) {
  if (tokens[first] === undefined) return null
  const indent = tokens.find((token) => token.line === head.line)!.column
  let last = closing(tokens, first)
  if (tokens[first]!.text !== '{')
    while (
      tokens[last + 1] !== undefined &&
      (tokens[last + 1]!.line === head.line || tokens[last + 1]!.column > indent)
    ) {
      if (['else', '}'].includes(tokens[last + 1]!.text)) break
      last = closing(tokens, last + 1)
    }
  return { start: tokens[first]!.start, end: tokens[last]!.end }
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** The index of the bracket that closes the one at `at`; `at` itself when there is none. */
function closing(tokens: readonly Token[], at: number): number {
  const open = tokens[at]?.text ?? ''
  const close = tokens[at]?.kind === 'punctuator' ? pairs[open] : undefined
  if (close === undefined) return at
  let depth = 0
  for (let each = at; each < tokens.length; each += 1) {
    if (tokens[each]!.kind !== 'punctuator') continue
    if (tokens[each]!.text === open) depth += 1
    if (tokens[each]!.text === close) depth -= 1
    if (depth === 0) return each
  }
  return tokens.length - 1
}
