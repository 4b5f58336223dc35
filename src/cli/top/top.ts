import type { Info } from '../../wire/api.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import { typed } from '../../wire/home.ts'
import type { Context } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { printOnce } from './once.ts'
import { runScreen } from './run-screen.ts'

/** Reading /proc for all units has its price: the daemon's first work is another. */
const intervalMsUsual = 2_000
const intervalMsLeast = 250
const intervalMsMost = 3_600_000

/** `holdfast top`: everything on one screen, live; with `--once` one picture as text. */
export async function runTop(context: Context): Promise<number> {
  const intervalMs = intervalOf(context)
  // Where no daemon answers this says so, as every command does, before the screen is taken.
  const info = await context.client.ask<Info>('info')
  if (context.options.isSet('once')) return printOnce(context, info)
  const obstacle = obstacleOf(context)
  if (obstacle !== null) {
    const { talk, home } = context
    talk(`holdfast: top: ${obstacle}; for one picture as text: ${typed(home, 'top --once')}\n`)
    return exitCodes.usage satisfies ExitCode
  }
  return runScreen(context, { info, intervalMs })
}

function intervalOf({ options }: Context): number {
  const text = options.value('interval')
  if (text === undefined) return intervalMsUsual
  const ms = /^\d{1,4}(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1_000) : -1
  if (ms >= intervalMsLeast && ms <= intervalMsMost) return ms
  throw new UsageError(`--interval is a number of seconds from 0.25 to 3600, not '${text}'; write --interval 2`)
}

/** Why there can be no screen here; null: there can. */
function obstacleOf({ environment }: Context): string | null {
  if (!process.stdout.isTTY || !process.stdin.isTTY) return 'needs a terminal, and this is none'
  if (environment.TERM === 'dumb') return 'TERM is dumb: text cannot be placed on such a terminal'
  return null
}
