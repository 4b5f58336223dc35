import { pauseFor } from '../../../base/pause.ts'
import { rpcStdinRetryMs, rpcStdinRetryMsMax, rpcStdinWaitMs } from '../../../core/limits.ts'
import type { UnitId } from '../../../core/model.ts'
import { xmlBoolean } from '../../../formats/xml-rpc/make.ts'
import { errnoOf } from '../../../sys/errno.ts'
import type { RpcAsked } from '../contract.ts'
import { pythonText, textArgument } from './arguments.ts'
import { fault } from './faults.ts'
import { clientGone } from './following.ts'
import { type Methods, nameParameter } from './method.ts'
import { namedProcess } from './names.ts'
import type { RpcParts } from './parts.ts'

export function stdinMethods(parts: Pick<RpcParts, 'table' | 'stdin'>): Methods {
  /** Whoever comes later writes after who came before: what one sends stays together. */
  const turns = new Map<UnitId, Promise<unknown>>()

  async function inTurn(unit: UnitId, write: () => Promise<void>): Promise<void> {
    const mine = (turns.get(unit) ?? Promise.resolve()).then(write, write)
    turns.set(unit, mine)
    try {
      await mine
    } finally {
      if (turns.get(unit) === mine) turns.delete(unit)
    }
  }

  return {
    sendProcessStdin: {
      parameters: [nameParameter, { name: 'chars', type: 'string', about: 'what to write, as UTF-8' }],
      returns: 'boolean',
      help: 'Writes to the standard input of a process; true when its pipe has taken all.',
      async call([first, chars], asked) {
        if (chars!.kind !== 'string' && chars!.kind !== 'base64') {
          throw fault('INCORRECT_PARAMETERS', pythonText(chars!))
        }
        const bytes = Buffer.from(textArgument(chars))
        const name = textArgument(first)
        const { unit } = namedProcess(parts.table, name)
        await inTurn(unit, () => writeAll(parts, { unit, name, bytes }, asked))
        return xmlBoolean(true)
      },
    },
  }
}

interface Writing {
  readonly unit: UnitId
  readonly name: string
  readonly bytes: Uint8Array
}

/** Waits for a reader that is busy, not for one that never reads. Throws RpcFault. */
async function writeAll(
  { table, stdin }: Pick<RpcParts, 'table' | 'stdin'>,
  { unit, name, bytes }: Writing,
  { signal }: RpcAsked,
): Promise<void> {
  let left = bytes
  let delayMs = rpcStdinRetryMs
  let waitedMs = 0
  for (;;) {
    const process = table.byUnit(unit)
    if (process === null || process.pid === 0 || process.state === 'STOPPING') throw fault('NOT_RUNNING', name)
    const taken = writeOrRefuse(() => stdin.write(unit, left), name)
    left = left.subarray(taken)
    if (left.length === 0) return
    if (taken > 0) [delayMs, waitedMs] = [rpcStdinRetryMs, 0]
    if (waitedMs >= rpcStdinWaitMs) throw fault('FAILED', `${name} does not read its standard input`)
    await pauseFor(delayMs, signal)
    if (signal.aborted) throw clientGone()
    waitedMs += delayMs
    delayMs = Math.min(delayMs * 2, rpcStdinRetryMsMax)
  }
}

function writeOrRefuse(write: () => number | 'no-pipe', name: string): number {
  try {
    const taken = write()
    if (taken !== 'no-pipe') return taken
  } catch (error) {
    if (errnoOf(error) !== 'EPIPE') throw fault('FAILED', `${name} (${errnoOf(error)})`)
  }
  throw fault('NO_FILE', name)
}
