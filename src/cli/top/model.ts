import type {
  EventGap,
  ExplanationItem,
  HistoryItem,
  Info,
  Outcome,
  UnitChange,
  UnitDetail,
  UnitItem,
  UnitList,
  UsageList,
} from '../../wire/api.ts'
import type { Home } from '../../wire/home.ts'
import type { Input } from './keys.ts'
import type { Sample, Shares } from './usage.ts'

/** In cells. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** What the terminal can show. */
export interface Look {
  readonly hasColour: boolean
  readonly hasUnicode: boolean
}

/** Everything `holdfast top` knows. `update` makes the next one, `view` the picture of it. */
export interface Model {
  readonly home: Home
  readonly look: Look
  readonly size: Size
  /** Of the wall clock, at the last message. */
  readonly nowMs: number
  readonly link: Link
  readonly info: Info | null
  /** As declared. */
  readonly units: readonly UnitItem[]
  readonly warnings: readonly string[]
  /** null: nobody has told yet, or this daemon does not. */
  readonly sample: Sample | null
  readonly shares: Shares
  readonly list: ListView
  readonly page: Page
  readonly prompt: Prompt
  readonly notice: Notice | null
  /** Commands that were sent and have no answer. */
  readonly underWay: number
  /** Pages of logs that were opened: the number of the latest. */
  readonly followed: number
}

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The last picture stays, and it is tried again. */
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly why: string }

/** How the units are shown, and which one keys mean. */
export interface ListView {
  /** `app/service/n`. */
  readonly selected: string | null
  /** The first row on the screen. */
  readonly offset: number
  readonly filter: string
  readonly sort: SortKey
  readonly isGrouped: boolean
}

export type SortKey = 'declared' | 'cpu' | 'memory' | 'restarts' | 'name' | 'state'

export type Page =
  | { readonly kind: 'units' }
  | { readonly kind: 'text'; readonly about: About; readonly offset: number; readonly answer: Answer }
  | LogsPage

/** What a page of text is about. */
export type About =
  | { readonly kind: 'help' }
  | { readonly kind: 'status' | 'explain' | 'history'; readonly unit: string }

export type Answer =
  | { readonly kind: 'asked' }
  | { readonly kind: 'failed'; readonly why: string }
  /** With the end of its output. */
  | { readonly kind: 'status'; readonly item: UnitDetail; readonly log: readonly string[] }
  /** With what it printed last, where it ended. */
  | { readonly kind: 'explain'; readonly item: ExplanationItem; readonly words: readonly string[] }
  | { readonly kind: 'history'; readonly items: readonly HistoryItem[] }

export interface LogsPage {
  readonly kind: 'logs'
  readonly unit: string
  /** Tells this page's answers from those of one that was left. */
  readonly id: number
  readonly lines: readonly LogLine[]
  /** Lines that were shown once and are no longer kept: the number of the first one that is. */
  readonly dropped: number
  /** Following: the last line stays on the screen. Else the number of the first line shown. */
  readonly position: 'end' | number
  /** Cells scrolled away at the left. */
  readonly shift: number
  readonly isTimed: boolean
  readonly search: string
  /** The number of the line that was found. */
  readonly found: number | null
  /** Why no more comes; null: it is being read. */
  readonly ended: string | null
}

export interface LogLine {
  readonly text: string
  /** ISO 8601; null: nothing tells. */
  readonly time: string | null
  readonly stream: 'stdout' | 'stderr'
}

/** Logs are kept to scroll back in, and files are for the rest. */
export const logLinesMax = 5_000

/** A longer line is cut: nobody scrolls so far to the right. */
export const logCharsMax = 4_096

/** What the two lines at the bottom ask. */
export type Prompt =
  | { readonly kind: 'none' }
  | { readonly kind: 'filter' | 'search'; readonly text: string; readonly before: string }
  | { readonly kind: 'signal'; readonly unit: string; readonly text: string; readonly trouble: string }
  | { readonly kind: 'confirm'; readonly command: Command }
  | { readonly kind: 'sort' }

/** Something to be done to a unit. */
export type Command =
  | { readonly kind: 'start' | 'stop' | 'restart'; readonly unit: string }
  | { readonly kind: 'signal'; readonly unit: string; readonly signal: string }

/** Something to be told until its time is over. */
export interface Notice {
  readonly text: string
  readonly tone: 'good' | 'bad' | 'plain'
  readonly untilMs: number
}

/** What happened. */
export type Message =
  | Input
  | { readonly kind: 'size'; readonly size: Size }
  | { readonly kind: 'tick' }
  | { readonly kind: 'info'; readonly info: Info }
  | { readonly kind: 'units'; readonly list: UnitList | UnitChange | EventGap }
  | { readonly kind: 'usage'; readonly list: UsageList }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'answer'; readonly about: About; readonly answer: Answer }
  /** Fresh: they take the place of what was there. */
  | { readonly kind: 'logs'; readonly id: number; readonly isFresh: boolean; readonly lines: readonly LogLine[] }
  | { readonly kind: 'logs-ended'; readonly id: number; readonly why: string }
  | { readonly kind: 'outcome'; readonly command: Command; readonly result: Outcome | CommandFailure }

/** The command was not taken, or nobody could tell what became of it. */
export interface CommandFailure {
  readonly result: 'refused'
  readonly why: string
}

/** What is to be done in the world. */
export type Effect =
  | { readonly kind: 'ask'; readonly about: About }
  /** In place of any that is followed. */
  | { readonly kind: 'follow'; readonly unit: string; readonly id: number }
  | { readonly kind: 'unfollow' }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' }

export function firstModel(start: Pick<Model, 'home' | 'look' | 'size' | 'nowMs'>): Model {
  return {
    ...start,
    link: { kind: 'connecting' },
    info: null,
    units: [],
    warnings: [],
    sample: null,
    shares: { units: new Map(), hostCpu: null },
    list: { selected: null, offset: 0, filter: '', sort: 'declared', isGrouped: false },
    page: { kind: 'units' },
    prompt: { kind: 'none' },
    notice: null,
    underWay: 0,
    followed: 0,
  }
}
