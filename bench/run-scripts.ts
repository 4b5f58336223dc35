import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site } from './peer.ts'

/** A service with a logger of its own. */
export function writeLogged(folder: string, command: readonly string[], logger: string): void {
  writeLogRun(folder, logger)
  writeFileSync(join(folder, 'run'), `#!/bin/sh\nexec ${command.join(' ')}\n`, { mode: 0o755 })
}

/** Gives a service this command as its logger. */
export function writeLogRun(folder: string, logger: string): void {
  mkdirSync(join(folder, 'log'), { recursive: true })
  writeFileSync(join(folder, 'log/run'), `#!/bin/sh\nexec ${logger}\n`, { mode: 0o755 })
}

/** The fastest run script there is: no shell, the unit is its own interpreter. `saying`: a line to its logger as well. */
export function writeRunScript(
  site: Site,
  folder: string,
  index: number,
  saying: 'a line' | 'nothing' = 'nothing',
): void {
  mkdirSync(folder)
  const argument = `${site.argument(index)}${saying === 'a line' ? '!' : ''}`
  writeFileSync(join(folder, 'run'), `#!${site.unit} ${argument}\n`, { mode: 0o755 })
}
