import { appendFileSync } from 'node:fs'

/**
 * A point between two effects at which we may die. Does nothing, except under test: with HOLDFAST_DIE_AT=n the n-th
 * crossing kills this process on the spot, and with HOLDFAST_BOUNDARY_LOG=FILE each crossing appends its name there.
 */
export function boundary(name: string): void {
  if (!isActive) return
  crossings += 1
  if (logFile !== undefined) appendFileSync(logFile, `${name}\n`)
  if (crossings === dieAt) process.kill(process.pid, 'SIGKILL')
}

const dieAt = Number(process.env.HOLDFAST_DIE_AT ?? Number.NaN)
const logFile = process.env.HOLDFAST_BOUNDARY_LOG
const isActive = logFile !== undefined || dieAt > 0
let crossings = 0
