import { superviseDescriptors } from '../frontends/runit/inherited.ts'
import { bootNow } from '../sys/boot-clock.ts'
import type { VersionItem } from '../wire/api.ts'
import { insteadOfDying } from './fatal.ts'
import { becomeDaemon } from './upgrade-become.ts'
import type { Carried } from './upgrade-carried.ts'
import { dismissGuard } from './upgrade-guard.ts'
import type { UpgradeNote } from './upgrade-note.ts'

/** The first seconds of a new version, in which its failure is answered by the return of the old one. */
export interface Probation {
  /** The first turn was taken: from now on everything is read and decided again. */
  turned(): void
  /** Clients are answered. */
  answering(note: UpgradeNote): void
  /** Ends it as passed, where it has not ended: somebody wants something else of us. */
  pass(): void
  /** Gives up: becomes the old version again, and answers only where there is none, or it cannot be become. */
  goBack(why: string): void
}

/** So long the new version has to live and to answer. */
const probationMs = 10_000

/** A start takes tenths of a second: this long means that something waits for ever. */
const startMsMax = 30_000

export function beginProbation(options: {
  readonly carried: Carried
  /** What follows `daemon`. */
  readonly args: readonly string[]
  readonly talk: (text: string) => void
}): Probation {
  const { carried, args, talk } = options
  const { news, returnTo } = carried
  let turnedBootMs: number | null = null
  let end: (() => void) | null = null
  let timer: NodeJS.Timeout | null = setTimeout(
    () => goBack(`it did not answer within ${startMsMax / 1_000} s`),
    startMsMax,
  )

  const goBack = (why: string): void => {
    if (returnTo === null) return
    talk(
      `holdfast: this version failed in its first seconds (${firstLine(why)}); version ${returnTo.version} goes on\n`,
    )
    const back: Carried = {
      ...carried,
      closedBootMs: bootNow().bootMs,
      news: { kind: 'back', outcome: 'returned', why: firstLine(why) },
      returnTo: null,
      signals: [],
    }
    const errno = becomeDaemon(returnTo, args, back, superviseDescriptors())
    talk(`holdfast: version ${returnTo.version} cannot be become (${errno})\n`)
  }
  if (returnTo !== null) insteadOfDying(goBack)

  const stop = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    insteadOfDying(null)
    if (carried.guardFd !== null) dismissGuard(carried.guardFd)
  }

  return {
    goBack,
    turned() {
      turnedBootMs = bootNow().bootMs
    },
    answering(note) {
      const item = note.latest()
      const gapMs = turnedBootMs === null ? null : turnedBootMs - carried.closedBootMs
      clearTimeout(timer ?? undefined)
      if (news.kind === 'back') {
        if (item !== null) note.write({ ...item, outcome: news.outcome, why: news.why, gapMs })
        stop()
        return
      }
      if (item !== null) note.write({ ...item, outcome: 'probation', gapMs })
      end = () => {
        end = null
        stop()
        if (item !== null) note.write({ ...item, outcome: 'done', gapMs })
      }
      timer = setTimeout(() => end?.(), probationMs).unref()
    },
    pass: () => end?.(),
  }
}

/** A daemon that nobody handed anything to: the last upgrade, if it was not over, ended with a death. */
export function settleNote(note: UpgradeNote, own: VersionItem, warn: (text: string) => void): void {
  const item = note.latest()
  if (item === null || (item.outcome !== 'under-way' && item.outcome !== 'probation')) return
  const isOld = own.version === item.from.version && own.directory === item.from.directory
  const why = `version ${item.to.version} died in its first seconds; what it said last tells why`
  note.write({ ...item, outcome: isOld ? 'returned' : 'restarted', why })
  warn(`the upgrade to version ${item.to.version} failed: it died in its first seconds; version ${own.version} goes on`)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
