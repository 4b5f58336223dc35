import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { built, root } from './harness.ts'

/** Another version of the program, made of this one: to be upgraded to, or to be broken. */
export interface Version {
  readonly version: string
  readonly directory: string
  readonly main: string
  /** Changes the file of its bundle that contains this text. */
  edit(text: string, change: (content: string) => string): void
}

export async function makeVersion(directory: string, version: string): Promise<Version> {
  await built()
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const part of ['bin', 'dist']) cpSync(join(root, part), join(directory, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ ...manifest, version }))
  const bundle = join(directory, 'dist')
  return {
    version,
    directory,
    main: join(bundle, 'main.cjs'),
    edit(text, change) {
      for (const name of readdirSync(bundle)) {
        const path = join(bundle, name)
        const content = /\.c?js$/.test(name) ? readFileSync(path, 'utf8') : ''
        if (!content.includes(text)) continue
        writeFileSync(path, change(content))
        return
      }
      throw new Error(`no file of ${bundle} contains: ${text}`)
    },
  }
}
