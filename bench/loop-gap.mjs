// Loaded before the daemon (node --import): notes the longest gap in its event loop since the last SIGUSR2, in ms, in the
// file that LOOP_GAP_FILE names, at each SIGUSR2.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
process.on('SIGUSR2', () => {
  // What it measures is the time between two ticks of 1 ms.
  writeFileSync(process.env.LOOP_GAP_FILE, String(Math.max(0, delay.max / 1e6 - 1)))
  delay.reset()
})
