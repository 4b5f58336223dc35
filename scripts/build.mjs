// Bundles the published entries into dist/: one file for the launcher's main, one for each lazily loaded part, and one for
// the client that others import, with its types; and the man pages.
// Runs on any Node >= 20, because `npm ci` runs it with whatever node is installed.
import { execFile } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { writeManPages } from './man-pages.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
// Built beside and exchanged when it is complete: whoever starts a daemon meanwhile gets all of the old or all of the new.
const fresh = `dist.${process.pid}`
const old = `${fresh}.old`
const common = {
  outdir: fresh,
  bundle: true,
  format: 'esm',
  platform: 'node',
  sourcemap: 'linked',
  // White space stays: a stack trace of one endless line helps nobody.
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
}
try {
  await Promise.all([
    build({
      ...common,
      entryPoints: { main: 'src/main.ts' },
      splitting: true,
      target: 'node24',
      external: ['koffi'],
      // Its ES modules, which lie in the folder for browsers: bundled CommonJS has no named exports for a dynamic import.
      alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
    }),
    // On its own, because it runs on the Node of whoever imports it.
    build({ ...common, entryPoints: { client: 'src/client/index.ts' }, target: 'node20' }),
    writeTypes(`${fresh}/types`),
    writeManPages(`${fresh}/man`),
  ])
  moveAside('dist', old)
  renameSync(fresh, 'dist')
} catch (error) {
  // esbuild has printed what is wrong with the sources; anything else is for whoever reads the stack.
  if (!Array.isArray(error.errors)) console.error(error)
  process.exitCode = 1
} finally {
  rmSync(fresh, { recursive: true, force: true })
  rmSync(old, { recursive: true, force: true })
}

async function writeTypes(folder) {
  const compiler = 'node_modules/typescript/bin/tsc'
  if (!existsSync(compiler)) return
  await promisify(execFile)(process.execPath, [compiler, '-p', 'src/client', '--outDir', folder])
}

function moveAside(from, to) {
  try {
    renameSync(from, to)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}
