import type { SvlogdSpec } from '../../core/model.ts'
import { splitShellWords } from '../../formats/shell-words.ts'
import { parseShortOptions } from '../../formats/short-options.ts'

/**
 * What svlogd would do that a `log/run` execs, where that is all the script does: comments, `set`, `exec 2>&1`, `cd`-less
 * lines, then one `exec [chpst -u USER] svlogd OPTIONS DIRECTORY…`. `directory`: where it runs, absolute. Answers why not where
 * it does anything else.
 */
export function parseSvlogdRun(script: string, directory: string): SvlogdSpec | string {
  const [first = '', ...lines] = script.split('\n')
  if (!/^#!\s*\/(?:usr\/)?bin\/(?:env +)?(?:sh|bash|dash)\b/.test(first)) return 'it is no shell script'
  const commands = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const others = commands.filter((line) => !/^(?:set -[eu]+|exec 2>&1)$/.test(line))
  const [command = '', ...rest] = others
  if (rest.length > 0 || command === '') return 'it does more than to exec svlogd'
  if (/[$`;&|<>(){}*?[\]~\\]/.test(command.replace(/ 2>&1$/, ''))) return 'its command needs a shell'
  const split = splitShellWords(command.replace(/ 2>&1$/, ''), 'posix')
  if (split.kind === 'error') return `its command cannot be read: ${split.message}`
  const [exec, ...words] = split.words
  return exec === 'exec' ? parseWords(words, directory) : 'it does not exec svlogd'
}

function parseWords(words: readonly string[], directory: string): SvlogdSpec | string {
  const [program = '', option, name, ...more] = words
  const isChanged = /^(?:.*\/)?chpst$/.test(program)
  if (isChanged && (option === undefined || !/^-u/.test(option) || name === undefined))
    return 'its chpst does more than -u'
  if (!isChanged) return parseProgram(words, directory, null)
  return option === '-u'
    ? parseProgram(more, directory, name ?? '')
    : parseProgram([name ?? '', ...more], directory, option!.slice(2))
}

function parseProgram(words: readonly string[], directory: string, user: string | null): SvlogdSpec | string {
  const [program = '', ...args] = words
  if (!/^(?:.*\/)?svlogd$/.test(program)) return 'it does not exec svlogd'
  if (user?.startsWith(':')) return 'its user is given by numbers'
  const parsed = parseShortOptions(args, 'tvr:R:l:b:')
  if (parsed.kind === 'bad') return `its options are not svlogd's: ${parsed.message}`
  let spec: SvlogdSpec = { directories: [], stamp: 'none', replacement: null, replaced: '', lineBytesMax: 1_000, user }
  for (const { letter, value } of parsed.options) {
    const read = readOption(letter, value ?? '', spec)
    if (read === null) return `svlogd does not take -${letter} ${value}`
    spec = read
  }
  const directories = parsed.operands.map((path) => (path.startsWith('/') ? path : `${directory}/${path}`))
  return directories.length === 0 ? 'it names no directory' : { ...spec, directories }
}

const stamps = ['none', 'tai64n', 'date', 'iso'] as const

function readOption(letter: string, value: string, spec: SvlogdSpec): SvlogdSpec | null {
  switch (letter) {
    case 't':
      return { ...spec, stamp: stamps[Math.min(stamps.indexOf(spec.stamp) + 1, 3)]! }
    case 'r':
      return value === '' ? null : { ...spec, replacement: value[0]! }
    case 'R':
      return { ...spec, replaced: value, replacement: spec.replacement ?? '_' }
    case 'l':
      return /^\d+$/.test(value) ? { ...spec, lineBytesMax: Number(value) } : null
    // The size of its buffer: the daemon moves blocks as they come.
    case 'b':
      return /^\d+$/.test(value) ? spec : null
    default:
      return spec
  }
}
