/** What the file `config` in a log directory of svlogd says. */
export interface SvlogdConfig {
  /** Of `current`; 0: it is not rotated by size. */
  readonly sizeMaxBytes: number
  /** Old files that are kept; 0: all. */
  readonly filesMax: number
  /** Old files that are kept even when the disk is full. */
  readonly filesMin: number
  /** Of `current`; 0: it is not rotated by age. */
  readonly ageMaxSeconds: number
  /** A shell command; null: none. As the shell gets it, one character for a byte. */
  readonly processor: string | null
  readonly udp: UdpTarget | null
  /** Before each line, after its stamp; one character for a byte. */
  readonly prefix: string
  /** In their order: the last one that matches decides. */
  readonly patterns: readonly SelectionPattern[]
}

export interface UdpTarget {
  /** Four numbers with dots. */
  readonly address: string
  readonly port: number
  /** Lines go nowhere else. */
  readonly isOnly: boolean
}

export interface SelectionPattern {
  readonly effect: 'select' | 'deselect' | 'tell' | 'hush'
  readonly pattern: Uint8Array
}

/** Shared by all directories that have no config. */
export const defaultSvlogdConfig: SvlogdConfig = {
  sizeMaxBytes: 1_000_000,
  filesMax: 10,
  filesMin: 10,
  ageMaxSeconds: 0,
  processor: null,
  udp: null,
  prefix: '',
  patterns: [],
}

/**
 * Reads `config` as svlogd does: the first byte of a line decides, what cannot be understood is passed over, and nothing
 * is an error. `warnings`: as svlogd says them, without its name.
 *
 * Other than in the original a `U` line with an address that cannot be read is ignored altogether: there it turned off
 * the file as well, so that every line was lost.
 */
export function parseSvlogdConfig(bytes: Buffer): {
  readonly config: SvlogdConfig
  readonly warnings: readonly string[]
} {
  const warnings: string[] = []
  let config = defaultSvlogdConfig
  for (const line of bytes.toString('latin1').split('\n')) {
    // A C string: it ends with the first zero.
    const value = line.slice(1).split('\0', 1)[0]!
    switch (line[0]) {
      case 's':
        config = { ...config, sizeMaxBytes: scaled(value, { k: 1024, m: 1024 * 1024 }) }
        break
      case 'n':
        config = { ...config, filesMax: scaled(value, {}) }
        break
      case 'N':
        config = { ...config, filesMin: scaled(value, {}) }
        break
      case 't':
        config = { ...config, ageMaxSeconds: scaled(value, { m: 60, h: 3600 }) }
        break
      case '!':
        if (line.length > 1) config = { ...config, processor: value === '' ? null : value }
        break
      case 'p':
        if (line.length > 1) config = { ...config, prefix: value }
        break
      case 'u':
      case 'U': {
        const udp = parseUdp(value, line[0] === 'U')
        if (typeof udp === 'string') warnings.push(udp)
        else config = { ...config, udp: { ...udp, isOnly: udp.isOnly || config.udp?.isOnly === true } }
        break
      }
      case '+':
      case '-':
      case 'e':
      case 'E':
        config = {
          ...config,
          patterns: [...config.patterns, { effect: effects[line[0]], pattern: Buffer.from(value, 'latin1') }],
        }
        break
    }
  }
  return { config, warnings }
}

const effects = { '+': 'select', '-': 'deselect', e: 'tell', E: 'hush' } as const

/** No digits are 0; what follows the number and its unit is passed over. */
function scaled(value: string, units: Readonly<Record<string, number>>): number {
  const digits = /^[0-9]*/.exec(value)![0]
  return Number(digits) * (units[value[digits.length] ?? ''] ?? 1)
}

/** Or the warning. Numbers beyond a byte, or a port beyond two, are cut to it as the original does. */
function parseUdp(value: string, isOnly: boolean): UdpTarget | string {
  const found = /^([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)/.exec(value)
  if (found === null) return `unable to scan ip address: ${value}`
  const rest = value.slice(found[0].length)
  const port = rest.startsWith(':') ? scaled(rest.slice(1), {}) : syslogPort
  if (port % 65536 === 0) return `unable to scan port number: ${rest.slice(1)}`
  const numbers = found.slice(1).map((number) => Number(number) % 256)
  return { address: numbers.join('.'), port: port % 65536, isOnly }
}

const syslogPort = 514
