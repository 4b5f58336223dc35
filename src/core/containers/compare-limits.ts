import { type Asked, askedAt } from './compare-asked.ts'
import type { Difference, Finding } from './compare-difference.ts'
import type { ContainerSettings } from './model.ts'

const limits = [
  'memoryBytes',
  'memoryReservationBytes',
  'memorySwapBytes',
  'nanoCpus',
  'cpuShares',
  'cpuQuotaUs',
  'cpuPeriodUs',
  'cpuset',
  'pidsMax',
  'blkioWeight',
] as const satisfies readonly (keyof ContainerSettings)[]

type Limit = (typeof limits)[number]

interface LimitScene {
  readonly declared: ContainerSettings
  readonly told: ContainerSettings
  readonly asked: Asked
}

/** The limits that the engine can change in place. None of them is 0 or less, except for -1 of unlimited swap. */
export function compareLimits(scene: LimitScene): readonly Finding[] {
  return limits.flatMap((field) => {
    const [is, shouldBe] = [presentLimit(scene, field), wantedLimit(scene.declared, field)]
    if (is === shouldBe || isOtherWord(scene, field) || isChosenSwap(scene, field)) return []
    return [{ field, is, shouldBe, how: howToChange(scene, { field, is, shouldBe }) }]
  })
}

type Value = number | string | null

function presentLimit({ told, asked }: LimitScene, field: Limit): Value {
  const value = limitWord(told[field], field)
  // Where the kernel does not count swap the engine says that it is unlimited, whatever it was asked for.
  const isUncounted = field === 'memorySwapBytes' && value === -1 && (askedAt(asked, field) ?? -1) !== -1
  return isUncounted ? null : value
}

/** Without a word about swap there is as much of it as there is memory. */
function wantedLimit(declared: ContainerSettings, field: Limit): Value {
  const value = limitWord(declared[field], field)
  if (field !== 'memorySwapBytes' || value !== null || !declared.memoryBytes) return value
  return 2 * declared.memoryBytes
}

function limitWord(value: Value, field: Limit): Value {
  if (value === '' || value === 0) return null
  return value === -1 && field !== 'memorySwapBytes' ? null : value
}

/** Podman tells a number of processors as a quota too, and the other way round. */
function isOtherWord({ declared, told }: LimitScene, field: Limit): boolean {
  if (told.nanoCpus === null || told.cpuQuotaUs === null || told.cpuPeriodUs === null) return false
  const isTheSame = Math.abs(told.cpuQuotaUs / told.cpuPeriodUs - told.nanoCpus / 1e9) < 1e-3
  if (!isTheSame || limitWord(declared[field], field) !== null) return false
  if (field === 'nanoCpus') return declared.cpuQuotaUs !== null
  return (field === 'cpuQuotaUs' || field === 'cpuPeriodUs') && declared.nanoCpus !== null
}

/** Nothing is declared of swap, and the engine's word on it cannot be told from its own choice. */
function isChosenSwap({ declared, told, asked }: LimitScene, field: Limit): boolean {
  if (field !== 'memorySwapBytes' || declared.memorySwapBytes !== null) return false
  return told.memorySwapBytes === -1 && askedAt(asked, field) === undefined
}

/**
 * In place, as far as the engine can: it takes no limit away, has either a number of processors or a quota, and where its
 * kernel cannot do a limit it says so in a warning and has none, again and again. Hence a first limit of most kinds makes
 * the container anew, once; of the memory it shows in the swap, and of the processors the engine refuses it.
 */
function howToChange(
  { declared, told }: LimitScene,
  { field, is, shouldBe }: { readonly field: Limit; readonly is: Value; readonly shouldBe: Value },
): Difference['how'] {
  if (shouldBe === null) return 'recreate'
  const hasMemory = told.memoryBytes !== null
  const isMemoryKept = hasMemory || told.memorySwapBytes !== -1
  switch (field) {
    case 'memoryBytes':
      return isMemoryKept ? 'update' : 'recreate'
    case 'memoryReservationBytes':
      return is !== null || hasMemory ? 'update' : 'recreate'
    case 'memorySwapBytes':
      // The engine's own choice can only be repeated together with the memory.
      if (declared.memorySwapBytes === null && declared.memoryBytes === told.memoryBytes) return 'recreate'
      // What was unlimited may be what the kernel does not count.
      return told.memorySwapBytes !== -1 ? 'update' : 'recreate'
    case 'nanoCpus':
      return told.cpuQuotaUs === null && told.cpuPeriodUs === null ? 'update' : 'recreate'
    case 'cpuQuotaUs':
    case 'cpuPeriodUs':
      return told.nanoCpus === null && (is !== null || told.cpuQuotaUs !== null) ? 'update' : 'recreate'
    case 'cpuShares':
    case 'cpuset':
    case 'pidsMax':
    case 'blkioWeight':
      return is === null ? 'recreate' : 'update'
  }
}
