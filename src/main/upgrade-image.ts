import { readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { VersionItem } from '../wire/api.ts'

/** One version of this program, as exactly as it takes to become it. */
export interface ProgramImage extends VersionItem {
  /** The Node it runs on, the options for that, and the file that it begins with. */
  readonly runtime: string
  readonly options: readonly string[]
  readonly main: string
  /** How it was called: what its messages suggest to type. */
  readonly command: string
  /** All it is loaded from, as it was when it was looked at. */
  readonly files: readonly FilePin[]
}

/** A file that was neither replaced nor changed has the same pin. */
export interface FilePin {
  readonly path: string
  readonly pin: string
}

/** The image that runs here. */
export function ownImage(version: string): ProgramImage {
  const main = realpathSync(process.argv[1]!)
  // main.cjs lies in dist/, main.ts in src/: both one below the package.
  const directory = dirname(dirname(main))
  const manifest = join(directory, 'package.json')
  return {
    version,
    directory,
    runtime: process.execPath,
    options: process.execArgv,
    main,
    command: process.env.HOLDFAST_COMMAND ?? launcherOf({ directory }),
    files: [process.execPath, manifest, ...bundleOf(main)].map((path) => ({ path, pin: pinOf(path) })),
  }
}

export function launcherOf({ directory }: Pick<VersionItem, 'directory'>): string {
  return join(directory, 'bin/holdfast')
}

/** The first of its files that is no longer what it was; null: all are. */
export function changedFile({ files }: ProgramImage): string | null {
  return files.find(({ path, pin }) => pinOf(path) !== pin)?.path ?? null
}

/** From source nobody upgrades in earnest: the first file stands for all. */
function bundleOf(main: string): readonly string[] {
  const folder = dirname(main)
  if (!main.endsWith('.cjs')) return [main]
  return readdirSync(folder)
    .filter((name) => /\.c?js$/.test(name))
    .map((name) => join(folder, name))
}

function pinOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? 'gone' : [stat.dev, stat.ino, stat.size, stat.mtimeMs].join(' ')
}
