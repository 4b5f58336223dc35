import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { syncDirectory, writeDurably } from '../../sys/durable-write.ts'
import { type BundleContents, BundleError } from './model.ts'
import { isSafePath } from './parse.ts'
import { topOf } from './target.ts'

/** The names of what an earlier bundle of the same target put there, in the directory of that. */
const listName = '.holdfast-bundle'

/**
 * Puts the files of a target below a directory, in place of those that an earlier bundle put there; whatever else is in it stays.
 * All of them are on the disk before the first one counts. Answers how to take it back. Throws what the file system throws.
 */
export function placeFiles(
  directory: string,
  { files }: Pick<BundleContents, 'files'>,
  bytes: ReadonlyMap<string, Buffer>,
): () => void {
  const listPath = join(directory, topOf({ files }), listName)
  if (files.some(({ path }) => join(directory, path) === listPath))
    throw new BundleError(`no file of a target may be called ${listName}`)
  const listed = textAt(listPath)
  // Whoever changed it: nothing goes but what is below the directory of the target.
  const before = namesIn(listed?.toString('utf8') ?? '')
  const old = new Map(
    [...new Set([...before, ...files.map(({ path }) => path)])].map((path) => [path, textAt(join(directory, path))]),
  )
  const directories = new Set([directory, ...files.map(({ path }) => dirname(join(directory, path)))])
  for (const one of directories) mkdirSync(one, { recursive: true, mode: 0o700 })
  for (const { path, mode } of files) {
    const fresh = `${join(directory, path)}.new`
    writeFileSync(fresh, bytes.get(path)!, { mode, flush: true })
    // Whatever the umask says.
    chmodSync(fresh, mode)
  }
  const names = files.map(({ path }) => path)
  // Both, until the change is made: whoever dies meanwhile leaves nothing unlisted.
  writeDurably(listPath, printNames([...before, ...names]))
  for (const path of names) renameSync(`${join(directory, path)}.new`, join(directory, path))
  for (const path of before) if (!names.includes(path)) rmSync(join(directory, path), { force: true })
  for (const one of directories) syncDirectory(one)
  writeDurably(listPath, printNames(names))
  return () => {
    for (const [path, content] of old) {
      if (content === null) rmSync(join(directory, path), { force: true })
      else writeFileSync(join(directory, path), content, { flush: true })
    }
    if (listed === null) rmSync(listPath, { force: true })
    else writeDurably(listPath, listed.toString('utf8'))
  }
}

function printNames(names: readonly string[]): string {
  return `${JSON.stringify([...new Set(names)])}\n`
}

function namesIn(text: string): readonly string[] {
  if (text === '') return []
  const names: unknown = JSON.parse(text)
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string' && isSafePath(name)) : []
}

/** null: there is none. */
function textAt(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
