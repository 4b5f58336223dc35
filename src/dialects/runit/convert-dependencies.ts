import type { Dependency } from '../../core/model.ts'
import type { Note } from '../convert-model.ts'
import { commandsOf, noteAt, quoted } from './convert-script.ts'

/** A service whose scripts may ask `sv` for others. */
export interface Asking {
  /** As it is called in the print. */
  readonly name: string
  /** As sv calls it. */
  readonly directoryName: string
  readonly path: string
  /** `run`; null: it cannot be read. */
  readonly script: string | null
  readonly autostart: boolean
  readonly hasCheck: boolean
}

export interface ConvertedDependencies {
  /** By name of the service. */
  readonly dependsOn: ReadonlyMap<string, readonly Dependency[]>
  readonly notes: readonly Note[]
  /** The lines that each came of, by name of the service. */
  readonly remarks: ReadonlyMap<string, readonly string[]>
}

/**
 * Lines such as `sv check db || exit 1` in run scripts, which are how service directories say what they need: the dependency
 * they stand for, unless it could never hold. The script itself stays as it is, so each of these lines is told.
 */
export function convertDependencies(services: readonly Asking[]): ConvertedDependencies {
  const byDirectory = new Map(services.map((service) => [service.directoryName, service]))
  const edges = new Map(services.map(({ name }) => [name, new Map<string, Dependency>()]))
  const remarks = new Map<string, readonly string[]>()
  const notes: Note[] = []
  for (const { service, asked, named } of services.flatMap(asksOf)) {
    const line = quoted(asked.text)
    const tell = (message: string) => notes.push(noteAt(`${service.path}/run`, asked.line, message))
    const other = named === '.' ? service : byDirectory.get(named ?? '')
    const name = other?.name ?? named
    const without = whyNot(service, asked, { name, other, edges })
    if (without !== null || other === undefined) {
      tell(`${asksSv(line)}${without}`)
      continue
    }
    const own = edges.get(service.name)!
    const isHealthy = (other.hasCheck && asked.waits) || own.get(other.name)?.condition === 'healthy'
    const condition = isHealthy ? 'healthy' : 'started'
    own.set(other.name, { service: other.name, condition, required: true, restart: false })
    remarks.set(service.name, [...(remarks.get(service.name) ?? []), `run:${asked.line}: ${asked.text}`])
    tell(`${service.name} waits for ${name} by depends_on: remove ${line}, since sv knows nothing of ${name} any more`)
  }
  const dependsOn = new Map([...edges].map(([name, own]) => [name, [...own.values()].toSorted(byService)]))
  return { dependsOn, notes, remarks }
}

interface Ask {
  readonly service: Asking
  readonly asked: SvLine
  /** null: by a variable. */
  readonly named: string | null
}

function asksOf(service: Asking): readonly Ask[] {
  return svLines(service.script ?? '').flatMap((asked) =>
    (asked.names.length === 0 ? [null] : asked.names).map((named) => ({ service, asked, named })),
  )
}

/** Of a line in a script, quoted. */
export function asksSv(line: string): string {
  return `${line} asks sv, which knows nothing of what Holdfast runs from this file`
}

function byService(a: Dependency, b: Dependency): number {
  return a.service < b.service ? -1 : 1
}

type Edges = ReadonlyMap<string, ReadonlyMap<string, Dependency>>

/** As the end of what is told. */
function whyNot(
  service: Asking,
  { isNeed }: SvLine,
  { name, other, edges }: { readonly name: string | null; readonly other: Asking | undefined; readonly edges: Edges },
): string | null {
  if (name === null) return ''
  if (other === service) return '; it means this service itself'
  if (!isNeed) return `; nothing in this file does the same to ${name}`
  if (other === undefined) return `; ${name} is none of these services`
  if (!other.autostart) return `; ${name} is not started by itself, so nothing waits for it`
  return reaches(edges, other.name, service.name) ? `; ${name} waits for ${service.name} already` : null
}

function reaches(edges: Edges, from: string, to: string): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true
    if (seen.has(name)) continue
    seen.add(name)
    open.push(...(edges.get(name)?.keys() ?? []))
  }
  return false
}

// ---- lines -----------------------------------------------------------------------------------------------------

export interface SvLine {
  readonly line: number
  readonly text: string
  /** The services it names by a word; `.` is the one that asks. Empty: they stand in variables. */
  readonly names: readonly string[]
  /** Whether it says that the others are needed: `check`, `start`, `up`. */
  readonly isNeed: boolean
  /** Until their `check` says so. */
  readonly waits: boolean
}

const svCommands =
  /^(?:status|up|down|once|pause|cont|hup|alarm|interrupt|quit|1|2|term|kill|exit|start|stop|reload|restart|shutdown|check|(?:force|try)-\w+|[sudopchaiqtke])$/

/** The lines of a shell script that call sv. */
export function svLines(script: string): readonly SvLine[] {
  return commandsOf(script).flatMap(({ line, text }) => {
    const calls = [...text.matchAll(/(?:^|[\s;&|(`!])(?:\/[\w./-]*\/)?sv[ \t]+([^;&|<>()`#]*)([<>]?)/g)]
    return calls.flatMap(([, args = '', redirection]) => {
      // The number in front of a redirection is no argument.
      const words = (redirection === '' ? args : args.replace(/\s\d$/, '')).split(/\s+/).filter((word) => word !== '')
      const rest = withoutOptions(words)
      const [command = '', ...operands] = rest
      if (!svCommands.test(command)) return []
      const names = operands.map((word) => word.replace(/["']/g, '')).filter((word) => !/[$`*?]/.test(word))
      const waits = command === 'check' || command === 'start'
      return [{ line, text, names: names.map(nameOf), isNeed: waits || /^u(?:p)?$/.test(command), waits }]
    })
  })
}

function withoutOptions(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words
  if (!/^-/.test(first)) return words
  return withoutOptions(/^-v*w$/.test(first) ? rest.slice(1) : rest)
}

/** `db` of `/etc/service/db/` as well. */
function nameOf(word: string): string {
  const path = word.replace(/\/+$/, '')
  return path.slice(path.lastIndexOf('/') + 1)
}
