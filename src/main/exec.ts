import type { ExecPort } from '../engine/ports.ts'

/** Commands beside units of either kind. null: there is nothing that could run them. */
export function combineExec(parts: {
  readonly processes: ExecPort | null
  readonly containers: ExecPort | null
}): ExecPort {
  return {
    start(unit, request) {
      const port = unit.spec.container === undefined ? parts.processes : parts.containers
      if (port !== null) return port.start(unit, request)
      const message = 'these units are only played (--driver fake), and nothing runs beside them'
      return Promise.resolve({ code: 'played', message, retry: false })
    },
  }
}
