import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export type FoundFile =
  | { readonly kind: 'found'; readonly path: string }
  /** In supervisord's words. */
  | { readonly kind: 'none'; readonly message: string }

/** The file that was named, or the first of the usual ones. `program`: the path by which supervisord was called. */
export function findConfiguration(named: string | null, program: string): FoundFile {
  if (named !== null) {
    const path = resolve(named)
    return existsSync(path) ? { kind: 'found', path } : { kind: 'none', message: `could not find config file ${named}` }
  }
  const here = dirname(program.includes('/') ? program : (process.env.HOLDFAST_COMMAND ?? ''))
  const usual = [
    join(here, '../etc/supervisord.conf'),
    join(here, '../supervisord.conf'),
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ]
  const path = usual.find((one) => existsSync(one))
  if (path !== undefined) return { kind: 'found', path: resolve(path) }
  const list = usual.join(', ')
  const message = `No config file found at default paths (${list}); use the -c option to specify a config file at a different path`
  return { kind: 'none', message }
}
