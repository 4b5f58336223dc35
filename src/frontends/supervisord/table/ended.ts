import type { End, Exit, UnitSpec } from '../../../core/model.ts'
import { pythonRepr } from '../../../formats/python-text.ts'

/** `exit status 0`, `terminated by SIGSEGV (core dumped)`: as supervisord's log has it. */
export function exitWords(exit: Exit): string {
  switch (exit.kind) {
    case 'code':
      return `exit status ${exit.code}`
    case 'signal':
      return `terminated by SIG${exit.signal}${exit.core ? ' (core dumped)' : ''}`
    case 'unknown':
      return 'unknown termination cause'
  }
}

/** -1: by a signal, or nobody could see how. */
export function exitStatusOf(exit: Exit): number {
  return exit.kind === 'code' ? exit.code : -1
}

export function isExpectedExit({ restart }: Pick<UnitSpec, 'restart'>, exit: Exit): boolean {
  return exit.kind === 'code' && restart.successExits.includes(exit.code)
}

export const exitedTooQuickly = 'Exited too quickly (process log may have details)'

/** Why no process came of a start, in supervisord's words where it has some for that; else in ours. */
export function spawnErrorWords(end: Pick<End, 'code' | 'message'>, spec: UnitSpec, processName: string): string {
  const { code = '', message } = end
  const { commandError, command, workingDir } = spec.process
  const [file = ''] = command
  switch (code) {
    case 'bad-command':
    case 'refused':
      return commandError ?? message
    case 'EMFILE':
    case 'ENFILE':
      return `too many open files to spawn '${processName}'`
    case 'EAGAIN':
      return `Too many processes in process table to spawn '${processName}'`
    case 'ENOMEM':
      return `unknown error during fork for '${processName}': ${code}`
  }
  if (workingDir !== null && message.startsWith(`the working directory ${workingDir} `)) {
    return `couldn't chdir to ${workingDir}: ${code}`
  }
  if (ofOtherFiles.test(message)) return message
  switch (code) {
    case 'ENOENT':
      return `can't find command ${pythonRepr(file)}`
    case 'EISDIR':
      return `command at ${pythonRepr(file)} is a directory`
    case 'EACCES':
      return `command at ${pythonRepr(file)} is not executable`
    case 'ENOEXEC':
    case 'E2BIG':
    case 'ETXTBSY':
      return `couldn't exec ${file}: ${code}`
    default:
      return message
  }
}

/** How the driver begins to tell of anything but the program itself: the same errors are met there. */
const ofOtherFiles = /^(?:the|its|env_file|`.*`) /
