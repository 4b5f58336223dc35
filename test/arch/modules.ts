import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { type Token, tokenize } from '../mutants/tokens.ts'

export interface Module {
  /** From the root of the repository: `src/core/plan.ts`. */
  readonly path: string
  readonly tokens: readonly Token[]
  /** The tokens that remain at run time, when the types are gone. */
  readonly runTokens: readonly Token[]
  readonly imports: readonly Import[]
}

export interface Import {
  readonly line: number
  readonly specifier: string
  /** For a relative specifier the path it leads to, else null. */
  readonly target: string | null
  readonly isTypeOnly: boolean
  readonly isReexport: boolean
}

/** All TypeScript files below the folders, which are named from `root`; missing folders have none. */
export function readModules(root: string, folders: readonly string[]): readonly Module[] {
  return folders.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !/(^|\/)(\.|node_modules\/)/.test(name))
        .map((name) => join(folder, name))
        .sort()
        .map((path) => toModule(path, readFileSync(join(root, path), 'utf8')))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  })
}

export function toModule(path: string, source: string): Module {
  const tokens = tokenize(source)
  const atRunTime = stripTypeScriptTypes(source)
  const runTokens = tokens.filter((token) => atRunTime.slice(token.start, token.end) === token.text)
  return { path, tokens, runTokens, imports: importsOf(path, tokens, new Set(runTokens)) }
}

function importsOf(path: string, tokens: readonly Token[], runTokens: ReadonlySet<Token>): readonly Import[] {
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'word' || tokens[at - 1]?.text === '.') return []
    if (token.text !== 'import' && token.text !== 'export') return []
    const specifier = specifierOf(tokens, at)
    if (specifier === null) return []
    const text = specifier.text.slice(1, -1)
    return [
      {
        line: token.line,
        specifier: text,
        target: /^\.{1,2}\//.test(text) ? normalize(join(dirname(path), text)) : null,
        isTypeOnly: !runTokens.has(token),
        isReexport: token.text === 'export',
      },
    ]
  })
}

/** The string of `import 'x'`, `import('x')`, `import … from 'x'` and `export … from 'x'`. */
function specifierOf(tokens: readonly Token[], at: number): Token | null {
  const next = tokens[at + 1]
  if (next === undefined || next.text === '.') return null
  if (next.kind === 'string') return next
  if (tokens[at]!.text === 'import' && next.text === '(')
    return tokens[at + 2]?.kind === 'string' ? tokens[at + 2]! : null
  const names = next.text === 'type' ? at + 2 : at + 1
  if (tokens[at]!.text === 'export' && tokens[names]?.text !== '{' && tokens[names]?.text !== '*') return null
  let from = names
  while (tokens[from]?.kind === 'word' || ['{', '}', ',', '*'].includes(tokens[from]?.text ?? '')) {
    if (tokens[from]!.text === 'from' && tokens[from + 1]?.kind === 'string') return tokens[from + 1]!
    from += 1
  }
  return null
}
