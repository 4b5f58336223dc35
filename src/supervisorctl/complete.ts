import type { Control } from './control.ts'
import { shownName } from './names.ts'
import { call } from './remote.ts'
import { type ProcessInfo, readProcesses } from './values.ts'

export interface Completer {
  /** What the last word of the line may become, for node:readline. */
  complete(line: string, done: (error: null, found: [string[], string]) => void): void
  /** Asks the server again. */
  forget(): void
}

/** One try of Tab asks often: the answer of the server is kept until the next command. */
export function createCompleter(control: () => Control): Completer {
  let known: Promise<readonly ProcessInfo[]> | null = null
  const processes = (): Promise<readonly ProcessInfo[]> => {
    known ??= askProcesses(control())
    return known
  }
  return {
    complete(line, done) {
      const word = lastWord(line)
      void candidatesOf(line, word, processes).then((found) => {
        const fitting = new Set(found.filter((each) => each.startsWith(word)).map((each) => `${each} `))
        done(null, [[...fitting].sort(), word])
      })
    },
    forget() {
      known = null
    },
  }
}

async function askProcesses(control: Control): Promise<readonly ProcessInfo[]> {
  // A command may have a request on its own connection.
  const aside: Control = { ...control, connection: null }
  const answer = await call(aside, 'getAllProcessInfo', readProcesses)
  aside.connection?.close()
  return answer.kind === 'value' ? answer.value : []
}

/** Words end as in a shell, but `group:name`, `group:*` and `a-b` are one. */
export function lastWord(line: string): string {
  return /[^\s`~!@#$%^&()=+[{\]}\\|;'",<>/?]*$/.exec(line)![0]
}

export async function candidatesOf(
  line: string,
  word: string,
  processes: () => Promise<readonly ProcessInfo[]>,
): Promise<readonly string[]> {
  const words = line.split(/\s+/).filter(Boolean)
  const [action = ''] = words
  if (words.length === 0 || (words.length === 1 && !line.endsWith(' '))) return actions
  if (action === 'help') return actions
  if (groupActions.includes(action)) return (await processes()).map(({ group }) => group)
  if (processActions.includes(action)) return (await processes()).flatMap((each) => namesOf(each, word))
  return []
}

function namesOf({ group, name }: ProcessInfo, word: string): readonly string[] {
  if (group === name && !word.includes(':')) return [shownName(group, name)]
  return [`${group}:${name}`, `${group}:*`]
}

const groupActions: readonly string[] = ['add', 'remove', 'update']
const processActions: readonly string[] = [
  ...['clear', 'fg', 'pid', 'restart', 'signal', 'start', 'status', 'stop', 'tail'],
]
const actions: readonly string[] = [
  ...['add', 'avail', 'clear', 'exit', 'fg', 'help', 'maintail', 'open', 'pid', 'quit', 'reload', 'remove', 'reread'],
  ...['restart', 'shutdown', 'signal', 'start', 'status', 'stop', 'tail', 'update', 'version'],
]
