import type { Snapshot, StdinPort } from '../../engine/ports.ts'
import { errnoOf } from '../../sys/errno.ts'
import { apiVersion, type StdinReport } from '../../wire/api.ts'
import { Refusal } from './refusal.ts'
import { selectOne } from './select.ts'

/**
 * Writes to the stdin of one unit what its pipe takes now. Where that is less than all, the refusal says how much was
 * taken: waiting for the rest is the client's, so that a service that never reads holds up nobody here.
 */
export function writeStdin(
  { state }: Snapshot,
  stdin: StdinPort,
  { names, bytes }: { readonly names: readonly string[]; readonly bytes: Uint8Array },
): StdinReport {
  const { id, spec } = selectOne(state, names, 'stdin is written to')
  if (spec.process.stdin.kind !== 'pipe') {
    throw new Refusal(
      'no-stdin',
      `the stdin of ${id} is no pipe`,
      'set x-holdfast.stdin: pipe for it, then: holdfast up',
    )
  }
  const taken = writeOrRefuse(stdin, id, bytes)
  if (taken === 'no-pipe') {
    throw new Refusal('no-stdin', `${id} has no pipe for its stdin yet`, `start it with: holdfast start ${id}`)
  }
  if (taken < bytes.length) {
    const message = `the stdin of ${id} is full: ${taken} of ${bytes.length} bytes were taken`
    throw new Refusal('stdin-full', message, 'send the rest when it has read some', { bytesTaken: taken })
  }
  return { apiVersion, kind: 'StdinReport', unit: id, bytesTaken: taken }
}

function writeOrRefuse(stdin: StdinPort, unit: string, bytes: Uint8Array): number | 'no-pipe' {
  try {
    return stdin.write(unit, bytes)
  } catch (error) {
    throw new Refusal(
      'failed',
      `the stdin of ${unit} cannot be written to (${errnoOf(error)})`,
      `see: holdfast status ${unit}`,
    )
  }
}
