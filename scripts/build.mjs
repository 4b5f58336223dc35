// Bundles the published entries into dist/: one file for the launcher's main, one for each lazily loaded part, one for the
// whole command line, one for runit's programs, one for supervisorctl, and one for the client that others import, with its
// types; and the man pages.
// Runs on any Node >= 20, because `npm ci` runs it with whatever node is installed.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
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
/** What main loads only where it is meant, besides the command line. */
const roles = ['daemon', 'decode-role', 'image-engine', 'preflight-role', 'replay', 'supervisord/role']
const required = {
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  target: 'node24',
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl', 'import.meta.dirname': '__dirname' },
}
try {
  await Promise.all([
    build({
      ...common,
      entryPoints: Object.fromEntries(roles.map((role) => [role, `src/main/${role}.ts`])),
      splitting: true,
      target: 'node24',
      external: ['koffi'],
      // Its ES modules, which lie in the folder for browsers: bundled CommonJS has no named exports for a dynamic import.
      alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
    }),
    // Required, and in one file: by way of twenty ES modules a command takes a third longer.
    build({
      ...common,
      ...required,
      entryPoints: { cli: 'src/cli/main.ts', runit: 'src/runit/main.ts', supervisorctl: 'src/supervisorctl/main.ts' },
      external: ['koffi', 'yaml', 'croner'],
      // Names stay for stack traces; to read less is what counts here.
      minifyWhitespace: true,
    }),
    build({
      ...common,
      ...required,
      entryPoints: { main: 'src/main.ts' },
      plugins: [{ name: 'roles', setup: leaveOutRoles }],
    }),
    // On its own, because it runs on the Node of whoever imports it.
    build({ ...common, entryPoints: { client: 'src/client/index.ts' }, target: 'node20' }),
    writeTypes(`${fresh}/types`),
    writeManPages(`${fresh}/man`),
  ])
  await compileAhead(fresh)
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

function leaveOutRoles(bundle) {
  bundle.onResolve({ filter: /^\.\/main\// }, ({ path }) => ({
    path: path.replace(/^\.\/main\/(.*)\.ts$/, './$1.js'),
    external: true,
  }))
  bundle.onResolve({ filter: /^\.\/(cli|runit|supervisorctl)\/main\.ts$/ }, ({ path }) => ({
    path,
    namespace: 'required',
  }))
  bundle.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
    contents: `module.exports = require('./${path.split('/')[1]}.cjs')`,
    resolveDir: fresh,
  }))
  bundle.onResolve({ filter: /^\.\/(cli|runit|supervisorctl)\.cjs$/ }, ({ path }) => ({ path, external: true }))
}

/** Leaves what V8 makes of the files beside them, for the pinned Node: any other one, or none, does without. */
async function compileAhead(folder) {
  mkdirSync(`${folder}/compiled`)
  // By the ways that users take most; each ends where no daemon answers, or with a usage error.
  for (const args of [['ps'], ['help', 'ps'], ['daemon', '--no-such-option']]) {
    const main = [resolve(folder, 'main.cjs'), ...args]
    const options = ['--max-semi-space-size=1', '--disable-warning=ExperimentalWarning']
    const env = { ...process.env, HOLDFAST_HOME: resolve(folder, 'nowhere') }
    await promisify(execFile)('scripts/node', [...options, ...main], { env }).catch(() => {})
  }
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
