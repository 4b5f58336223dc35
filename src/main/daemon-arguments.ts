import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseByteSize, printByteSize } from '../formats/byte-size.ts'
import { suggest } from '../formats/suggest.ts'
import { parseTcpAddress, printTcpAddress } from '../wire/tcp-address.ts'
import type { Declared, SupervisordRole } from './declared.ts'
import type { DriverName } from './home-driver.ts'

export type DaemonArguments =
  | ({
      readonly kind: 'arguments'
      readonly home: string | undefined
      readonly driver: DriverName
      /** It begins even where nothing is declared, and waits until something is. */
      readonly isEmptyAllowed?: true
      /** A file of apps that are there from the beginning, absolute. */
      readonly preload?: string
      /** Its sources are absolute; none: those of last time. */
    } & Declared)
  | { readonly kind: 'usage'; readonly message: string }

/** What `parseDaemonArguments` reads back, for a daemon of the same home with what is declared now. */
export function daemonArguments(options: {
  readonly home: string | undefined
  readonly driver: DriverName
  readonly declared: Declared
}): readonly string[] {
  const { home, driver, declared } = options
  const { lenient, logTotalBytesMax, listen, runsvdir, sources, balena, supervisord } = declared
  return [
    ...(home === undefined ? [] : ['--home', home]),
    ...(lenient ? ['--lenient'] : []),
    ...(logTotalBytesMax === null ? [] : ['--log-total', printByteSize(logTotalBytesMax)]),
    ...(listen === null ? [] : ['--listen', printTcpAddress(listen)]),
    ...(driver === 'process' ? [] : ['--driver', driver]),
    ...(runsvdir === null ? [] : ['--runsvdir', runsvdir]),
    ...(supervisord === undefined ? [] : ['--supervisord', JSON.stringify(supervisord)]),
    ...(balena?.configFile == null ? [] : ['--balena-config', balena.configFile]),
    ...(balena?.lockRoot == null ? [] : ['--balena-locks', balena.lockRoot]),
    ...sources,
  ]
}

const options = {
  home: { type: 'string' },
  lenient: { type: 'boolean' },
  'log-total': { type: 'string' },
  listen: { type: 'string' },
  driver: { type: 'string' },
  'allow-empty': { type: 'boolean' },
  preload: { type: 'string' },
  'balena-config': { type: 'string' },
  'balena-locks': { type: 'string' },
  // What `holdfast runsvdir` becomes: nobody types it.
  runsvdir: { type: 'string' },
  // The same of `holdfast supervisord`: a SupervisordRole as JSON.
  supervisord: { type: 'string' },
  color: { type: 'string' },
} as const

/** What stands after `holdfast daemon`. The command table of the CLI describes the same options. */
export function parseDaemonArguments(args: readonly string[]): DaemonArguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
    })
    const { home, lenient = false, 'log-total': logTotal, listen: listenText, driver = 'process' } = values
    const runsvdir = values.runsvdir === 'inherit' || values.runsvdir === 'store' ? values.runsvdir : null
    const logTotalBytesMax = logTotal === undefined ? null : parseByteSize(logTotal)
    if (logTotal !== undefined && (logTotalBytesMax === null || logTotalBytesMax < logTotalBytesLeast)) {
      return usage(`--log-total is a size of at least 1MB, such as 500MB or 2GB, not '${logTotal}'`)
    }
    if (driver !== 'process' && driver !== 'fake') return usage(`--driver is process or fake, not '${driver}'`)
    const listen = listenText === undefined ? null : parseTcpAddress(listenText)
    if (listenText !== undefined && listen === null) {
      return usage(`--listen is PORT or ADDRESS:PORT, such as 8700 or 192.0.2.7:8700, not '${listenText}'`)
    }
    const sources = positionals.map((path) => resolve(path))
    const { preload, 'balena-config': config, 'balena-locks': locks } = values
    const path = (text: string | undefined) => (text === undefined || text === '' ? null : resolve(text))
    const more = {
      ...(values['allow-empty'] === true ? { isEmptyAllowed: true as const } : {}),
      ...(preload === undefined ? {} : { preload: resolve(preload) }),
      ...(config === undefined && locks === undefined
        ? {}
        : { balena: { configFile: path(config), lockRoot: path(locks) } }),
      ...(values.supervisord === undefined ? {} : { supervisord: JSON.parse(values.supervisord) as SupervisordRole }),
    }
    return { kind: 'arguments', home, driver, lenient, logTotalBytesMax, listen, runsvdir, sources, ...more }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error
    const [message = ''] = (error as Error).message.split('. ')
    const unknown = /^Unknown option '(--[^']+)'/.exec(message)?.[1]
    const names = Object.keys(options)
      .filter((name) => name !== 'runsvdir' && name !== 'supervisord')
      .map((name) => `--${name}`)
    const similar = unknown === undefined ? null : suggest(unknown, names)
    return usage(similar === null ? message : `unknown option ${unknown}, perhaps ${similar} is meant`)
  }
}

/** Less keeps nothing that was rotated, which is hardly what somebody wants: a number without its unit. */
const logTotalBytesLeast = 1024 * 1024

function usage(message: string): DaemonArguments {
  return { kind: 'usage', message: `daemon: ${message}; see: holdfast help daemon` }
}
