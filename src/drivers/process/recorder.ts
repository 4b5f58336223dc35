import { rmSync } from 'node:fs'

interface Program {
  readonly path: string
  readonly argv: readonly string[]
}

/**
 * A program under a `sh` that writes how it ended to `file`, so that this is known even if nobody lives to be told. The
 * signals that stop ladders use do not end the recorder; they are meant for the program, which gets them from us or,
 * being of the same process group, together with it.
 *
 * The program finds what it would find without: the shell's own descriptor is closed, its traps are reset, the variables
 * that it adds are removed. What the shell says itself ("Terminated") is nobody's output.
 */
export function recorded(
  made: Program,
  request: { readonly file: string; readonly environment: Readonly<Record<string, string>> },
): Program {
  const names = Object.keys(request.environment)
  if (!names.every(isKeptByShells)) {
    // Rather not recorded than without them; the missing file says so.
    rmSync(request.file, { force: true })
    return made
  }
  const added = addedByShells.filter((name) => !names.includes(name))
  const script = scriptWithout(added)
  return { path: '/bin/sh', argv: ['sh', '-c', script, request.file, made.path, ...made.argv.slice(1)] }
}

/** Other variables some shells drop. */
function isKeptByShells(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

const addedByShells = ['PWD', 'OLDPWD', 'SHLVL']

function scriptWithout(names: readonly string[]): string {
  return [
    'trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2',
    'exec 3>&2 2>/dev/null',
    `unset ${names.join(' ')}`,
    '(exec 2>&3 3>&-; exec "$@")',
    'status=$?',
    // One write of a few bytes, and the end of line says that it is whole: a rename would need one more process, just
    // when there may be no room for one.
    'echo "$status" >"$0"',
    'exit "$status"',
  ].join('\n')
}
