// Bundles the published entries into dist/: one file for the launcher's main, one for each lazily loaded part.
// Runs on any Node >= 20, because `npm ci` runs it with whatever node is installed.
import { renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
// Built beside and exchanged when it is complete: whoever starts a daemon meanwhile gets all of the old or all of the new.
const fresh = `dist.${process.pid}`
const old = `${fresh}.old`
try {
  await build({
    entryPoints: { main: 'src/main.ts' },
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['koffi'],
    // Its ES modules, which lie in the folder for browsers: bundled CommonJS has no named exports for a dynamic import.
    alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
    sourcemap: 'linked',
    // White space stays: a stack trace of one endless line helps nobody.
    minifySyntax: true,
    legalComments: 'linked',
    logLevel: 'warning',
  })
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

function moveAside(from, to) {
  try {
    renameSync(from, to)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}
