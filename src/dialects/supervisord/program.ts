import { isDeepStrictEqual } from 'node:util'
import { processBytesMax, unitsMax } from '../../core/limits.ts'
import type { Instance, LogSpec, ProcessSpec, RestartPolicy, Service, StopRung } from '../../core/model.ts'
import { noChecks, noHooks, noLabels, nullStdin, plainEnd, plainPriority } from '../../core/target/plain.ts'
import { parseEnvironmentPairs } from '../../formats/environment-pairs.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { splitShellWords } from '../../formats/shell-words.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { isFailure } from '../source-reader.ts'
import { programOptions } from './options.ts'
import { directoryOf, environmentExpansions } from './read-files.ts'
import { entryOf, expand, fail, readValue, type Section, textOf, warn, withNames } from './section.ts'
import {
  parseAutoRestart,
  parseBoolean,
  parseBytes,
  parseExitCodes,
  parseInteger,
  parseLogFile,
  parseName,
  parseOctal,
  parseSignal,
} from './values.ts'

/**
 * Reads `[program:x]` as a member of `group`. null where it cannot be understood; what is wrong is reported.
 * `section.expansions` holds the names every option may use.
 */
export function decodeProgram(outer: Section, name: string, group: string): Service | null {
  const section = withNames(outer, [
    ['here', outer.context.here],
    ['program_name', name],
    ['host_node_name', outer.context.reader.hostName],
    ['group_name', group],
  ])
  checkKeys(section)
  const instances = decodeInstances(section, name, group)
  const [first] = instances
  if (instances.length > 0 && first === undefined) return null
  return {
    name,
    kind: 'process',
    ...plainEnd,
    process: first?.process ?? emptyProcess,
    instances: instances.map(({ n, process, processName }, index): Instance => {
      const named = processName === name ? { n } : { n, processName }
      return index === 0 ? named : { ...named, process: ownOf(process, first!.process) }
    }),
    autostart: readValue(section, 'autostart', parseBoolean, true),
    restart: decodeRestart(section),
    stop: decodeStop(section),
    dependsOn: [],
    priority: readValue(section, 'priority', parseInteger, plainPriority),
    manualStop: 'until-daemon-restart',
    checks: noChecks,
    hooks: noHooks,
    schedule: null,
    once: null,
    labels: noLabels,
  }
}

/** What of a process is not as in another one. */
function ownOf(process: ProcessSpec, other: ProcessSpec): Partial<ProcessSpec> {
  const own = Object.entries(process).filter(
    ([key, value]) => !isDeepStrictEqual(value, other[key as keyof ProcessSpec]),
  )
  return Object.fromEntries(own)
}

/** supervisord rotates by size only, and leaves its files as they are. */
const plainLog = { ageMaxMs: 0, compress: false }

// numprocs=0 is a group without processes.
const emptyProcess: ProcessSpec = {
  command: [],
  commandError: 'command is empty',
  workingDir: null,
  environment: {},
  envFiles: [],
  inheritEnvironment: true,
  user: null,
  umask: null,
  stdout: { path: null, bytesMax: 0, backupsMax: 0, ...plainLog },
  stderr: 'stdout',
  stdin: nullStdin,
  logger: null,
  limits: null,
  cgroup: false,
}

function checkKeys(section: Section): void {
  for (const entry of section.section.entries.values()) {
    const known = Object.hasOwn(programOptions, entry.key) ? programOptions[entry.key] : undefined
    if (known === true) continue
    if (known !== undefined) {
      const isOff = /^(?:0|no|false|off|0[kmg]b)$/i.test(entry.value)
      if (!isOff) warn(section, entry, entry.key, `this version of Holdfast does not act on it: ${known}`, '')
    } else {
      const hint = didYouMean(entry.key, Object.keys(programOptions), 'supervisord ignores it as well; remove it')
      warn(section, entry, entry.key, `unknown option '${entry.key}' is ignored`, hint)
    }
  }
}

function decodeRestart(section: Section): RestartPolicy {
  const retries = Math.max(readValue(section, 'startretries', parseInteger, 3), 0)
  return {
    when: readValue(section, 'autorestart', parseAutoRestart, 'on-failure'),
    successExits: readValue(section, 'exitcodes', parseExitCodes, [0]),
    stableMs: Math.max(readValue(section, 'startsecs', parseInteger, 1), 0) * 1_000,
    early: 'always',
    // supervisord waits k seconds after the k-th early exit, without a cap: the last retry waits longest.
    backoff: {
      shape: 'linear',
      firstMs: 1_000,
      factor: 1,
      maxMs: Math.max(retries, 1) * 1_000,
      jitter: 0,
      freeRestarts: 0,
    },
    budget: { restartsMax: retries, windowMs: null },
  }
}

