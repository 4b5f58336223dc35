import { closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../sys/atomic-write.ts'
import { errnoOf } from '../sys/errno.ts'
import { lockFile } from '../sys/flock.ts'
import { makeDirectory } from '../sys/make-directory.ts'
import { apiVersion, type KeyItem, type KeyList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import {
  hashKey,
  type KeyEntry,
  keysMax,
  keysPath,
  makeKey,
  parseKeys,
  printKeys,
  refuseKeyName,
} from '../wire/keys.ts'
import type { Context } from './command.ts'
import { formatOf, jsonText } from './output.ts'
import { type Column, printTable } from './table.ts'
import { UsageError } from './usage-error.ts'

/**
 * `holdfast config key add NAME [--read-only] | list | remove NAME`: the keys of the API over TCP. They are in a file of
 * the home, which a daemon reads again when it changed; none has to run. The operands begin with `key`.
 */
export function runConfigKey(context: Context): ExitCode {
  const [, action, name, ...more] = context.operands
  const isNamed = name !== undefined && more.length === 0
  try {
    if (action === 'list' && name === undefined) return list(context)
    if (action === 'add' && isNamed) return inFile(context, (keys) => add(context, keys, name))
    if (action === 'remove' && isNamed) return inFile(context, (keys) => remove(context, keys, name))
  } catch (error) {
    if (error instanceof UsageError) throw error
    const errno = errnoOf(error)
    context.talk(`holdfast: the keys of ${context.home.name} cannot be read or written (${errno})\n`)
    return errno === 'EACCES' || errno === 'EPERM' ? exitCodes.permission : exitCodes.failed
  }
  throw new UsageError('it is: key add NAME, key list, or key remove NAME')
}

function list(context: Context): ExitCode {
  const { home, options, out, talk, terminal } = context
  const keys = read(context)
  if (keys === null) return exitCodes.failed
  const items: readonly KeyItem[] = keys.map(({ name, scope, createdAt }) => ({ name, scope, createdAt }))
  const document: KeyList = { apiVersion, kind: 'KeyList', items }
  if (formatOf(options) === 'json') out(jsonText(document))
  else if (items.length === 0) talk(`there are no keys; make one with: ${typed(home, 'config key add NAME')}\n`)
  else out(printTable({ columns, rows: items.map(rowOf) }, terminal.columns))
  return exitCodes.ok
}

const columns: readonly Column[] = ['NAME', 'SCOPE', 'CREATED'].map((title) => {
  return { title, align: 'left', dropOrder: null, widthMin: null }
})

function rowOf({ name, scope, createdAt }: KeyItem): readonly { readonly text: string }[] {
  return [{ text: name }, { text: scope }, { text: createdAt }]
}

/** What the keys are to be from now on, and what is said then; a text: why nothing changes. */
type Change = { readonly keys: readonly KeyEntry[]; say(): void } | string

function add({ home, options, out, talk }: Context, keys: readonly KeyEntry[], name: string): Change {
  const refusal = refuseKeyName(name)
  if (refusal !== null) throw new UsageError(refusal)
  if (keys.some((key) => key.name === name)) {
    return `there is a key ${name} already; remove it first: ${typed(home, `config key remove ${name}`)}`
  }
  if (keys.length >= keysMax) return `there are ${keys.length} keys, and more are not kept; remove one first`
  const key = makeKey()
  const scope = options.isSet('read-only') ? 'read' : 'all'
  const entry: KeyEntry = { name, scope, sha256: hashKey(key).toString('hex'), createdAt: new Date().toISOString() }
  return {
    keys: [...keys, entry],
    say() {
      out(`${key}\n`)
      const what = scope === 'read' ? 'look at everything and change nothing' : 'do everything'
      talk(`whoever has this key may ${what}; it is not shown again\n`)
    },
  }
}

function remove({ home, talk }: Context, keys: readonly KeyEntry[], name: string): Change {
  const left = keys.filter((key) => key.name !== name)
  if (left.length === keys.length) return `there is no key ${name}; see: ${typed(home, 'config key list')}`
  return { keys: left, say: () => talk(`the key ${name} opens nothing any more\n`) }
}

/** Reads, changes and writes the file, with nobody else doing so meanwhile. Throws what the system says. */
function inFile(context: Context, change: (keys: readonly KeyEntry[]) => Change): ExitCode {
  const { home, talk } = context
  makeDirectory(home.stateDirectory, 0o700)
  const lock = lockFile(join(home.stateDirectory, 'keys.lock'))
  if (typeof lock === 'string') {
    talk(`holdfast: the keys are being changed by somebody else (${lock}); try again\n`)
    return exitCodes.failed
  }
  try {
    const keys = read(context)
    if (keys === null) return exitCodes.failed
    const changed = change(keys)
    if (typeof changed === 'string') {
      talk(`holdfast: ${changed}\n`)
      return exitCodes.failed
    }
    writeAtomically(keysPath(home.stateDirectory), printKeys(changed.keys))
    changed.say()
    return exitCodes.ok
  } finally {
    closeSync(lock)
  }
}

/** null: the file is damaged, and that was said. */
function read({ home, talk }: Context): readonly KeyEntry[] | null {
  const path = keysPath(home.stateDirectory)
  const text = readIfThere(path)
  const keys = text === null ? [] : parseKeys(text)
  if (keys === null) talk(`holdfast: ${path} is damaged; remove it, and add the keys again\n`)
  return keys
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
