import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Failure } from '../../core/model.ts'
import { scriptFault } from '../../dialects/runit/script.ts'
import { diskSourceReader } from '../../dialects/source-reader.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { failure } from './failure.ts'
import { hostPathInside } from './inside.ts'

/**
 * Finds the file of a program as a shell would: by PATH unless the name has a slash. Answers an absolute path. `root`: as
 * seen by who has this root directory.
 */
export function findProgram(request: {
  readonly name: string
  readonly path: string
  readonly workingDir: string
  readonly root: string | null
}): string | Failure {
  const { name, path, workingDir, root } = request
  const whyNotRunnable = (file: string): Errno | null =>
    whyNotRunnableHere(root === null ? file : hostPathInside(root, file))
  if (name === '') return failure('ENOENT', 'the command is empty; correct `command`')
  if (name.includes('/')) {
    const file = resolve(workingDir, name)
    const errno = whyNotRunnable(file)
    return errno === null ? file : failure(errno, explain(file, errno))
  }
  let denied: string | null = null
  for (const folder of path.split(':')) {
    const file = resolve(workingDir, folder, name)
    const errno = whyNotRunnable(file)
    if (errno === null) return file
    if (errno === 'EACCES') denied ??= file
  }
  if (denied !== null) return failure('EACCES', explain(denied, 'EACCES'))
  return failure(
    'ENOENT',
    `${name} is in no folder of PATH (${path}); install it, or give its full path in \`command\``,
  )
}

function whyNotRunnableHere(file: string): Errno | null {
  try {
    // Most folders of PATH lack it, and a thrown error costs ten times the question.
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat === undefined) return 'ENOENT'
    if (stat.isDirectory()) return 'EISDIR'
    accessSync(file, constants.X_OK)
    return null
  } catch (error) {
    return errnoOf(error)
  }
}

/** Says what is wrong with a program's file, and what to do: of a script, which interpreter it lacks. */
export function explain(file: string, errno: Errno): string {
  const isThere = (errno === 'ENOENT' || errno === 'ENOEXEC') && statSync(file, { throwIfNoEntry: false }) !== undefined
  const fault = isThere ? scriptFault(file, diskSourceReader({})) : null
  if (fault !== null && fault.severity === 'error') return `${file} ${fault.message}; ${fault.hint}`
  switch (errno) {
    case 'ENOENT':
      return `${file} does not exist, or the interpreter it names does not; install it or correct \`command\``
    case 'EACCES':
      return `${file} may not be executed; make it executable (chmod +x), or check the folders above it`
    case 'EISDIR':
      return `${file} is a folder; name a program in \`command\``
    case 'ENOEXEC':
      return `${file} is not a program of this machine; a script needs a first line such as #!/bin/sh`
    case 'E2BIG':
      return `the arguments and environment of ${file} are too large together; pass them in a file`
    case 'ETXTBSY':
      return `${file} is being written right now`
    default:
      return `${file} cannot be started (${errno})`
  }
}
