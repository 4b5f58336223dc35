import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory, where there is none, with exactly this mode. What root makes above it lets everybody pass, and nobody
 * look around: what is below may come to belong to another user. `path` is absolute.
 */
export function makeDirectory(path: string, mode: number): void {
  const above = process.geteuid?.() === 0 ? 0o711 : 0o700
  const first = mkdirSync(path, { recursive: true, mode: above })
  if (first === undefined) return
  // mkdir's mode is lessened by the umask.
  for (let made = dirname(path); made.length >= first.length; made = dirname(made)) chmodSync(made, above)
  chmodSync(path, mode)
}
