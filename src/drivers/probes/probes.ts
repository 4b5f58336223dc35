import { durationText } from '../../core/text.ts'
import type { LogReadPort, Post } from '../../engine/ports.ts'
import { probeHttp } from './http.ts'
import { createLogProbe } from './log.ts'
import { createLookup } from './lookup.ts'
import { type Finding, type ProbeStep, probed, timerMsMax } from './outcome.ts'
import { createPatterns } from './patterns.ts'
import { probeTcp } from './tcp.ts'

/** The probes that are not processes: http, tcp and log. */
export interface Probes {
  /** `probed` comes once, at the latest when its time is over. */
  perform(step: ProbeStep, post: Post): void
  /** Ends what is under way; nothing is posted any more. */
  close(): void
}

export function createProbes({ logs }: { readonly logs: LogReadPort }): Probes {
  const underWay = new Set<AbortController>()
  const patterns = createPatterns()
  const lookup = createLookup()
  const probeLog = createLogProbe({ logs, patterns })

  function look(step: ProbeStep, signal: AbortSignal): Promise<Finding> {
    const { probe } = step
    switch (probe.kind) {
      case 'http':
        return probeHttp(probe, { signal, lookup, patterns })
      case 'tcp':
        return probeTcp(probe, { signal, lookup })
      case 'log':
        return probeLog(step, probe.pattern, signal)
      case 'exec':
        throw new Error('commands are probes of the process driver')
    }
  }

  return {
    perform(step, post) {
      const startedMs = performance.now()
      const abort = new AbortController()
      underWay.add(abort)
      const settle = (finding: Finding): void => {
        if (!underWay.delete(abort)) return
        clearTimeout(timeout)
        // Whatever it still has open is closed by this.
        abort.abort()
        post(probed(step, { ...finding, durationMs: performance.now() - startedMs }))
      }
      const tooLong = { isOk: false, output: `took longer than ${durationText(step.timeoutMs)}` }
      const timeout = setTimeout(() => settle(tooLong), Math.min(step.timeoutMs, timerMsMax))
      abort.signal.addEventListener('abort', () => clearTimeout(timeout))
      // Anything it throws is a bug, and ends us as one.
      void look(step, abort.signal).then(settle)
    },
    close() {
      const all = [...underWay]
      underWay.clear()
      for (const abort of all) abort.abort()
    },
  }
}
