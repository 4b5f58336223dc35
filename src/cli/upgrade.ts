import { resolve } from 'node:path'
import { codeOf } from '../client/send.ts'
import type { Info, UpgradeItem, UpgradeReport } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { typed } from '../wire/home.ts'
import { Refused, Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { timeoutOf } from './seconds.ts'
import { visible } from './terminal.ts'

/** The preflight may take 30 s, the change itself takes tenths of a second. */
const usualMs = 60_000

/** Between two looks at a daemon that is not back yet. */
const lookMs = 20

/** `holdfast upgrade [DIR]`: asks for it, and waits until the new version answers. */
export async function runUpgrade(context: Context): Promise<ExitCode> {
  const { client, operands, options, talk } = context
  const timeoutMs = timeoutOf(options)
  const deadline = performance.now() + (timeoutMs ?? usualMs)
  const directory = operands[0] === undefined ? null : resolve(operands[0])
  const before = await client.ask<Info>('info')
  try {
    const report = await client.ask<UpgradeReport>('upgrade', { body: { directory, timeoutMs } })
    for (const warning of report.warnings) talk(`holdfast: ${visible(warning)}\n`)
    return await follow(context, { report, before, deadline })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { code } = error.answer
    if (code !== 'upgrade-refused' && code !== 'timed-out') throw error
    talk(`holdfast: ${visible(error.message)}\n`)
    talk(`version ${before.version} goes on (pid ${before.pid}), ${units(before.units)} left alone\n`)
    return code === 'timed-out' ? exitCodes.timedOut : exitCodes.failed
  }
}

interface Asked {
  readonly report: UpgradeReport
  readonly before: Info
  readonly deadline: number
}

async function follow(context: Context, asked: Asked): Promise<ExitCode> {
  const { talk, home } = context
  for (;;) {
    const info = await answering(context, asked.deadline)
    // Another upgrade since then would be newer, and ours over.
    const item = info?.upgrade ?? null
    if (info !== null && item !== null && item.at >= asked.report.at && item.outcome !== 'under-way') {
      return tell(context, { info, item, ...asked })
    }
    if (performance.now() > asked.deadline) {
      talk(`holdfast: the new version does not answer yet; what runs goes on; see: ${typed(home, 'ps')}\n`)
      return exitCodes.timedOut
    }
    await new Promise((resume) => setTimeout(resume, lookMs))
  }
}

/** null: nobody answers just now, or not in time. */
async function answering({ client }: Context, deadline: number): Promise<Info | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, deadline - performance.now()), null)
  })
  const asking = client.ask<Info>('info').catch((error: unknown) => {
    // The old version breaks off what it has accepted and not answered. Only a daemon that ends in order removes its socket.
    if (error instanceof Unreachable && codeOf(error.cause) !== 'ENOENT') return null
    throw error
  })
  try {
    return await Promise.race([asking, late])
  } finally {
    clearTimeout(timer)
  }
}

function tell(context: Context, now: Asked & { readonly info: Info; readonly item: UpgradeItem }): ExitCode {
  const { out, talk } = context
  const { info, item, report, before } = now
  const place = `pid ${info.pid}${info.pid === before.pid ? '' : `, before ${before.pid}`}`
  if (item.outcome === 'probation' || item.outcome === 'done') {
    const gap = item.gapMs === null ? '' : `, after ${item.gapMs} ms`
    const arrow = context.terminal.hasUnicode ? '→' : '->'
    out(`${report.from.version} ${arrow} ${info.version}  ${visible(info.directory)}  ${place}${gap}\n`)
    out(`${units(info.units)} left alone\n`)
    return exitCodes.ok
  }
  talk(`holdfast: the upgrade to ${report.to.version} failed: ${visible(item.why)}\n`)
  talk(`version ${info.version} goes on (${place}), ${units(info.units)} left alone\n`)
  return exitCodes.failed
}

function units(count: number): string {
  return `${count} unit${count === 1 ? ' was' : 's were'}`
}
