import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Every line that svlogd wrote into a log directory, oldest first; those that were put away are named by their time. */
export function readLogDirectory(path: string): readonly string[] {
  if (!existsSync(path)) return []
  const old = readdirSync(path).filter((name) => name.startsWith('@'))
  const texts = [...old.toSorted(), 'current'].map((name) => join(path, name)).filter(existsSync)
  return texts.flatMap((file) => readFileSync(file, 'latin1').split('\n').slice(0, -1))
}
