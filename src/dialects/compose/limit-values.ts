import { type Context, error, readByteSize, readInteger, readNumber, readText, type Setting } from './values.ts'

/** What a limit is while it is said to be unlimited, so that two keys that say so agree. */
export const unlimited = Number.POSITIVE_INFINITY

export function finite(value: number | null): number | null {
  return value === unlimited ? null : value
}

// Zero is Docker's word for: not limited.
export function readMemory(context: Context, setting: Setting): number | null {
  const bytes = readByteSize(context, setting)
  return bytes === 0 ? unlimited : bytes
}

export function readCpus(context: Context, setting: Setting): number | null {
  const cpus = readNumber(context, setting, { min: 0, max: 10_000 })
  if (cpus === 0) return unlimited
  // The kernel gives out no less than a millisecond of each tenth of a second.
  if (cpus === null || cpus >= 0.01) return cpus
  return error(context, setting, 'less than a hundredth of a processor cannot be given', 'write at least 0.01')
}

export function readPids(context: Context, setting: Setting): number | null {
  const pids = readInteger(context, setting, { min: -1, max: 4_194_304 })
  return pids === 0 || pids === -1 ? unlimited : pids
}

/** More processors than this no kernel is told of by number. */
const processorsMax = 1_024

export function decodeCpuset(context: Context, setting: Setting): readonly number[] | null {
  const text = readText(context, setting)
  if (text === null) return null
  const cpus = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part)
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
    if (!(first <= last && last < processorsMax))
      return error(context, setting, `'${text}' is not a set of processors`, 'write numbers from 0 and ranges: 0-3,5')
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu)
  }
  return [...cpus].toSorted((a, b) => a - b)
}
