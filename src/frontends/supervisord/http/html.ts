/** Text of HTML: what is put into it by `html` is not escaped again. */
export interface Html {
  readonly html: string
}

type Part = string | number | Html | null | readonly Html[]

/** A template whose values are escaped, unless they are HTML themselves; null is nothing. For elements and quoted attributes. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: texts.map((text, at) => text + (at < parts.length ? shown(parts[at]!) : '')).join('') }
}

function shown(part: Part): string {
  if (part === null) return ''
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return escapeText(part)
  return 'html' in part ? part.html : part.map((each) => each.html).join('')
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char as keyof typeof escapes])
}

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } as const
