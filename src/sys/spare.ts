import { closeSync, openSync } from 'node:fs'
import { errnoOf } from './errno.ts'

/** Held back for the moment when all others are used up; null while there was none to have. */
let spare: number | null = null

/**
 * Does what needs a descriptor for a moment, also when we have none left: then the one held back is given up for it. What
 * supervises must be able to look into /proc just when descriptors run out.
 */
export function withSpareDescriptor<T>(act: () => T): T {
  spare ??= hold()
  try {
    return act()
  } catch (error) {
    if (errnoOf(error) !== 'EMFILE' || spare === null) throw error
  }
  closeSync(spare)
  spare = null
  try {
    return act()
  } finally {
    spare = hold()
  }
}

function hold(): number | null {
  try {
    return openSync('/dev/null', 'r')
  } catch {
    return null // None to be had now: tried again with the next look.
  }
}
