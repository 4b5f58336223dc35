import type { ByteText } from '../../sys/byte-text.ts'
import type { SignalState } from '../../sys/signal-state.ts'
import { launcherVariables, savedName } from '../launcher-variables.ts'
import type { Limits, StandardDescriptor } from './changes.ts'
import { variable } from './environment.ts'

/** How things were before bin/holdfast and Node changed them, as far as the launcher tells. */
export interface Caller {
  readonly environment: readonly ByteText[]
  /** The soft limits that were raised, because Node needs more than what they leave; it raises that of files itself. */
  readonly limits: Limits
  readonly signals: SignalState
  /** Node has opened /dev/null in their place. */
  readonly closed: readonly StandardDescriptor[]
}

/** `own`: the environment of this process. */
export function readCaller(own: readonly ByteText[]): Caller {
  const told = (name: ByteText): ByteText => variable(own, name) ?? ''
  return {
    environment: withoutLauncher(own),
    limits: Object.fromEntries(
      limitVariables.flatMap(([name, resource]) => {
        const soft = told(name)
        return /^[0-9]+$/.test(soft) ? [[resource, BigInt(soft)]] : []
      }),
    ),
    signals: { ignored: mask(told('HOLDFAST_SIGNALS_IGNORED')), blocked: mask(told('HOLDFAST_SIGNALS_BLOCKED')) },
    closed: ([0, 1, 2] as const).filter((fd) => told('HOLDFAST_CLOSED').includes(String(fd))),
  }
}

/** Bytes, or a number of files. No number: without a limit, as the hard one then is. */
const limitVariables = [
  ['HOLDFAST_NOFILE_SOFT', 'nofile'],
  ['HOLDFAST_AS_SOFT', 'as'],
  ['HOLDFAST_DATA_SOFT', 'data'],
  ['HOLDFAST_STACK_SOFT', 'stack'],
] as const

function mask(hex: ByteText): bigint {
  return /^[0-9a-f]+$/.test(hex) ? BigInt(`0x${hex}`) : 0n
}

/** The launcher keeps what it replaces as HOLDFAST_SAVED_*. */
function withoutLauncher(own: readonly ByteText[]): readonly ByteText[] {
  const restored = launcherVariables.flatMap((name) => {
    const saved = variable(own, savedName(name))
    return saved === null ? [] : [`${name}=${saved}`]
  })
  const isOfLauncher = (entry: ByteText): boolean => ofLauncher.has(entry.slice(0, entry.indexOf('=')))
  return [...own.filter((entry) => !isOfLauncher(entry)), ...restored]
}

const ofLauncher: ReadonlySet<ByteText> = new Set([
  ...launcherVariables,
  ...launcherVariables.map(savedName),
  ...limitVariables.map(([name]) => name),
  'HOLDFAST_SIGNALS_IGNORED',
  'HOLDFAST_SIGNALS_BLOCKED',
  'HOLDFAST_CLOSED',
])
