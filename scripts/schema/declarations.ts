import { type Token, tokenize } from '../../test/mutants/tokens.ts'

/**
 * Reads the types of our wire format: interfaces and aliases made of the few forms that describe JSON. What is not one of
 * them is an error that names the place, so that no type is published wrongly.
 */
export type Type =
  | { readonly kind: 'name'; readonly name: string; readonly parameters: readonly Type[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'array'; readonly of: Type }
  | { readonly kind: 'tuple'; readonly of: readonly Type[] }
  | { readonly kind: 'union'; readonly of: readonly Type[] }
  | { readonly kind: 'all'; readonly of: readonly Type[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  /** `typeof NAME` of a constant text. */
  | { readonly kind: 'typeof'; readonly name: string }

export interface Member {
  readonly name: string
  readonly isOptional: boolean
  readonly type: Type
  readonly what: string
}

export interface Declaration {
  readonly name: string
  readonly type: Type
  /** Its doc comment. */
  readonly what: string
}

export interface Declarations {
  /** Throws where there is none of that name. */
  find(name: string): Declaration
  /** The text of a constant. */
  constant(name: string): string
  /** Of the first file: the names of its exported types, in order. */
  readonly names: readonly string[]
}

/** The first file is the subject; the others have what it refers to. */
export function readDeclarations(files: readonly { readonly path: string; readonly source: string }[]): Declarations {
  const places = new Map<string, { readonly reader: Reader; readonly at: number }>()
  const names: string[] = []
  for (const [index, file] of files.entries()) {
    const reader: Reader = { ...file, tokens: tokenize(file.source).flatMap(single) }
    for (const at of topLevel(reader)) {
      const name = reader.tokens[at + 2]?.text ?? ''
      if (!places.has(name)) places.set(name, { reader, at: at + 1 })
      if (index === 0 && reader.tokens[at + 1]?.text !== 'const') names.push(name)
    }
  }
  const place = (name: string): { readonly reader: Reader; readonly at: number } => {
    const found = places.get(name)
    if (found === undefined) throw new Error(`no type is called ${name} in ${files.map(({ path }) => path).join(', ')}`)
    return found
  }
  return {
    names,
    find(name) {
      const { reader, at } = place(name)
      return declarationAt(reader, at)
    },
    constant(name) {
      const { reader, at } = place(name)
      return unquote(reader, at + 3)
    },
  }
}

/** In types `>>` ends two lists. */
function single(token: Token): readonly Token[] {
  if (!/^>{2,}$/.test(token.text)) return [token]
  return [...token.text].map((text, at) => ({ ...token, text, start: token.start + at, end: token.start + at + 1 }))
}

interface Reader {
  readonly path: string
  readonly source: string
  readonly tokens: readonly Token[]
}

/** Where each exported type or constant begins. */
function topLevel({ tokens }: Reader): readonly number[] {
  let depth = 0
  return tokens.flatMap((token, at) => {
    if (token.kind === 'punctuator' && '{(['.includes(token.text)) depth += 1
    if (token.kind === 'punctuator' && '})]'.includes(token.text)) depth -= 1
    const isExport = depth === 0 && token.text === 'export'
    return isExport && ['interface', 'type', 'const'].includes(tokens[at + 1]?.text ?? '') ? [at] : []
  })
}

function declarationAt(reader: Reader, at: number): Declaration {
  const cursor: Cursor = { reader, at }
  const what = docBefore(reader, at - 1)
  const keyword = take(cursor)
  const name = take(cursor)
  if (keyword === 'type') {
    expect(cursor, '=')
    const type = parseUnion(cursor)
    // Formatted code has nothing but declarations at the margin.
    const next = reader.tokens[cursor.at]
    if (next !== undefined && next.column !== 0) throw unreadable(cursor)
    return { name, what, type }
  }
  const bases: Type[] = []
  if (peek(cursor) === 'extends') {
    do {
      take(cursor)
      bases.push(parsePostfix(cursor))
    } while (peek(cursor) === ',')
  }
  const own = parseObject(cursor)
  return { name, what, type: bases.length === 0 ? own : { kind: 'all', of: [...bases, own] } }
}

interface Cursor {
  readonly reader: Reader
  at: number
}

function parseUnion(cursor: Cursor): Type {
  if (peek(cursor) === '|') take(cursor)
  const of = [parseAll(cursor)]
  while (peek(cursor) === '|') {
    take(cursor)
    of.push(parseAll(cursor))
  }
  return of.length === 1 ? of[0]! : { kind: 'union', of }
}

function parseAll(cursor: Cursor): Type {
  const of = [parsePostfix(cursor)]
  while (peek(cursor) === '&') {
    take(cursor)
    of.push(parsePostfix(cursor))
  }
  return of.length === 1 ? of[0]! : { kind: 'all', of }
}

function parsePostfix(cursor: Cursor): Type {
  // JSON knows no difference.
  if (peek(cursor) === 'readonly') take(cursor)
  let type = parsePrimary(cursor)
  while (peek(cursor) === '[' && peek(cursor, 1) === ']') {
    cursor.at += 2
    type = { kind: 'array', of: type }
  }
  return type
}

function parsePrimary(cursor: Cursor): Type {
  const { kind, text } = token(cursor)
  if (kind === 'string') {
    cursor.at += 1
    return { kind: 'literal', value: unquote(cursor.reader, cursor.at - 1) }
  }
  if (kind === 'number') return { kind: 'literal', value: Number(take(cursor)) }
  if (text === '{') return parseObject(cursor)
  if (text === '(') {
    take(cursor)
    const type = parseUnion(cursor)
    expect(cursor, ')')
    return type
  }
  if (text === '[') return { kind: 'tuple', of: parseList(cursor, ']') }
  if (kind !== 'word') throw unreadable(cursor)
  take(cursor)
  if (text === 'null' || text === 'true' || text === 'false') {
    return { kind: 'literal', value: text === 'null' ? null : text === 'true' }
  }
  if (text === 'typeof') return { kind: 'typeof', name: take(cursor) }
  return { kind: 'name', name: text, parameters: peek(cursor) === '<' ? parseList(cursor, '>') : [] }
}

function parseList(cursor: Cursor, end: string): readonly Type[] {
  const of: Type[] = []
  do {
    take(cursor)
    of.push(parseUnion(cursor))
  } while (peek(cursor) === ',')
  expect(cursor, end)
  return of
}

function parseObject(cursor: Cursor): Type {
  expect(cursor, '{')
  const members: Member[] = []
  while (peek(cursor) !== '}') {
    const what = docBefore(cursor.reader, cursor.at)
    if (peek(cursor) === 'readonly' && peek(cursor, 1) !== ':') take(cursor)
    const name = token(cursor).kind === 'word' ? take(cursor) : null
    if (name === null) throw unreadable(cursor)
    const isOptional = peek(cursor) === '?'
    if (isOptional) take(cursor)
    expect(cursor, ':')
    members.push({ name, isOptional, type: parseUnion(cursor), what })
    if (peek(cursor) === ';' || peek(cursor) === ',') take(cursor)
  }
  take(cursor)
  return { kind: 'object', members }
}

/** The text of the doc comment that stands right before a token; else empty. */
function docBefore({ source, tokens }: Reader, at: number): string {
  const between = source.slice(tokens[at - 1]?.end ?? 0, tokens[at]!.start)
  const [, text = ''] = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*$/.exec(between) ?? []
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, '').trim())
    .filter((line) => line !== '')
    .join(' ')
}

function token({ reader, at }: Cursor): Token {
  const found = reader.tokens[at]
  if (found === undefined) throw new Error(`${reader.path}: ends within a type`)
  return found
}

function peek({ reader, at }: Cursor, further = 0): string {
  return reader.tokens[at + further]?.text ?? ''
}

function take(cursor: Cursor): string {
  const { text } = token(cursor)
  cursor.at += 1
  return text
}

function expect(cursor: Cursor, text: string): void {
  if (peek(cursor) !== text) throw unreadable(cursor)
  cursor.at += 1
}

function unquote({ tokens }: Reader, at: number): string {
  return tokens[at]!.text.slice(1, -1)
}

function unreadable(cursor: Cursor): Error {
  const { text, line } = token(cursor)
  return new Error(
    `${cursor.reader.path}:${line}: '${text}' is not read here; scripts/schema/declarations.ts says what is`,
  )
}
