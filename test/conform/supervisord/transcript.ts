import type { Side } from './side.ts'
import type { Value } from './xml-rpc.ts'

/** What one side showed in one scene, without what differs between any two runs. */
export interface Transcript {
  readonly lines: readonly string[]
  /** Begins a step: what follows happened in it. */
  step(text: string): void
  /** A line or more, normalised. */
  add(text: string): void
  /** What was already seen here, or is the same on both sides. */
  normalise(text: string): string
  pid(pid: number): string
}

export function createTranscript(side: Pick<Side, 'directory' | 'port' | 'activity'>): Transcript {
  const { directory, port, activity } = side
  const lines: string[] = []
  const others: number[] = []
  let steps = 0

  const knownPid = (number: number): string | null => {
    const name = activity.nameOf(number)
    return name === null ? null : `<${name}>`
  }
  const pid = (number: number): string => {
    if (number === 0) return '0'
    const known = knownPid(number)
    if (known !== null) return known
    if (!others.includes(number)) others.push(number)
    return `<other#${others.indexOf(number) + 1}>`
  }
  const normalise = (text: string): string =>
    text
      .replaceAll(directory, 'DIR')
      .replaceAll(`:${port}`, ':PORT')
      .replace(/\b(pid[ =:]+)(\d+)/g, (_, before, number) => `${before}${pid(Number(number))}`)
      .replace(/^(WARN killing '.*' \()(\d+)(?=\) with)/gm, (_, before, number) => `${before}${pid(Number(number))}`)
      .replace(/^(out\| |= )(\d+)$/gm, (_, before, number) => `${before}${knownPid(Number(number)) ?? number}`)
      .replace(/\buptime (\d+ days?, )?\d+:\d\d:\d\d/g, 'uptime TIME')
      .replace(/\b[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M/g, 'DATE')
      .replace(/(---\w+-)[a-z0-9_]{8}(?=\.log)/g, '$1RANDOM')
      .replace(/\bwhen:(\d+)/g, (_, when) => `when:${Number(when) % 5 === 0 ? 'a multiple of 5' : when}`)
      .replace(/\b(HOLDFAST_(?:RUN|ATTEMPT))=\d+/g, '$1=N')
      .replace(/\b(HOLDFAST_\w+)=[0-9a-f]{16}\//g, '$1=HOME/')
      .replace(/\blen:\d+(?= \| .*\bpid:)/g, 'len:LEN')
      .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}/g, 'STAMP')

  return {
    lines,
    step(text) {
      steps++
      lines.push(...normalise(`[${steps}] ${text}`).split('\n'))
    },
    add: (text) => void lines.push(...normalise(text).split('\n')),
    normalise,
    pid,
  }
}

/** A line for each member of what has many, so that a difference in one is a difference of one line. */
export function valueLines(value: Value, transcript: Transcript): readonly string[] {
  if (Array.isArray(value) && value.some(isStruct)) return value.flatMap((each) => structLines(each, transcript))
  return isStruct(value) ? structLines(value, transcript) : [`= ${JSON.stringify(value)}`]
}

type Struct = { readonly [name: string]: Value }

function isStruct(value: Value): value is Struct {
  return typeof value === 'object' && !Array.isArray(value)
}

const membersOnOneLine = 4

function structLines(value: Value, transcript: Transcript): readonly string[] {
  if (!isStruct(value)) return [`= ${JSON.stringify(value)}`]
  const members = Object.entries(value).map(([name, each]) => [name, memberText(name, each, transcript)] as const)
  if (members.length <= membersOnOneLine) return [`= {${members.map(([name, text]) => `${name}: ${text}`).join(', ')}}`]
  return members.map(([name, text]) => `= ${value.group}:${value.name} ${name}: ${text}`)
}

function memberText(name: string, value: Value, transcript: Transcript): string {
  if (name === 'pid' && typeof value === 'number') return transcript.pid(value)
  if (['start', 'stop', 'now'].includes(name) && typeof value === 'number') return momentText(value)
  return JSON.stringify(value)
}

const plausibleSeconds = 600

function momentText(seconds: number): string {
  if (seconds === 0) return '0'
  return Math.abs(Date.now() / 1000 - seconds) < plausibleSeconds ? 'a moment ago' : String(seconds)
}
