import { closeSync, constants, type Dir, opendirSync, openSync, readFileSync } from 'node:fs'
import type { ByteText } from '../../sys/byte-text.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { changeDirectory, changeDirectoryTo } from '../../sys/place.ts'
import type { Changes } from './changes.ts'
import { type Failure, failureOf } from './failure.ts'

/** value null: the variable is removed. */
export interface Setting {
  readonly name: ByteText
  readonly value: ByteText | null
}

/**
 * Reads a directory with a file for each variable, in the order in which the directory has them. `tell` gets a warning, where
 * sub-directories are to be told about.
 */
export function readVariables(
  { directory, subdirectories }: NonNullable<Changes['variables']>,
  tell: (warning: ByteText) => void,
): readonly Setting[] | Failure {
  const start = openOrErrno('.')
  if (typeof start !== 'number') return failureOf('unable to open current working directory', start)!
  try {
    const entered = changeDirectory(directory)
    if (entered !== null) return failureOf(`unable to switch to directory: ${directory}`, entered)!
    const names = listNames()
    if (typeof names === 'string') return failureOf(`unable to open directory: ${directory}`, names)!
    const settings: Setting[] = []
    for (const name of names) {
      const content = readFile(name)
      if (typeof content === 'string') {
        const failed = failureOf(`unable to read ${directory}/${name}`, content)!
        if (content !== 'EISDIR' || subdirectories === 'refuse') return failed
        if (subdirectories === 'skip and tell') tell(failed.text)
      } else settings.push({ name, value: content.length === 0 ? null : variableValue(content.toString('latin1')) })
    }
    return failureOf('unable to switch to starting directory', changeDirectoryTo(start)) ?? settings
  } finally {
    closeSync(start)
  }
}

/** The first line, without blanks at its end; a zero byte stands for a newline. */
export function variableValue(content: ByteText): ByteText {
  const [line = ''] = content.split('\n', 1)
  return line.replace(/[ \t]+$/, '').replaceAll('\0', '\n')
}

function openOrErrno(path: ByteText): number | Errno {
  try {
    // A FIFO must not make us wait.
    return openSync(Buffer.from(path, 'latin1'), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return errnoOf(error)
  }
}

/** In no order of ours: where `A` and `A=B` both set A, runit lets the later one in the directory win. */
function listNames(): readonly ByteText[] | Errno {
  const names: ByteText[] = []
  let open: Dir
  try {
    open = opendirSync('.', { encoding: 'latin1' as BufferEncoding })
  } catch (error) {
    return errnoOf(error)
  }
  for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
    if (!entry.name.startsWith('.')) names.push(entry.name)
  }
  open.closeSync()
  return names
}

/** What does not exist, such as the target of a link, is as an empty file. */
function readFile(name: ByteText): Buffer | Errno {
  const fd = openOrErrno(name)
  if (fd === 'ENOENT') return Buffer.alloc(0)
  if (typeof fd !== 'number') return fd
  try {
    return readFileSync(fd)
  } catch (error) {
    return errnoOf(error)
  } finally {
    closeSync(fd)
  }
}
