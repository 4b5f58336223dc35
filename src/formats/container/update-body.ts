import { assert } from '../../base/assert.ts'
import type { ContainerSettings } from '../../core/containers/model.ts'
import { limitsBody, restartBody } from './limits-body.ts'
import { stated } from './said.ts'

const changeable: readonly (keyof ContainerSettings)[] = [
  'restart',
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
]

/**
 * The body of POST /containers/ID/update, of settings that the comparison said can be changed in place. The engine does
 * not raise the swap that it chose itself together with the memory: with `memorySwapBytes` null it is told what it would
 * have chosen, which is twice the memory.
 */
export function containerUpdateBody(settings: Partial<ContainerSettings>): object {
  for (const field of Object.keys(settings) as (keyof ContainerSettings)[])
    assert(changeable.includes(field), `${field} of a container is not changed in place`)
  const { memoryBytes, memorySwapBytes, pidsMax, restart } = settings
  const isSwapChosen = memorySwapBytes === null && typeof memoryBytes === 'number'
  return stated({
    ...limitsBody(settings),
    ...(isSwapChosen ? { MemorySwap: 2 * memoryBytes } : {}),
    // Here nothing said means no change, and 0 means no limit.
    ...(pidsMax === null ? { PidsLimit: 0 } : {}),
    RestartPolicy: restart === undefined ? undefined : restartBody(restart),
  })
}
