// Writes the man pages into a folder. They are made from the table of commands, which is TypeScript: bundled and run here,
// without what the commands do.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

export async function writeManPages(folder) {
  const { outputFiles } = await build({
    entryPoints: ['src/cli/man/pages.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    plugins: [{ name: 'lazy', setup: (made) => made.onResolve({ filter: /^\.\.?\// }, leaveLazyAway) }],
    logLevel: 'warning',
  })
  const source = Buffer.from(outputFiles[0].contents).toString('base64')
  const { manPages } = await import(`data:text/javascript;base64,${source}`)
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  // Whoever builds the same twice wants the same (reproducible-builds.org).
  const seconds = Number(process.env.SOURCE_DATE_EPOCH ?? Date.now() / 1000)
  const date = new Date(seconds * 1000).toISOString().slice(0, 10)
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(manPages({ version, date }))) writeFileSync(`${folder}/${name}`, text)
}

function leaveLazyAway({ kind, path }) {
  return kind === 'dynamic-import' ? { path, external: true } : undefined
}
