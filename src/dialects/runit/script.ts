import type { Problem } from '../../formats/format-error.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'

/** What is wrong with something that is to be executed; `at` is the column of its first line that is at fault. */
export interface ScriptFault {
  readonly column: number
  readonly message: string
  readonly hint: string
  /** warning: it may work all the same, where it will run. */
  readonly severity: Problem['severity']
}

/** Linux looks at so much of a file to find its interpreter. */
const kernelBytes = 256

/** Why the kernel would not execute the file at `path`; null where it would. The file is there. */
export function scriptFault(path: string, reader: SourceReader): ScriptFault | null {
  const found = reader.look(path)
  if (isFailure(found)) return fault(`cannot be looked at: ${found.message}`, 'check the path and its permissions')
  if (found.kind === 'dangling')
    return fault(`is a link to ${found.target}, where nothing is`, 'remove the link, or make what it points to')
  if (found.kind === 'directory') return fault('is a directory', 'put an executable file in its place')
  if (found.kind === 'other') return fault('is no regular file', 'put an executable file in its place')
  if ((found.mode & 0o111) === 0) return fault('is not executable', `chmod +x ${path}`)
  const start = reader.readStart(path, kernelBytes)
  // Whoever runs it may be allowed to read it.
  return isFailure(start) ? null : startFault(start, path, reader)
}

function startFault(start: string, path: string, reader: SourceReader): ScriptFault | null {
  if (start.startsWith('\x7fELF')) return null
  if (start === '') return fault('is empty', "write '#!/bin/sh' and the command to run")
  if (/^(?:\u00ef\u00bb\u00bf|\ufeff)#!/.test(start))
    return fault("has a byte order mark before '#!', so it has no interpreter", 'save it without the mark')
  if (!start.startsWith('#!')) {
    const message = "does not begin with '#!' and an interpreter, so the kernel cannot execute it (ENOEXEC)"
    return fault(message, "write '#!/bin/sh' into its first line")
  }
  const end = start.indexOf('\n')
  if (end === -1 && start.length >= kernelBytes)
    return fault(`has a first line longer than the ${kernelBytes - 1} bytes the kernel reads of it`, 'shorten it')
  const line = end === -1 ? start : start.slice(0, end)
  return interpreterFault(line, path, reader)
}

function interpreterFault(line: string, path: string, reader: SourceReader): ScriptFault | null {
  const [, mark = '', interpreter = '', rest = ''] = /^(#![ \t]*)([^ \t\r]*)(.*)$/s.exec(line)!
  const column = mark.length + 1
  if (line.endsWith('\r')) {
    const message = 'ends its first line with CR LF, and the CR is taken for a part of the interpreter'
    return { ...fault(message, `sed -i 's/\\r$//' ${path}`), column: line.length }
  }
  if (interpreter === '') return { ...fault("has no interpreter behind '#!'", "write '#!/bin/sh'"), column }
  if (!interpreter.startsWith('/')) {
    const message = `has the interpreter '${interpreter}', which is looked for in the service directory`
    return { ...fault(message, 'write its absolute path'), column }
  }
  const found = reader.look(interpreter)
  const told = { column, hint: 'install it, or write the path of one that is there' }
  if (isFailure(found) || found.kind === 'dangling') {
    const why = isFailure(found) ? found.code : 'ENOENT'
    return { ...fault(`has the interpreter ${interpreter}, which is not there (${why})`, ''), ...told }
  }
  if (found.kind !== 'file' || (found.mode & 0o111) === 0)
    return { ...fault(`has the interpreter ${interpreter}, which cannot be executed (EACCES)`, ''), ...told }
  return interpreter.endsWith('/env') ? envFault(rest, column + interpreter.length, reader) : null
}

// Where it will run, PATH may be another one.
function envFault(rest: string, column: number, reader: SourceReader): ScriptFault | null {
  const program = rest.split(/[ \t]+/).find((word) => word !== '' && !word.startsWith('-') && !word.includes('='))
  if (program === undefined || program.includes('/')) return null
  const directories = (reader.environment.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin').split(':')
  const isThere = directories.some((directory) => {
    const found = reader.look(`${directory}/${program}`)
    return !isFailure(found) && found.kind === 'file' && (found.mode & 0o111) !== 0
  })
  if (isThere) return null
  const message = `is run by ${program}, which is not in PATH here`
  return { column: column + 1, message, hint: 'install it, or write its absolute path', severity: 'warning' }
}

function fault(message: string, hint: string): ScriptFault {
  return { column: 1, message, hint, severity: 'error' }
}
