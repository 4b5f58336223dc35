import { accessSync, constants } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The environment that services inherit, with our own sv, chpst and svlogd at the end of PATH where there is no sv in it: run
 * scripts call them by these names, and a host without runit has none.
 */
export function withRunitPrograms(
  environment: Readonly<Record<string, string>>,
  /** The file this program was started as: below src/ or dist/. */
  main: string,
): Readonly<Record<string, string>> {
  const folders = (environment.PATH ?? '').split(':')
  if (folders.some((folder) => isRunnable(join(folder, 'sv')))) return environment
  const own = join(dirname(dirname(main)), 'libexec', 'runit')
  return { ...environment, PATH: [...folders.filter((folder) => folder !== ''), own].join(':') }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Whatever keeps us from it keeps the services from it.
    return false
  }
}
