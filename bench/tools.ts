import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
export const root = dirname(here)
const cache = join(here, '.cache')

export const pm2Version = '7.0.4'

/** The path of a compiled program of this folder, compiled when its source is newer. */
export function compiled(name: 'unit' | 'flood' | 'spawn-loop'): string {
  const source = join(here, `${name}.c`)
  const program = join(cache, name)
  mkdirSync(cache, { recursive: true })
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs)
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source], { stdio: 'inherit' })
  return program
}

/** pm2's command, installed into the cache at the first use. */
export function pm2Program(): string {
  const folder = join(cache, `pm2-${pm2Version}`)
  const program = join(folder, 'node_modules/pm2/bin/pm2')
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true })
    const options = ['--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']
    execFileSync('npm', ['install', ...options, `pm2@${pm2Version}`], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return program
}

/**
 * A copy of the pinned Node for the benchmark itself. Run from the same file as the daemon, it would share the daemon's
 * pages and halve what the kernel counts as the daemon's share.
 */
export function ownNode(): string {
  const copy = join(cache, `node-${process.version}`)
  mkdirSync(cache, { recursive: true })
  if (!existsSync(copy)) copyFileSync(process.execPath, copy)
  return copy
}

export function hasCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)))
}

/** Of an installed Debian package. */
export function packageVersion(name: string): string {
  return firstLine('dpkg-query', ['-W', name]).split('\t')[1]!
}

/** The first line that a program says, such as its version. */
export function firstLine(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]!.trim()
}
