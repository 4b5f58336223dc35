import type { Hook, Hooks, Service } from '../../core/model.ts'
import { controlSignals } from '../../formats/control-signals.ts'
import { signalNames } from '../../formats/signal-name.ts'
import type { Note } from '../convert-model.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { isShellScript, noteAt } from './convert-script.ts'
import { scriptFault } from './script.ts'

/** `finish` after each run, and `control/u` before each: as long as they like, and whatever comes of it. */
export function convertHooks({ hooks }: Service, path: string, reader: SourceReader): Hooks {
  return {
    preStart: hooks.preStart === null ? null : hook(['./control/u']),
    postStop: hooks.postStop === null || cannotRun(`${path}/finish`, reader) ? null : hook(finishCommand(path, reader)),
  }
}

function hook(command: readonly string[]): Hook {
  return { command, timeoutMs: null, ignoreFailure: true }
}

function cannotRun(file: string, reader: SourceReader): boolean {
  return scriptFault(file, reader)?.severity === 'error'
}

/** runsv gives it the exit code or -1, and the number of the signal or 0: it gets as much of that as it looks at. */
function finishCommand(path: string, reader: SourceReader): readonly string[] {
  const script = reader.read(`${path}/finish`)
  const used = isFailure(script) ? 'all' : argumentsUsed(script)
  // The shell puts it in, not the reader of the file.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell
  const exec = 'exec ./finish "${HOLDFAST_EXIT_CODE:--1}"'
  switch (used) {
    case 'none':
      return ['./finish']
    case 'code':
      return ['sh', '-c', exec]
    case 'all':
      return ['sh', '-c', `${signalNumber}; ${exec} $n`]
  }
}

const signalNumber = `n=0; if [ "$HOLDFAST_EXIT_SIGNAL" ]; then for name in ${signalNames.join(' ')}; do n=$((n + 1)); [ $name = "$HOLDFAST_EXIT_SIGNAL" ] && break; done; fi`

/** What cannot be told counts as used. */
function argumentsUsed(script: string): 'none' | 'code' | 'all' {
  if (!isShellScript(script)) return 'all'
  const body = script.slice(script.indexOf('\n') + 1)
  // Other scripts that it reads have the same arguments.
  const isOpen = /\$\{?[!#]?[2-9@*#]|\b(?:getopts|shift|source)\b|(?:^|[\s;&|])\.\s|\bfor\s+\w+\s*(?:;|do\b|$)/m
  if (isOpen.test(body)) return 'all'
  return /\$\{?[!#]?1/.test(body) ? 'code' : 'none'
}

// ---- control/ --------------------------------------------------------------------------------------------------

/** What the other scripts in `control/` did, that nothing does now. */
export function controlNotes(path: string, reader: SourceReader): readonly Note[] {
  const names = reader.list(`${path}/control`)
  if (isFailure(names)) return []
  return names.toSorted().flatMap((letter) => {
    const file = `${path}/control/${letter}`
    const found = reader.look(file)
    if (isFailure(found) || found.kind === 'dangling' || (found.mode & 0o100) === 0) return []
    const message = controlMessage(letter)
    return message === null ? [] : [noteAt(file, 1, message)]
  })
}

function controlMessage(letter: string): string | null {
  if (letter === 'd' || letter === 'x')
    return `is not run when it is stopped; what it does may be done by x-holdfast.hooks.post_stop, after the end`
  if (!isLetter(letter)) return null
  const signal = controlSignals[letter]
  const instead = `is not run: SIG${signal} is sent, where runsv ran this first and sent nothing when it exited with 0`
  return letter === 't' ? `${instead}; where it sends another signal, say that by x-holdfast.stop` : instead
}

function isLetter(text: string): text is `${keyof typeof controlSignals}` {
  return Object.hasOwn(controlSignals, text)
}
