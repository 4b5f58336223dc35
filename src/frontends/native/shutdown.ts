import type { State, Who } from '../../core/model.ts'
import { whoText } from '../../core/text.ts'
import { type EnginePort, StoreError } from '../../engine/ports.ts'
import { apiVersion, type ShutdownReport } from '../../wire/api.ts'

/** Begins the end of the daemon, as SIGTERM does, and tells what is stopped. Again: what is still waited for. */
export async function shutDown(engine: EnginePort, by: Who): Promise<ShutdownReport> {
  const isUnderWay = engine.snapshot().state.mode.kind === 'stopping'
  const { state } = isUnderWay ? engine.snapshot() : await commandEnd(engine, by)
  return { apiVersion, kind: 'ShutdownReport', pid: process.pid, units: living(state), isUnderWay }
}

/** A full disk is no reason to go on: then it is the daemon's own doing, which needs no storing. */
async function commandEnd(engine: EnginePort, by: Who): ReturnType<EnginePort['command']> {
  const why = `ended by ${whoText(by)}`
  try {
    return await engine.command({ kind: 'shutdown', by, why })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return await engine.command({ kind: 'shutdown', by: { kind: 'daemon' }, why })
  }
}

/** Those of which something lives, or has to be run before the end. What cannot be told is left alone. */
function living(state: State): readonly string[] {
  return [...state.units.values()].flatMap(({ id, run, after, phase }) => {
    return phase === 'unresolved' || (run === null && after === null) ? [] : id
  })
}
