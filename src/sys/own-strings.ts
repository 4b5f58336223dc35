import { readFileSync } from 'node:fs'
import { type ByteText, toByteText } from './byte-text.ts'

/**
 * The arguments this process was started with, Node's own ones included: what Node answers has lost invalid UTF-8. Where
 * there is no /proc, what Node answers.
 */
export function ownArguments(): readonly ByteText[] {
  return (
    zeroEnded('/proc/self/cmdline') ?? [process.execPath, ...process.execArgv, ...process.argv.slice(1)].map(toByteText)
  )
}

/** The environment this process was started with, `NAME=value`, in its order; as exact as the arguments. */
export function ownEnvironment(): readonly ByteText[] {
  return (
    zeroEnded('/proc/self/environ') ??
    Object.entries(process.env).map(([name, value]) => toByteText(`${name}=${value}`))
  )
}

function zeroEnded(path: string): readonly ByteText[] | null {
  try {
    return readFileSync(path, 'latin1').split('\0').slice(0, -1)
  } catch {
    return null
  }
}
