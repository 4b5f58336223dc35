import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../real/harness.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** scripts/test-deps unpacks daemontools there: its svscan and supervise need not be installed beside runit's. */
const daemontools = join(root, 'node_modules/.cache/test-deps/daemontools/usr/bin')

const needed = ['runsvdir', 'runsv', 'sv', 'chpst', 'svlogd', 'mkfifo', 'cc']

/** What every side and every client finds programs by. */
export const searchPath = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']

/** The path of an original client. */
export function tool(name: string): string {
  const folders = ['svc', 'svstat', 'svok'].includes(name) ? [daemontools] : searchPath
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? name
}

/** Why nothing can be compared here; false: it can. */
export function missingTools(more: readonly string[] = []): string | false {
  const missing = [...needed, ...more].filter((name) => !existsSync(tool(name)))
  return missing.length > 0 && `not installed: ${missing.join(', ')}; run scripts/test-deps`
}

/** Builds the service that tells what happens to it. */
export function buildWitness(program: string): void {
  execFileSync('cc', ['-O1', '-Wall', '-Wextra', '-o', program, join(here, 'witness.c')], { stdio: 'inherit' })
}
