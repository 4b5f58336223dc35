import { parseShortOptions } from '../../formats/short-options.ts'
import type { ByteText } from '../../sys/byte-text.ts'
import type { Resource } from '../../sys/rlimit.ts'
import { type Changes, type Limits, noChanges, type Reading } from './changes.ts'
import { readLimit } from './numbers.ts'
import { usage } from './usage.ts'

/** Reads the command line of one of daemontools' programs, as chpst stands for them. null: `name` is none of them. */
export function readEmulation(args: readonly ByteText[], name: string): Reading | null {
  switch (name) {
    case 'setuidgid':
      return withOperand(name, args, (text) => ({ user: { kind: 'account', text } }))
    case 'envuidgid':
      return withOperand(name, args, (text) => ({ idVariables: { kind: 'account', text } }))
    case 'envdir':
      return withOperand(name, args, (directory) => ({ variables: { directory, subdirectories: 'refuse' } }))
    case 'pgrphack':
      return reading(name, args, { startsSession: true })
    case 'setlock':
      return readSetlock(args)
    case 'softlimit':
      return readSoftlimit(args)
    default:
      return null
  }
}

function withOperand(
  name: EmulatedName,
  [operand = '', ...command]: readonly ByteText[],
  changes: (operand: ByteText) => Partial<Changes>,
): Reading {
  return reading(name, command, changes(operand))
}

type EmulatedName = Parameters<typeof usage>[0]

function reading(name: EmulatedName, command: readonly ByteText[], changes: Partial<Changes>): Reading {
  if (command.length === 0) return { kind: 'refused', text: usage(name) }
  return { kind: 'changes', changes: { ...noChanges, ...changes, command } }
}

/** -n and -N mean the opposite of what they mean to daemontools' own: that is runit's way. */
function readSetlock(args: readonly ByteText[]): Reading {
  const parsed = parseShortOptions(args, 'nNxX')
  if (parsed.kind === 'bad') return { kind: 'refused', text: `setlock: ${parsed.message}\n${usage('setlock')}` }
  const last = (one: string, other: string): string | undefined =>
    parsed.options.findLast(({ letter }) => letter === one || letter === other)?.letter
  return withOperand('setlock', parsed.operands, (path) => ({
    lock: { path, isWaitedFor: last('n', 'N') === 'n' },
    failsSilently: last('x', 'X') === 'x',
  }))
}

function readSoftlimit(args: readonly ByteText[]): Reading {
  const parsed = parseShortOptions(args, 'a:c:d:f:l:m:o:p:r:s:t:')
  if (parsed.kind === 'bad') return { kind: 'refused', text: `softlimit: ${parsed.message}\n${usage('softlimit')}` }
  const limits: { -readonly [R in keyof Limits]: Limits[R] } = {}
  for (const { letter, value } of parsed.options) {
    const limit = value === '=' ? null : readLimit(value ?? '')
    if (limit === 'bad') return { kind: 'refused', text: usage('chpst', 'softlimit') }
    for (const resource of limitLetters[letter] ?? []) {
      if (limit === 'none') delete limits[resource]
      else limits[resource] = limit
    }
  }
  return reading('softlimit', parsed.operands, { limits })
}

const limitLetters: Readonly<Record<string, readonly Resource[]>> = {
  a: ['as'],
  c: ['core'],
  d: ['data'],
  f: ['fsize'],
  l: ['memlock'],
  m: ['data', 'stack', 'memlock', 'as'],
  o: ['nofile'],
  p: ['nproc'],
  r: ['rss'],
  s: ['stack'],
  t: ['cpu'],
}
