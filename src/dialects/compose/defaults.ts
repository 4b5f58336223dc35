import type { Backoff } from '../../core/model.ts'

export const backoffDefault: Backoff = {
  shape: 'exponential',
  firstMs: 200,
  factor: 2,
  maxMs: 30_000,
  jitter: 0.2,
  freeRestarts: 1,
}

/** More restarts than this is without end. */
export const restartsMaxLimit = 1_000_000
