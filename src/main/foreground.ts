import { createPullTeller, pullLookMs } from '../cli/pull-lines.ts'
import { paint, stateText, type Terminal, visible } from '../cli/terminal.ts'
import { printUnits, shortNames } from '../cli/unit-table.ts'
import { explain } from '../core/explain.ts'
import type { Release, State, Transition } from '../core/model.ts'
import { changedReleases } from '../core/release/changed.ts'
import { phaseWords, shownAs } from '../core/shown.ts'
import type { EnginePort, Snapshot } from '../engine/ports.ts'
import { imageItems } from '../frontends/native/resources.ts'
import { unitList } from '../frontends/native/units.ts'
import { type Home, typed } from '../wire/home.ts'

export interface Foreground {
  /** Follows the engine: first what runs once things have settled, then each transition as it happens. */
  follow(engine: EnginePort): void
  say(text: string): void
}

/** Things that have not settled by then are shown as they are. */
const settleMsMax = 3_000

/** What the daemon tells whoever started it in a terminal. */
export function createForeground(options: {
  readonly out: (text: string) => void
  /** For what is told while something is on its way. */
  readonly talk: (text: string) => void
  readonly terminal: () => Terminal
  readonly home: Home
}): Foreground {
  const { out, talk, terminal, home } = options
  let isSettled = false

  const showAll = (snapshot: Snapshot): void => {
    isSettled = true
    const { items } = unitList(snapshot, null)
    if (items.length === 0) return
    out(
      `\n${printUnits(items, { terminal: terminal(), nowMs: snapshot.now.wallMs })}\n${tryNext(snapshot.state, home, terminal().columns)}\n`,
    )
  }

  return {
    say: (text) => out(`${text}\n`),
    follow(engine) {
      // `until` looks only when something changes, so what has settled already is caught by its first look.
      void engine.until(hasSettled, settleMsMax).then(() => showAll(engine.snapshot()))
      followPulls(engine, talk)
      let { releases } = engine.snapshot().state
      engine.subscribe((snapshot, transitions) => {
        const changed = changedReleases(releases, snapshot)
        releases = snapshot.state.releases
        if (!isSettled) return
        const view = terminal()
        for (const release of changed) out(`${releaseLine(release, snapshot.now.wallMs, view)}\n`)
        for (const transition of transitions) out(`${transitionLine(transition, view)}\n`)
      })
    },
  }
}

/** At most so often, and when something has changed. */
function followPulls(engine: Pick<EnginePort, 'subscribe' | 'snapshot'>, talk: (text: string) => void): void {
  const lines = createPullTeller()
  let isTelling = false
  let timer: NodeJS.Timeout | null = null
  const tell = (): void => {
    timer = null
    const { state, now } = engine.snapshot()
    const isPulling = isAnyImageAway(state)
    // Once more when the last one is there.
    if (isPulling || isTelling) for (const line of lines(imageItems(state, now))) talk(`${line}\n`)
    isTelling = isPulling
  }
  engine.subscribe(({ state }) => {
    if (timer !== null || !(isTelling || isAnyImageAway(state))) return
    timer = setTimeout(tell, pullLookMs).unref()
  })
}

function isAnyImageAway({ containerEngine: { work, troubles } }: State): boolean {
  for (const { step } of work.values()) if (step === 'pull') return true
  for (const { step } of troubles.values()) if (step === 'pull') return true
  return false
}

/** Nothing is about to be started or stopped. */
function hasSettled({ state, now }: Snapshot): boolean {
  if (state.units.size === 0) return false
  return explain(state, now).every(
    (account) => account.isAtTarget || account.command !== null || account.state === 'backoff',
  )
}

/** `12:00:01.250  demo/web/1  running → stopping  stopped by root (uid 0)`; news that moves nothing has one word. */
export function transitionLine({ atWallMs, unit, from, to, why }: Transition, terminal: Terminal): string {
  const time = paint('dim', timeOfDay(atWallMs), terminal)
  const [before, word] = [phaseWords[from], phaseWords[to]]
  const change = from === to ? word : `${before} ${terminal.hasUnicode ? '→' : '->'} ${word}`
  const shown = shownAs(word)
  const state = stateText(shown, terminal).replace(shown, change)
  return `${time}  ${visible(unit)}  ${state}  ${visible(why)}`
}

/** `12:00:01.250  demo  release 3f2a91c0 committed  all were well for 10 s`. */
function releaseLine({ app, id, status, why }: Release, atWallMs: number, terminal: Terminal): string {
  const time = paint('dim', timeOfDay(atWallMs), terminal)
  return `${time}  ${visible(app)}  ${paint('bold', `release ${visible(id)} ${status}`, terminal)}  ${visible(why)}`
}

function timeOfDay(wallMs: number): string {
  const date = new Date(wallMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** Commands to try now, with names that exist here. */
export function tryNext(state: State, here: Home, columns: number | null): string {
  const home: Home = { ...here, option: here.optionElsewhere }
  const units = [...state.units.values()]
  const first = units.find(({ phase }) => phase === 'up') ?? units[0]
  if (first === undefined) return ''
  const service =
    shortNames(units.map(({ id, app, service }) => ({ unit: id, app, service }))).get(first.id) ?? first.id
  const lines: readonly (readonly [string, string])[] = [
    [typed(home, 'ps'), 'what runs'],
    [typed(home, `logs -f ${service}`), 'what it prints'],
    [typed(home, `explain ${service}`), 'why it is as it is, and what happens next'],
    [typed(home, `restart ${service}`), 'a new run of it'],
    [typed(home, 'up'), 'apply what you changed in the files'],
    [`${home.program} help`, 'everything else'],
  ]
  const width = Math.max(...lines.map(([command]) => command.length))
  const full = lines.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`)
  const isTooWide = columns !== null && full.some((line) => line.length > columns)
  const suggestions = isTooWide ? lines.map(([command]) => `  ${command}`) : full
  return ['Try in another terminal:', ...suggestions, ''].join('\n')
}
