import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './harness.ts'

/** A command as a document shows it, in a block of its own or within a sentence. */
export interface ShownCommand {
  /** `docs/cli.md:12` */
  readonly place: string
  readonly kind: 'block' | 'inline'
  /** Without prompt and comment; `$ bin/holdfast ps   # all` is `holdfast ps`. */
  readonly text: string
  /** A comment `# exits 7` says that it does; else 0. */
  readonly code: number
}

/** Every document for users: what they say works has to work. */
export function documents(): readonly string[] {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => path === 'README.md' || /^(docs|examples)\//.test(path))
    .filter((path) => !path.startsWith('docs/decisions/'))
    .toSorted()
}

export function commandsIn(path: string): readonly ShownCommand[] {
  const lines = readFileSync(join(root, path), 'utf8').split('\n')
  const found: ShownCommand[] = []
  let fence: string | null = null
  for (const [index, line] of lines.entries()) {
    const place = `${path}:${index + 1}`
    const mark = /^\s*```(\S*)/.exec(line)
    if (mark !== null) {
      fence = fence === null ? mark[1]! : null
      continue
    }
    const isShell = fence === null ? line.startsWith('    ') : ['sh', 'console', 'bash', ''].includes(fence)
    if (isShell) found.push(...asCommand(line.trim(), { place, kind: 'block' }))
    else if (fence === null) {
      for (const [, code] of line.matchAll(/`([^`]+)`/g)) found.push(...asCommand(code!, { place, kind: 'inline' }))
    }
  }
  return found
}

/** Output of a command is shown in the same blocks: only what begins as a command of ours is one. */
function asCommand(line: string, where: Pick<ShownCommand, 'place' | 'kind'>): readonly ShownCommand[] {
  const [, command = '', comment = ''] = /^(.*?)(\s+#\s.*)?$/.exec(line.replace(/^\$ /, '')) ?? []
  const found = /^(?:[A-Z_]+=\S+ )*(?:bin\/)?(holdfast( .*)?)$/.exec(command)
  const [, code = '0'] = /\bexits (\d+)/.exec(comment) ?? []
  return found === null ? [] : [{ ...where, text: found[1]!.trim(), code: Number(code) }]
}
