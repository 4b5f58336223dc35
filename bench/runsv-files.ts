import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, type DirectoriesPeer, type ServiceState } from './peer.ts'

/** What runsv keeps in `supervise/`, and the client that reads it: the same whoever keeps it. */
export const runsvFiles: Pick<DirectoriesPeer, 'stateOf' | 'down' | 'status'> = {
  stateOf,
  down: (directory) => command('sv', ['-w', '5', 'down', directory]),
  status: (directories) => ['sv', 'status', ...directories],
}

/** Of the 20 bytes of supervise/status: what is wanted, as a letter, and the state. */
const wantAt = 17
const stateAt = 19
const running = 1

function stateOf(directory: string): ServiceState | null {
  const path = join(directory, 'supervise/status')
  if (!existsSync(path)) return null
  const bytes = readFileSync(path)
  return { isRunning: bytes[stateAt] === running, isWantedUp: bytes[wantAt] === 'u'.charCodeAt(0) }
}