function decodeStop(section: Section): readonly StopRung[] {
  const signal = readValue(section, 'stopsignal', parseSignal, 'TERM')
  const waitMs = Math.max(readValue(section, 'stopwaitsecs', parseInteger, 10), 0) * 1_000
  const stopAsGroup = readValue(section, 'stopasgroup', parseBoolean, false)
  const killAsGroup = readValue(section, 'killasgroup', parseBoolean, stopAsGroup)
  if (stopAsGroup && !killAsGroup) {
    const at = entryOf(section, 'killasgroup')!
    fail(section, at, 'killasgroup', 'Cannot set stopasgroup=true and killasgroup=false', 'remove killasgroup=false')
  }
  return [
    { signal, scope: stopAsGroup ? 'group' : 'main', waitMs },
    { signal: 'KILL', scope: killAsGroup ? 'group' : 'main', waitMs },
  ]
}

interface ReadInstance {
  readonly n: number
  readonly processName: string
  readonly process: ProcessSpec
}

function decodeInstances(section: Section, name: string, group: string): readonly ReadInstance[] {
  const count = readValue(section, 'numprocs', parseInteger, 1)
  const start = readValue(section, 'numprocs_start', parseInteger, 0)
  const processName = processNameOf(section)
  if (processName === null) return []
  if (count > 1 && !processName.includes('%(process_num)')) {
    const at = entryOf(section, 'process_name') ?? entryOf(section, 'numprocs')!
    const hint = 'add process_name=%(program_name)s_%(process_num)02d'
    fail(section, at, 'process_name', '%(process_num) must be present within process_name when numprocs > 1', hint)
    return []
  }
  const tooMuch = addToTotals(section, count)
  if (tooMuch !== null) {
    const at = entryOf(section, 'numprocs') ?? section.section
    fail(section, at, 'numprocs', tooMuch, 'write a smaller number, or split the files between daemons')
    return []
  }
  if (start < 0) {
    fail(
      section,
      entryOf(section, 'numprocs_start')!,
      'numprocs_start',
      'processes cannot be numbered below 0',
      'write 0 or more',
    )
    return []
  }
  const shared = decodeShared(section)
  const instances: ReadInstance[] = []
  for (let n = start; n < start + count; n++) {
    const problemsBefore = section.context.problems.length
    const instance = decodeInstance(section, { n, count, name: processName, group, program: name, shared })
    if (instance === null) return []
    instances.push(instance)
    // What is wrong with one process is wrong with all of them: told once.
    if (section.context.problems.length > problemsBefore) return instances
  }
  return instances
}

// Before anything is made of them: numbers in a file are cheap.
function addToTotals(section: Section, count: number): string | null {
  const { totals } = section.context
  const texts = [entryOf(section, 'command'), entryOf(section, 'environment')]
  totals.units += Math.max(count, 0)
  totals.bytes += Math.max(count, 0) * texts.reduce((sum, entry) => sum + (entry?.value.length ?? 0), 0)
  if (totals.units > unitsMax) return `with these there are more processes than one daemon supervises, ${unitsMax}`
  if (totals.bytes <= processBytesMax) return null
  return `with these the commands and environments of all processes are larger than ${processBytesMax} bytes`
}

function processNameOf(section: Section): string | null {
  const entry = entryOf(section, 'process_name')
  if (entry === null) return '%(program_name)s'
  const result = parseName(entry.value)
  if (result.kind === 'value') return result.value
  return fail(section, entry, 'process_name', result.message, result.hint)
}

interface Shared {
  readonly isMerged: boolean
  readonly user: string | null
  readonly umask: number | null
}

// Evaluated once for all processes of a program.
function decodeShared(section: Section): Shared {
  return {
    isMerged: readValue(section, 'redirect_stderr', parseBoolean, false),
    user: textOf(section, 'user'),
    umask: readValue<number | null>(section, 'umask', parseOctal, null),
  }
}

interface Member {
  readonly n: number
  readonly count: number
  /** Not expanded yet. */
  readonly name: string
  readonly group: string
  readonly program: string
  readonly shared: Shared
}

function decodeInstance(outer: Section, member: Member): ReadInstance | null {
  const numbered = withNames(outer, [
    ['process_num', member.n],
    ['numprocs', member.count],
  ])
  const own = decodeEnvironment(numbered)
  if (own === null) return null
  const section = withNames(numbered, environmentExpansions(own))
  const command = decodeCommand(section)
  const nameEntry = entryOf(section, 'process_name') ?? { ...section.section, key: 'process_name' }
  const processName = expand(section, nameEntry, member.name, 'process_name')
  if (command === null || processName === null) return null
  const stdout = decodeLog(section, 'stdout')
  const process: ProcessSpec = {
    ...command,
    workingDir: decodeDirectory(section),
    environment: {
      SUPERVISOR_ENABLED: '1',
      SUPERVISOR_PROCESS_NAME: processName,
      SUPERVISOR_GROUP_NAME: member.group,
      ...section.context.environment,
      ...own,
    },
    envFiles: [],
    inheritEnvironment: true,
    user: member.shared.user,
    umask: member.shared.umask,
    stdout,
    stderr: member.shared.isMerged ? mergedLog(section) : decodeLog(section, 'stderr'),
    stdin: nullStdin,
    logger: null,
    limits: null,
    cgroup: false,
  }
  return { n: member.n, processName, process }
}

