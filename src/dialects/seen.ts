import { hashText } from '../base/hash.ts'
import type { SourceReader } from './source-reader.ts'

/** What a decoder was told of the machine: identities of the answers, by what it asked. */
export type Seen = Readonly<Record<string, string>>

const asked = ['read', 'readStart', 'look', 'real', 'list', 'glob'] as const

/** The same reader, and what was asked of it so far. */
export function watchedReader(reader: SourceReader): { readonly reader: SourceReader; seen(): Seen } {
  const seen: Record<string, string> = {}
  const note = <T>(name: (typeof asked)[number], args: readonly unknown[], answer: T): T => {
    seen[JSON.stringify([name, ...args])] = identityOf(answer)
    return answer
  }
  return {
    seen: () => seen,
    reader: {
      ...reader,
      read: (path) => note('read', [path], reader.read(path)),
      readStart: (path, bytesMax) => note('readStart', [path, bytesMax], reader.readStart(path, bytesMax)),
      look: (path) => note('look', [path], reader.look(path)),
      real: (path) => note('real', [path], reader.real(path)),
      list: (directory) => note('list', [directory], reader.list(directory)),
      glob: (pattern) => note('glob', [pattern], reader.glob(pattern)),
    },
  }
}

/** Whether everything that was asked would be answered alike now: then it would be decoded alike. */
export function isStillSeen(seen: Seen, reader: SourceReader): boolean {
  return Object.entries(seen).every(([question, identity]) => {
    const [name, path, bytesMax]: readonly [(typeof asked)[number], string, number] = JSON.parse(question)
    return identityOf(name === 'readStart' ? reader.readStart(path, bytesMax) : reader[name](path)) === identity
  })
}

function identityOf(answer: unknown): string {
  return hashText(typeof answer === 'string' ? `text ${answer}` : JSON.stringify(answer))
}
