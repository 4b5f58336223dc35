import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a path of a service directory is to be. */
export type Entry =
  | { readonly kind: 'file'; readonly content: string; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'fifo' }

/** Paths below some directory; what lies above them is made too. */
export type Files = Readonly<Record<string, Entry>>

export function shell(text: string): Entry {
  return { kind: 'file', content: `#!/bin/sh\n${text}\n`, mode: 0o755 }
}

export function file(content: string, mode = 0o644): Entry {
  return { kind: 'file', content, mode }
}

export function link(target: string): Entry {
  return { kind: 'link', target }
}

export function directory(mode = 0o755): Entry {
  return { kind: 'directory', mode }
}

export const fifo: Entry = { kind: 'fifo' }

export function writeFiles(root: string, files: Files): void {
  const fifos: string[] = []
  for (const [name, entry] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    switch (entry.kind) {
      case 'file':
        writeFileSync(path, entry.content)
        chmodSync(path, entry.mode)
        break
      case 'link':
        symlinkSync(entry.target, path)
        break
      case 'directory':
        mkdirSync(path, { recursive: true })
        chmodSync(path, entry.mode)
        break
      case 'fifo':
        fifos.push(path)
        break
    }
  }
  if (fifos.length > 0) execFileSync('mkfifo', ['-m', '600', ...fifos])
}
