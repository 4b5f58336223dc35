import type { Difference } from './difference.ts'
import { differencesOfProcesses } from './differences-of-processes.ts'
import { differencesOfServices } from './differences-of-services.ts'
import { differencesOfWords } from './differences-of-words.ts'

/** docs/compat/runit.md tells a reader the same, with the same reasons; one that no longer shows is a failure. */
export const differences: readonly Difference[] = [
  ...differencesOfProcesses,
  ...differencesOfServices,
  ...differencesOfWords,
]
