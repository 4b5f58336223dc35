import type { PurgeItem, PurgeReport } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { shellWord, typed } from '../wire/home.ts'
import type { PurgeBody } from '../wire/requests.ts'
import type { Context } from './command.ts'
import { confirm, isSomebodyThere } from './confirm.ts'
import { formatOf, jsonText } from './output.ts'
import { timeoutOf } from './seconds.ts'
import { paint, type Terminal, visible } from './terminal.ts'
import { UsageError } from './usage-error.ts'
import { codeOf, printOutcome } from './wish.ts'

/** `holdfast purge`: says what would be lost and what has to end for it, asks, and waits until it is done. */
export async function runPurge(context: Context): Promise<ExitCode> {
  const { client, operands, options, out, terminal, home } = context
  const timeoutMs = timeoutOf(options)
  const body = (more: Partial<PurgeBody>): PurgeBody => ({ names: operands, ...more })
  const planned = await client.ask<PurgeReport>('purge', { body: body({ dryRun: true }) })
  if (!(await isWanted(context, planned))) return exitCodes.failed
  const isForced = options.isSet('force') ? { force: true } : {}
  const done = await client.ask<PurgeReport>('purge', {
    body: body({ ...isForced, wait: !options.isSet('no-wait'), timeoutMs }),
  })
  if (formatOf(options) === 'json') out(jsonText(done))
  else {
    out(done.items.map((item) => printItem(item, terminal)).join(''))
    out(done.outcomes.map((outcome) => printOutcome(outcome, terminal, home)).join(''))
  }
  return options.isSet('no-wait') ? exitCodes.ok : codeOfPurge(done)
}

/** Throws UsageError where nobody can be asked. */
async function isWanted({ options, operands, talk, home }: Context, planned: PurgeReport): Promise<boolean> {
  if (options.isSet('yes')) return true
  const count = planned.items.length
  const what = `this removes what ${count === 1 ? 'this volume holds' : `these ${count} volumes hold`}, for good${stopsText(planned)}`
  if (!isSomebodyThere()) {
    const command = ['purge', '--yes', ...operands.map(shellWord)].join(' ')
    throw new UsageError(`${namesText(planned)}: ${what}; say that it is meant with: ${typed(home, command)}`)
  }
  for (const item of planned.items) talk(`  ${visible(item.name)}  ${visible(aboutText(item))}\n`)
  if (await confirm(`${what}. Go on? [y/N] `)) return true
  talk('nothing was done\n')
  return false
}

function namesText({ items }: PurgeReport): string {
  return items.map(({ name }) => visible(name)).join(', ')
}

function aboutText({ name, volume, isDeclared }: PurgeItem): string {
  const called = name === volume ? '' : `${volume} in the engine; `
  return `${called}${isDeclared ? 'made anew, empty' : 'nothing declares it any more'}`
}

/** So many are named. */
const stopsShown = 5

function stopsText({ stops }: PurgeReport): string {
  if (stops.length === 0) return ''
  const shown = stops.slice(0, stopsShown).map(visible).join(', ')
  const more = stops.length > stopsShown ? ` and ${stops.length - stopsShown} more` : ''
  return `, and stops ${shown}${more} until that is done`
}

function printItem({ name, result, why }: PurgeItem, terminal: Terminal): string {
  const word = paint(colours[result], words[result], terminal)
  return `${visible(name)}  ${word}  ${visible(why)}\n`
}

const words = { purged: 'purged', asked: 'not yet purged', locked: 'not yet purged', failed: 'not purged' } as const
const colours = { purged: 'green', asked: 'yellow', locked: 'yellow', failed: 'red' } as const

function codeOfPurge({ items, outcomes }: PurgeReport): ExitCode {
  if (items.some(({ result }) => result === 'failed')) return exitCodes.failed
  if (items.some(({ result }) => result === 'locked')) return exitCodes.locked
  if (items.some(({ result }) => result === 'asked')) return exitCodes.timedOut
  return codeOf(outcomes)
}
