import { closeSync, readSync, realpathSync } from 'node:fs'
import type { LogServices, ProcessorRequest } from '../svlog/model.ts'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { makePipe } from '../sys/pipe.ts'
import { spawn } from '../sys/spawn.ts'
import type { Watcher } from '../sys/watcher.ts'

/**
 * Starts processors of log directories. Their end is told by a pipe and not by the kernel's news of a child, which somebody
 * else takes: a shell around each writes its exit code there. What a processor says on standard error comes the same
 * way, and is told.
 */
export function createProcessors(parts: {
  readonly watcher: Watcher
  /** `NAME=value` strings. */
  readonly environment: readonly string[]
  readonly descriptorsSoft: number
  readonly warn: (text: string) => void
}): LogServices['startProcessor'] {
  const { watcher, environment, descriptorsSoft, warn } = parts
  return (request, done) => {
    const pipe = makePipe()
    if (typeof pipe === 'string') return pipe
    const refusal = start(request, pipe.write, { environment, descriptorsSoft })
    closeSync(pipe.write)
    if (refusal !== null) {
      closeSync(pipe.read)
      return refusal
    }
    let said = ''
    const watch = watcher.watch(pipe.read, () => {
      const text = readText(pipe.read)
      if (text !== '') {
        said = `${said}${text}`.slice(-saidCharsMax)
        return 'little'
      }
      if (typeof watch !== 'string') watch.stop()
      closeSync(pipe.read)
      const at = said.lastIndexOf('\n')
      const words = said.slice(0, Math.max(at, 0)).trim()
      if (words !== '') warn(`the processor of ${request.workingDir} says: ${words}`)
      done(said.slice(at + 1) === '0')
      return 'little'
    })
    if (typeof watch !== 'string') return null
    closeSync(pipe.read)
    return watch
  }
}

/** Of what one says. */
const saidCharsMax = 2_000

/** The shell knows descriptors of one digit only: the two that are beyond standard error are opened by name. */
const script = '/bin/sh -c "$1" 4<state 5>newstate; printf "\\n%s" $? >&2'

function start(
  { command, workingDir, input, output }: ProcessorRequest,
  stderr: number,
  state: { readonly environment: readonly string[]; readonly descriptorsSoft: number },
): Errno | null {
  try {
    const pid = spawn({
      path: '/bin/sh',
      // Bytes, one character for each.
      argv: ['sh', '-c', script, 'sh', Buffer.from(command, 'latin1').toString()],
      workingDir: realpathSync(workingDir),
      ...{ stdin: input, stdout: output, stderr, ...state },
    })
    return typeof pid === 'string' ? pid : null
  } catch (error) {
    return errnoOf(error)
  }
}

/** Nothing: it has ended. */
function readText(fd: number): string {
  const bytes = Buffer.alloc(4096)
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes))
  } catch (error) {
    // Woken without a reason: what was said counts as said.
    if (errnoOf(error) === 'EAGAIN') return '\n'
    throw error
  }
}
