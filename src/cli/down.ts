import { readStat } from '../sys/proc.ts'
import type { ExplanationList, Info, ShutdownReport, UnitList } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { confirm, isSomebodyThere } from './confirm.ts'
import { timeoutOf } from './seconds.ts'
import { visible } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Between two looks at what still lives. */
const lookMs = 100

/** What is still waited for is told after this, and then when it has changed, at most as often. */
const tellMs = 1_000

/** `holdfast down`: stops everything in order and ends the daemon; returns when nothing of it lives. */
export async function runDown(context: Context): Promise<ExitCode> {
  const timeoutMs = timeoutOf(context.options)
  const info = await asked(context)
  if (info.mode !== 'stopping' && !(await isWanted(context, info))) return exitCodes.failed
  const { client, talk, out, home } = context
  const startMs = performance.now()
  const deadlineMs = timeoutMs === null ? null : startMs + timeoutMs
  const isAlive = aliveTest(info.pid)
  const report = await client.ask<ShutdownReport>('shutdown', { body: {} })
  process.once('SIGINT', () => {
    talk(`\nholdfast: not waiting any longer; the daemon goes on stopping; see: ${typed(home, 'ps')}\n`)
    process.exit(exitCodes.interrupted)
  })
  if (report.isUnderWay) talk(`the daemon (pid ${report.pid}) is stopping everything already\n`)
  const after = await untilGone(context, { pid: report.pid, isAlive, deadlineMs })
  if (after === 'time-over') {
    talk(`holdfast: the time is over; the daemon goes on stopping; see: ${typed(home, 'explain')}\n`)
    return exitCodes.timedOut
  }
  const took = `${((performance.now() - startMs) / 1_000).toFixed(1)} s`
  out(`${units(report.units.length)} stopped, the daemon (pid ${report.pid}) has ended after ${took}\n`)
  if (after !== null) talk(`somebody has started another daemon for ${home.name} since: pid ${after.pid}\n`)
  return exitCodes.ok
}

async function asked({ client, home }: Context): Promise<Info> {
  try {
    return await client.ask<Info>('info')
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    const found = `what one that died left running is taken over by: ${typed(home, 'daemon')}`
    throw new Unreachable(`nothing to end, no daemon answers for ${home.name}; ${found}`, { cause: error })
  }
}

/** Throws UsageError where nobody can be asked. */
async function isWanted({ client, options, talk, home }: Context, info: Info): Promise<boolean> {
  if (options.isSet('yes')) return true
  const { items } = await client.ask<UnitList>('units')
  const running = items.filter(({ pid }) => pid !== null)
  const what = `this stops ${units(running.length)} and ends the daemon of ${info.home} (pid ${info.pid})`
  if (!isSomebodyThere()) {
    throw new UsageError(`${what}; say that it is meant with: ${typed(home, 'down --yes')}`)
  }
  for (const { unit, state } of running.slice(0, namedMax)) talk(`  ${visible(unit)}  ${state}\n`)
  if (running.length > namedMax) talk(`  and ${running.length - namedMax} more\n`)
  if (await confirm(`${what}. Go on? [y/N] `)) return true
  talk('nothing was done\n')
  return false
}

/** More would push the question off the screen. */
const namedMax = 15

/** Who answers in its place, or nobody: null. */
async function untilGone(
  context: Context,
  { pid, isAlive, deadlineMs }: { readonly pid: number; isAlive(): boolean; readonly deadlineMs: number | null },
): Promise<Info | null | 'time-over'> {
  const tellProgress = progressTeller(context)
  let isAnswering = true
  while (isAnswering || isAlive()) {
    const info: Info | null = isAnswering ? await context.client.ask<Info>('info').catch(nobody) : null
    if (info !== null && info.pid !== pid) return info
    isAnswering = info !== null
    if (isAnswering) await tellProgress()
    if (deadlineMs !== null && performance.now() > deadlineMs) return 'time-over'
    await new Promise((resolve) => setTimeout(resolve, isAnswering ? lookMs : 10))
  }
  return null
}

function nobody(error: unknown): null {
  if (error instanceof Unreachable) return null
  throw error
}

/** Says what is still waited for, from time to time. */
function progressTeller({ client, talk }: Context): () => Promise<void> {
  let lastMs = performance.now()
  let told = ''
  return async () => {
    if (performance.now() - lastMs < tellMs) return
    lastMs = performance.now()
    const list = await client.ask<ExplanationList>('explain').catch(nobody)
    const left = list?.items.filter(({ state }) => state === 'stopping' || state === 'running') ?? []
    const names = left.map(({ unit }) => unit).join(' ')
    if (names === told || left.length === 0) return
    told = names
    const shown = left.slice(0, 3).map(({ unit, next }) => `${visible(unit)} (${visible(next)})`)
    const more = left.length > shown.length ? ` and ${left.length - shown.length} more` : ''
    talk(`still waiting for ${shown.join(', ')}${more}\n`)
  }
}

/** Whether the same process still lives. One that nobody reaps has ended. */
function aliveTest(pid: number): () => boolean {
  const first = readStat(pid)
  return () => {
    const stat = first === null ? null : readStat(pid)
    return stat !== null && stat.startTicks === first?.startTicks && stat.state !== 'Z'
  }
}

function units(count: number): string {
  return `${count} unit${count === 1 ? '' : 's'}`
}
