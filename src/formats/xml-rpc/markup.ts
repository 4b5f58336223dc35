/** What a text of XML consists of. `at`: its offset in the text. */
export type Token =
  | { readonly kind: 'open'; readonly name: string; readonly at: number }
  | { readonly kind: 'close'; readonly name: string; readonly at: number }
  /** With what stands for a character put in, and CDATA; comments are left out. */
  | { readonly kind: 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'end'; readonly at: number }

export interface Markup {
  /** Throws MarkupError. */
  next(): Token
}

/** Bad input, of somebody's making: whoever reads catches it and makes an answer of it. */
export class MarkupError extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.name = 'MarkupError'
    this.at = at
  }
}

/**
 * Reads the part of XML 1.0 that XML-RPC needs: the declaration, elements (attributes are read over), text, CDATA, comments,
 * the five predefined entities and character references. No DOCTYPE, no other entities, no processing instructions. Characters
 * that XML forbids are taken as they are: what programs print is full of them, and not everybody who sends it escapes it.
 */
export function createMarkup(text: string): Markup {
  declaration.lastIndex = 0
  let at = declaration.exec(text)?.[0].length ?? 0
  let closing: Token | null = null

  const readTag = (): Token => {
    const start = at
    const pattern = text.startsWith('</', at) ? closeTag : openTag
    pattern.lastIndex = at
    const [whole, name, slash] = pattern.exec(text) ?? []
    if (whole === undefined) throw new MarkupError(`${JSON.stringify(text.slice(at, at + 20))} is no tag`, at)
    at += whole.length
    if (pattern === closeTag) return { kind: 'close', name: name!, at: start }
    if (slash === '/') closing = { kind: 'close', name: name!, at: start }
    return { kind: 'open', name: name!, at: start }
  }

  const upTo = (mark: string, what: string): string => {
    const end = text.indexOf(mark, at)
    if (end < 0) throw new MarkupError(`${what} has no end`, at)
    const part = text.slice(at, end)
    at = end + mark.length
    return part
  }

  /** Everything until the next tag. */
  const readText = (): string => {
    let value = ''
    while (at < text.length) {
      if (text.startsWith('<!--', at)) {
        at += '<!--'.length
        upTo('-->', 'a comment')
      } else if (text.startsWith('<![CDATA[', at)) {
        at += '<![CDATA['.length
        value += lines(upTo(']]>', 'CDATA'))
      } else if (text[at] === '<') {
        return value
      } else {
        const end = text.indexOf('<', at)
        const part = text.slice(at, end < 0 ? text.length : end)
        value += resolve(lines(part), at)
        at += part.length
      }
    }
    return value
  }

  return {
    next() {
      if (closing !== null) {
        const token = closing
        closing = null
        return token
      }
      const start = at
      const value = readText()
      if (value !== '') return { kind: 'text', value, at: start }
      return at < text.length ? readTag() : { kind: 'end', at }
    },
  }
}

const declaration = /\uFEFF?(?:<\?xml[ \t\r\n][^<>?]*\?>)?/y
const openTag = /<([A-Za-z_][\w.:-]*)(?:[ \t\r\n]+[\w.:-]+[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*[ \t\r\n]*(\/?)>/y
const closeTag = /<\/([A-Za-z_][\w.:-]*)[ \t\r\n]*>/y

/** Every end of a line is LF: XML 1.0, 2.11. */
function lines(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

/** A place within changed text is that of the text: near enough for a person to find it. */
function resolve(text: string, at: number): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7});|#x([\da-fA-F]{1,6});|(amp|lt|gt|quot|apos);)?/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name as keyof typeof entities]
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    if (whole === '&' || !isCharacter) throw new MarkupError('there is an & that stands for no character', at)
    return String.fromCodePoint(code)
  })
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const
