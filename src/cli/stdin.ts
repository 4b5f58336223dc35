import type { StdinReport } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { Refused } from './client.ts'
import type { Context } from './command.ts'
import { timeoutOf } from './seconds.ts'
import { visible } from './terminal.ts'

/** One request's bytes: as much as an empty pipe takes. */
const chunkBytesMax = 64 * 1024

/** A full pipe is tried again after this, doubling up to the maximum, and from the start once it takes something. */
const retryMs = 20
const retryMsMax = 500

/** Nobody watches a terminal for longer than this without wondering. */
const tellAfterMs = 1_000

/** `holdfast stdin`: copies our own stdin, or a line, to that of a unit; waits while its pipe is full. */
export async function runStdin(context: Context): Promise<ExitCode> {
  const { options } = context
  const timeoutMs = timeoutOf(options)
  const text = options.value('text')
  // Who types is to learn of a wrong name before the first line.
  if (text === undefined) await offer(context, Buffer.alloc(0))
  const patience = createPatience(context, timeoutMs)
  const input = text === undefined ? process.stdin : [Buffer.from(`${text}\n`)]
  for await (const chunk of input) {
    for (let at = 0; at < chunk.length; at += chunkBytesMax) {
      if (!(await send(context, chunk.subarray(at, at + chunkBytesMax), patience))) return exitCodes.timedOut
    }
  }
  return exitCodes.ok
}

/** false: nothing was taken for too long. */
async function send(context: Context, bytes: Buffer, patience: Patience): Promise<boolean> {
  let left = bytes
  patience.renew()
  for (;;) {
    const taken = await offer(context, left)
    if (taken > 0) patience.renew()
    left = left.subarray(taken)
    if (left.length === 0) return true
    if (!(await patience.wait())) return false
  }
}

/** How many bytes were taken. */
async function offer({ client, operands }: Context, bytes: Buffer): Promise<number> {
  try {
    const report = await client.ask<StdinReport>('stdin', { query: { name: operands }, body: bytes })
    return report.bytesTaken
  } catch (error) {
    if (error instanceof Refused && error.answer.code === 'stdin-full') return error.answer.bytesTaken ?? 0
    throw error
  }
}

interface Patience {
  /** Something was taken, or there is something new to send. */
  renew(): void
  /** false: the time is over. */
  wait(): Promise<boolean>
}

function createPatience({ operands, talk }: Context, timeoutMs: number | null): Patience {
  const name = visible(operands[0] ?? '')
  let pauseMs = retryMs
  let sinceMs = Date.now()
  let isTold = false
  return {
    renew() {
      pauseMs = retryMs
      sinceMs = Date.now()
    },
    async wait() {
      const waitedMs = Date.now() - sinceMs
      if (timeoutMs !== null && waitedMs >= timeoutMs) {
        talk(`holdfast: ${name} read nothing for ${timeoutMs / 1_000} s, and the rest was not sent\n`)
        return false
      }
      if (!isTold && waitedMs >= tellAfterMs) {
        talk(`holdfast: ${name} does not read its stdin at present; waiting until it does\n`)
        isTold = true
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      pauseMs = Math.min(pauseMs * 2, retryMsMax)
      return true
    },
  }
}
