/** The tokens of TypeScript source, as far as finding imports and making mutants needs: no tree, no types. */

export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'punctuator'
  readonly text: string
  readonly start: number
  readonly end: number
  /** Counted from 1. */
  readonly line: number
  /** Counted from 0. */
  readonly column: number
}

/** Comments and white space are left out. A template literal gives one token per piece of text between its expressions. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = []
  // The depth of braces at which each open template literal goes on.
  const templates: number[] = []
  let depth = 0
  let line = 1
  let lineStart = 0
  let at = 0
  while (at < source.length) {
    const kind = kindAt(source, at, tokens, templates.at(-1) === depth)
    const end = endOf(source, at, kind)
    const text = source.slice(at, end)
    if (kind !== 'space' && kind !== 'comment')
      tokens.push({ kind, text, start: at, end, line, column: at - lineStart })
    if (kind === 'template') {
      if (text.startsWith('}')) templates.pop()
      if (text.endsWith('${')) templates.push(depth)
    } else if (kind === 'punctuator') {
      if (text === '{') depth += 1
      if (text === '}') depth -= 1
    }
    for (let newline = text.indexOf('\n'); newline !== -1; newline = text.indexOf('\n', newline + 1)) {
      line += 1
      lineStart = at + newline + 1
    }
    at = end
  }
  return tokens
}

type Kind = Token['kind'] | 'space' | 'comment'

function kindAt(source: string, at: number, before: readonly Token[], closesExpression: boolean): Kind {
  const char = source[at]!
  if (/\s/.test(char)) return 'space'
  if (char === '`' || (char === '}' && closesExpression)) return 'template'
  if (char === "'" || char === '"') return 'string'
  if (source.startsWith('//', at) || source.startsWith('/*', at)) return 'comment'
  if (source.startsWith('#!', at) && at === 0) return 'comment'
  if (char === '/' && startsOperand(before)) return 'regex'
  if (/[0-9]/.test(char)) return 'number'
  if (/[\p{ID_Start}$_#@]/u.test(char)) return 'word'
  return 'punctuator'
}

/** After a value a slash divides, anywhere else it begins a regular expression. */
function startsOperand(before: readonly Token[]): boolean {
  const previous = before.at(-1)
  if (previous === undefined) return true
  // `value!`: the mark says that it is not null; before a value it would stand apart or after an operator.
  if (previous.text === '!' && before.at(-2)?.end === previous.start) return startsOperand(before.slice(0, -1))
  switch (previous.kind) {
    case 'number':
    case 'string':
    case 'regex':
      return false
    case 'template':
      return previous.text.endsWith('${')
    case 'word':
      return ['return', 'typeof', 'case', 'in', 'of', 'throw', 'new', 'void', 'delete', 'else', 'do'].includes(
        previous.text,
      )
    case 'punctuator':
      return ![')', ']', '}'].includes(previous.text)
  }
}

const patterns: Readonly<Record<Exclude<Kind, 'template' | 'punctuator'>, RegExp>> = {
  space: /\s+/y,
  comment: /(?:\/\/|#!)[^\n]*|\/\*[\s\S]*?\*\//y,
  string: /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y,
  regex: /\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y,
  number: /0[xob][0-9a-f_]+n?|[0-9][0-9_]*(?:\.[0-9_]+)?(?:e[+-]?[0-9]+)?n?/iy,
  word: /[#@]?[\p{ID_Continue}$]+/uy,
}

const punctuators = [
  ...['>>>=', '...', '===', '!==', '**=', '<<=', '>>=', '>>>', '&&=', '||=', '??='],
  ...['=>', '==', '!=', '<=', '>=', '&&', '||', '??', '?.', '++', '--', '+=', '-=', '*=', '/=', '%='],
  ...['&=', '|=', '^=', '<<', '>>', '**'],
]

function endOf(source: string, at: number, kind: Kind): number {
  if (kind === 'template') return endOfTemplatePiece(source, at + 1)
  if (kind === 'punctuator') return at + (punctuators.find((text) => source.startsWith(text, at))?.length ?? 1)
  const pattern = patterns[kind]
  pattern.lastIndex = at
  const match = pattern.exec(source)
  if (match === null) throw new Error(`cannot read the ${kind} at offset ${at}: ${source.slice(at, at + 40)}`)
  return at + match[0].length
}

function endOfTemplatePiece(source: string, from: number): number {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1
    else if (source[at] === '`') return at + 1
    else if (source.startsWith('${', at)) return at + 2
  }
  throw new Error(`a template literal does not end: ${source.slice(from - 1, from + 40)}`)
}