/** Reads an `environment` option; the names it may use are those of the section given. */
export function decodeEnvironment(section: Section): Readonly<Record<string, string>> | null {
  const entry = entryOf(section, 'environment')
  if (entry === null) return {}
  const text = expand(section, entry, entry.value, 'environment')
  if (text === null) return null
  const pairs = parseEnvironmentPairs(text)
  if (pairs.kind === 'error') {
    return fail(
      section,
      entry,
      'environment',
      pairs.message,
      'write NAME="value",OTHER="value" with each value in double quotes',
    )
  }
  for (const name of pairs.cut) {
    const message = `the value of ${name} ends at the first character that is not a letter, a digit or one of _/.+-():`
    warn(section, entry, 'environment', message, `supervisord cuts it as well: put it in double quotes`)
  }
  return pairs.values
}

function decodeCommand(section: Section): Pick<ProcessSpec, 'command' | 'commandError'> | null {
  const entry = entryOf(section, 'command')
  if (entry === null) {
    const message = `program section ${section.section.name} does not specify a command`
    return fail(section, section.section, 'command', message, "write 'command = /path/to/program'")
  }
  const text = textOf(section, 'command')
  if (text === null) return null
  const result = splitShellWords(text, 'posix')
  const error =
    result.kind === 'error'
      ? `can't parse command ${pythonRepr(text)}: ${result.message}`
      : result.words.length === 0
        ? 'command is empty'
        : null
  if (error === null && result.kind === 'words') return { command: result.words, commandError: null }
  // supervisord accepts it and fails at each start; so do we, and say it now as well.
  warn(section, entry, 'command', error!, 'a blank before ; or # begins a comment, also within quotes')
  return { command: [], commandError: error }
}

function decodeDirectory(section: Section): string | null {
  const text = textOf(section, 'directory')
  if (text === null || text === '') return null
  return text.startsWith('/') ? text : `${section.context.here}/${text}`
}

function decodeLog(section: Section, stream: 'stdout' | 'stderr'): LogSpec {
  const key = `${stream}_logfile`
  const bytesMax = Math.max(readValue(section, `${key}_maxbytes`, parseBytes, 50 * 1024 * 1024), 0)
  const backupsMax = Math.max(readValue(section, `${key}_backups`, parseInteger, 10), 0)
  const path = logPath(section, key)
  if (path === null && bytesMax === 0) {
    const message = `For [${section.section.name}], AUTO logging used for ${key} without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally`
    warn(section, entryOf(section, `${key}_maxbytes`)!, `${key}_maxbytes`, message, '')
  }
  return { path, bytesMax, backupsMax, ...plainLog }
}

function logPath(section: Section, key: string): LogSpec['path'] {
  const entry = entryOf(section, key)
  const once = textOf(section, key)
  if (entry === null || once === null) return null
  // Expanded twice: so does supervisord, and '%%' cannot survive it.
  const text = expand(section, entry, once, key)
  if (text === null) return null
  const { context } = section
  const home = Object.hasOwn(context.reader.environment, 'HOME') ? context.reader.environment.HOME : undefined
  const file = parseLogFile(text, context.here, home)
  if (file.kind === 'none') return 'none'
  if (file.kind === 'auto') return null
  if (file.kind === 'syslog') {
    const message = `For [${section.section.name}], ${key}=syslog but this is deprecated and will be removed.  Use ${key.slice(0, 6)}_syslog=true to enable syslog instead.`
    warn(section, entry, key, message, 'this version of Holdfast writes a log file instead')
    return null
  }
  // Devices and descriptors are no files to look for: /dev/stdout is a common target.
  const directory = directoryOf(file.path)
  const names = directory.startsWith('/dev') ? [] : context.reader.list(directory)
  if (isFailure(names) && (names.code === 'ENOENT' || names.code === 'ENOTDIR')) {
    fail(
      section,
      entry,
      key,
      `The directory named as part of the path ${text} does not exist`,
      `create it: mkdir -p ${directory}`,
    )
  }
  return file.path
}

function mergedLog(section: Section): 'stdout' {
  const path = logPath(section, 'stderr_logfile')
  if (path !== null && path !== 'none') {
    const message = `For [${section.section.name}], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored`
    warn(section, entryOf(section, 'stderr_logfile')!, 'stderr_logfile', message, 'remove one of the two')
  }
  return 'stdout'
}
