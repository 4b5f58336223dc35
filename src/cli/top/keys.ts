/** What was typed, pasted, or answered by the terminal. */
export type Input =
  /** A character as it is, or a name: `up`, `page-down`, `enter`, `escape`, `ctrl-c`. */
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'paste'; readonly text: string }
  /** The terminal's answer to `CSI 5 n`: everything sent before has arrived. */
  | { readonly kind: 'ready' }

export interface KeyReader {
  /** Takes the bytes of one read; what is not complete is held for the next. */
  take(bytes: Uint8Array): readonly Input[]
  /** Whether an escape is held that may be a key by itself: after a pause without more bytes, ask `rest`. */
  isHolding(): boolean
  /** What is held, taken for complete. */
  rest(): readonly Input[]
}

/** More than this held without an end is no sequence, and no paste anybody wants here. */
const heldCharsMax = 4_096

export function createKeyReader(): KeyReader {
  const decoder = new TextDecoder('utf-8')
  let held = ''
  return {
    take(bytes) {
      const { inputs, rest } = readKeys(held + decoder.decode(bytes, { stream: true }))
      held = rest.length > heldCharsMax ? '' : rest
      return inputs
    },
    isHolding: () => held !== '' && !held.startsWith(pasteBegin),
    rest() {
      const text = held
      held = ''
      if (text === '') return []
      // Escape, and then what would have been its sequence.
      const { inputs } = readKeys(text.slice(1))
      return [{ kind: 'key', key: 'escape' }, ...inputs]
    },
  }
}

const pasteBegin = '\u001b[200~'
const pasteEnd = '\u001b[201~'

/** The keys of a text, and its end that may be the beginning of more. */
function readKeys(text: string): { readonly inputs: readonly Input[]; readonly rest: string } {
  const inputs: Input[] = []
  let at = 0
  while (at < text.length) {
    if (text.startsWith(pasteBegin, at)) {
      const end = text.indexOf(pasteEnd, at)
      // A paste whose end was lost must not swallow the way out.
      if (end === -1 && text.includes('\u0003', at))
        return { inputs: [...inputs, { kind: 'key', key: 'ctrl-c' }], rest: '' }
      if (end === -1) return { inputs, rest: text.slice(at) }
      inputs.push({ kind: 'paste', text: text.slice(at + pasteBegin.length, end) })
      at = end + pasteEnd.length
      continue
    }
    if (text[at] === '\u001b') {
      const sequence = sequenceAt(text, at)
      if (sequence === null) return { inputs, rest: text.slice(at) }
      const input = meaningOf(sequence)
      if (input !== null) inputs.push(input)
      at += sequence.length
      continue
    }
    const char = String.fromCodePoint(text.codePointAt(at)!)
    inputs.push({ kind: 'key', key: keyOf(char) })
    at += char.length
  }
  return { inputs, rest: '' }
}

/** The whole sequence that begins here, or an escape that something else follows; null: it may go on. */
function sequenceAt(text: string, at: number): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
  const complete = /\u001b(?:\[\[?[0-?]*[ -/]*[@-Z\\-~]|O[0-9;]*[@-~])|\u001b(?=[^[O])/y
  complete.lastIndex = at
  const [found] = complete.exec(text) ?? []
  return found ?? null
}

const controlNames: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u0008': 'backspace',
  '\u007f': 'backspace',
}

function keyOf(char: string): string {
  const code = char.codePointAt(0)!
  return controlNames[char] ?? (code < 0x20 ? `ctrl-${String.fromCharCode(code + 0x60)}` : char)
}

/** By the last byte, or by the number before `~`; modifiers change nothing here. */
const finals: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  M: 'enter',
  Z: 'back-tab',
}
const numbers: Readonly<Record<string, string>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
}

/** null: a key that means nothing here. */
function meaningOf(sequence: string): Input | null {
  if (sequence === '\u001b') return { kind: 'key', key: 'escape' }
  if (sequence === '\u001b[0n') return { kind: 'ready' }
  const introducer = sequence[1]
  if (introducer !== '[' && introducer !== 'O') return null
  // A function key of the Linux console.
  if (sequence[2] === '[') return null
  const final = sequence.at(-1)!
  const number = /^\d+/.exec(sequence.slice(2))?.[0] ?? ''
  const key = final === '~' ? numbers[number] : finals[final]
  return key === undefined ? null : { kind: 'key', key }
}
