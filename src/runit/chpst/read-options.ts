import { parseShortOptions, type ShortOption } from '../../formats/short-options.ts'
import type { ByteText } from '../../sys/byte-text.ts'
import type { Resource } from '../../sys/rlimit.ts'
import { type Changes, noChanges, type Reading } from './changes.ts'
import { readIncrement, readLimit } from './numbers.ts'
import { usage } from './usage.ts'

/** Reads chpst's own command line. `name`: what it was called by. */
export function readOptions(args: readonly ByteText[], name: string): Reading {
  const parsed = parseShortOptions(args, 'u:U:b:e:m:d:o:p:f:c:r:t:/:n:l:L:vP012V')
  if (parsed.kind === 'bad') return refuse(name, `${name}: ${parsed.message}\n`)
  let changes: Omit<Changes, 'command'> = noChanges
  for (const option of parsed.options) {
    if (option.letter === 'V') return refuse(name, 'chpst of holdfast, as runit 2.1.2\n')
    const change = readOption(option, changes)
    if (change === null) return refuse(name)
    changes = { ...changes, ...change }
  }
  if (parsed.operands.length === 0) return refuse(name)
  const isVerbose = parsed.options.some(({ letter }) => letter === 'v')
  return { kind: 'changes', changes: { ...toldAboutDirectories(changes, isVerbose), command: parsed.operands } }
}

function refuse(name: string, before = ''): Reading {
  return { kind: 'refused', text: `${before}${usage('chpst', name)}` }
}

/** null: it makes no sense. */
function readOption({ letter, value }: ShortOption, changes: Omit<Changes, 'command'>): Partial<Changes> | null {
  const text = value ?? ''
  switch (letter) {
    case 'P':
      return { startsSession: true }
    case 'e':
      return { variables: { directory: text, subdirectories: 'skip' } }
    case '/':
      return { root: text }
    case 'n': {
      const niceIncrement = readIncrement(text)
      return niceIncrement === null ? null : { niceIncrement }
    }
    case 'U':
      return { idVariables: { kind: 'list', text } }
    case 'u':
      return { user: { kind: 'list', text } }
    case 'l':
    case 'L':
      return changes.lock === null ? { lock: { path: text, isWaitedFor: letter === 'l' } } : null
    case 'b':
      return { ownName: text }
    case '0':
    case '1':
    case '2':
      return { closed: [...new Set([...changes.closed, digits[letter]])] }
    default:
      return readLimitOption(letter, text, changes)
  }
}

const digits = { 0: 0, 1: 1, 2: 2 } as const

function readLimitOption(
  letter: string,
  text: ByteText,
  changes: Omit<Changes, 'command'>,
): Pick<Changes, 'limits'> | null {
  const limit = readLimit(text)
  if (limit === 'bad') return null
  const limits = { ...changes.limits }
  for (const resource of limitLetters[letter] ?? []) {
    if (limit === 'none') delete limits[resource]
    else limits[resource] = limit
  }
  return { limits }
}

const limitLetters: Readonly<Record<string, readonly Resource[]>> = {
  m: ['data', 'stack', 'memlock', 'as'],
  d: ['data'],
  o: ['nofile'],
  p: ['nproc'],
  f: ['fsize'],
  c: ['core'],
  r: ['rss'],
  t: ['cpu'],
}

function toldAboutDirectories(changes: Omit<Changes, 'command'>, isVerbose: boolean): Omit<Changes, 'command'> {
  if (changes.variables === null || !isVerbose) return changes
  return { ...changes, variables: { ...changes.variables, subdirectories: 'skip and tell' } }
}
