import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** By then what is declared has been started, and whoever waits for that has heard of it. */
const settledMs = 3_000

/**
 * Trades speed that nobody needs for memory; to be called when all is loaded. Options given at the start of the process make
 * V8 refuse the compiled form of Node's own modules, which doubles the time to start.
 */
export function saveMemory(): void {
  setFlagsFromString('--optimize-for-size')
  setTimeout(giveBack, settledMs).unref()
}

/** Once: what starting left behind goes back to the system (some 3 MB), for a pause of about 20 ms. */
function giveBack(): void {
  setFlagsFromString('--expose-gc')
  const collect: (options: object) => void = runInNewContext('gc')
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
