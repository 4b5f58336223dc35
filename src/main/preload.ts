import { existsSync, renameSync } from 'node:fs'
import { diskSourceReader, isFailure } from '../dialects/source-reader.ts'
import { writeDurably } from '../sys/durable-write.ts'
import { errnoOf } from '../sys/errno.ts'
import type { Sources } from './sources.ts'

/**
 * Apps that the device was delivered with: taken where no target state was ever applied, and only once. Their images are in the
 * engine already, so nothing is pulled. Whatever is wrong is told, and the daemon goes on without them.
 */
export async function preloadApps(options: {
  readonly path: string
  readonly sources: Pick<Sources, 'applyState' | 'hasState'>
  readonly say: (text: string) => void
  readonly warn: (text: string) => void
}): Promise<void> {
  const { path, sources, say, warn } = options
  if (sources.hasState()) return
  const text = diskSourceReader({}).read(path)
  if (isFailure(text)) {
    // Nothing was preloaded: the usual case on a device that has run before. An engine makes a directory of a missing file.
    if (text.code !== 'ENOENT' && text.code !== 'EISDIR')
      warn(`${path} cannot be read: ${text.message}; nothing is preloaded`)
    return
  }
  if (isEmpty(text)) return
  try {
    const report = await sources.applyState({ text, name: path, force: false, apply: true, by: { kind: 'daemon' } })
    for (const line of [...report.errors, ...report.warnings]) say(line)
    if (!report.isApplied) {
      warn(`${path} has errors, see above: nothing is preloaded`)
      return
    }
    say(`preloaded ${report.changes.length} services from ${path}`)
    setAside(path, warn)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    warn(`${path} cannot be preloaded: ${error.message}`)
  }
}

/** As the original agent leaves it: `{}`, or a list without apps. */
function isEmpty(text: string): boolean {
  return /^\uFEFF?\s*(?:|\{\s*\}|\[\s*\])\s*$/.test(text)
}

/** So that it is not taken again, should our state be lost: what it declares may be years old then. */
function setAside(path: string, warn: (text: string) => void): void {
  const aside = `${path}.preloaded`
  if (existsSync(aside)) return
  try {
    renameSync(path, aside)
    writeDurably(path, '{}', 0o644)
  } catch (error) {
    warn(`${path} cannot be set aside (${errnoOf(error)}): it would be taken again if the state directory were lost`)
  }
}
