import { processBytesMax, unitsMax } from '../../core/limits.ts'
import type { EnvFile, ProcessSpec, StdinSpec } from '../../core/model.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { splitShellWords } from '../../formats/shell-words.ts'
import { signalNames } from '../../formats/signal-name.ts'
import { decodeEnvironment } from './environment.ts'
import { logSettings, logSpec, readLog, withoutStderr } from './logs.ts'
import { below } from './paths.ts'
import type { ProgramOptions } from './program-options.ts'
import { environmentExpansions } from './read-files.ts'
import { entryOf, expand, fail, type Section, textOf, warn, withNames } from './section.ts'
import type { ProcessSettings } from './settings.ts'

export interface Program {
  /** The service. */
  readonly name: string
  readonly group: string
  readonly options: ProgramOptions
  readonly stdin: StdinSpec
  readonly envFiles: readonly EnvFile[]
}

export interface Member {
  readonly processName: string
  readonly process: ProcessSpec
  readonly settings: ProcessSettings
  /** Of all that makes it another one for supervisord. */
  readonly identity: string
}

/** The processes of a program; none where something is wrong with it. */
export function decodeProcesses(section: Section, program: Program): readonly Member[] {
  const { numprocs, numprocsStart } = program.options
  const tooMuch = addToTotals(section, numprocs)
  if (tooMuch !== null) {
    const at = entryOf(section, 'numprocs') ?? section.section
    fail(section, at, 'numprocs', tooMuch, 'write a smaller number, or split the files between daemons')
    return []
  }
  if (numprocsStart < 0) {
    const at = entryOf(section, 'numprocs_start')!
    fail(section, at, 'numprocs_start', 'processes cannot be numbered below 0', 'write 0 or more')
    return []
  }
  const members: Member[] = []
  for (let n = numprocsStart; n < numprocsStart + numprocs; n++) {
    // What warns of one process warns of all of them: told once.
    const problems = n === numprocsStart ? section.context.problems : []
    const member = decodeProcess({ ...section, context: { ...section.context, problems } }, program, n)
    const errors = problems.filter(({ severity }) => severity === 'error')
    if (problems !== section.context.problems) section.context.problems.push(...errors)
    if (member === null) return []
    members.push(member)
  }
  return members
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

// In the order in which supervisord reads them.
function decodeProcess(outer: Section, program: Program, n: number): Member | null {
  const { options } = program
  const numbered = withNames(outer, [
    ['process_num', n],
    ['numprocs', options.numprocs],
  ])
  const own = decodeEnvironment(numbered, outer.context.environmentRules)
  if (own === null) return null
  const section = withNames(numbered, environmentExpansions(own))
  const directory = textOf(section, 'directory')
  const stdout = readLog(section, 'stdout')
  const stderr = readLog(section, 'stderr')
  const logs = { stdout, stderr: options.redirectStderr ? withoutStderr(section, stderr) : stderr }
  const command = commandText(section)
  const processName = processNameOf(section, options.processName)
  if (command === null || processName === null) return null
  const environment = { ...section.context.environment, ...own }
  const process = processOf(section, program, { directory, logs, command, processName, environment })
  const settings: ProcessSettings = {
    service: program.name,
    n,
    name: processName,
    autostart: options.autostart,
    autorestart: options.autorestart,
    directory,
    user: options.user,
    command,
    exitcodes: options.exitcodes,
    killasgroup: options.killasgroup,
    stopasgroup: options.stopasgroup,
    priority: options.priority,
    redirectStderr: options.redirectStderr,
    startretries: options.startretries,
    startsecs: options.startsecs,
    stopsignal: signalNames.indexOf(options.stopsignals[0]!) + 1,
    stopwaitsecs: options.stopwaitsecs,
    stdout: logSettings(logs.stdout, options.stdout),
    stderr: logSettings(logs.stderr, options.stderr),
    serverurl: options.serverurl,
  }
  const { umask, stopsignals } = options
  const { service: _, n: __, ...said } = settings
  const variables = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1))
  const identity = JSON.stringify([said, umask, stopsignals, variables, program.envFiles])
  return { processName, process, settings, identity }
}

interface ReadProcess {
  readonly directory: string | null
  readonly logs: { readonly stdout: ReturnType<typeof readLog>; readonly stderr: ReturnType<typeof readLog> }
  readonly command: string
  readonly processName: string
  readonly environment: Readonly<Record<string, string>>
}

function processOf(section: Section, program: Program, read: ReadProcess): ProcessSpec {
  const { daemon, base } = section.context
  const { options, group, stdin } = program
  const { directory, logs, processName } = read
  const isDialogue = stdin.kind === 'events'
  const owner = { group, processName }
  const serverUrl = options.serverurl ?? daemon.serverUrl
  const stderr = logSpec(
    logs.stderr,
    { ...owner, stream: 'stderr', options: options.stderr, isDialogue: false },
    daemon,
  )
  return {
    ...splitCommand(section, read.command),
    workingDir: directory === null || directory === '' ? null : below(base, directory),
    environment: {
      SUPERVISOR_ENABLED: '1',
      ...(serverUrl ? { SUPERVISOR_SERVER_URL: serverUrl } : {}),
      SUPERVISOR_PROCESS_NAME: processName,
      SUPERVISOR_GROUP_NAME: group,
      ...read.environment,
    },
    envFiles: program.envFiles,
    inheritEnvironment: true,
    user: options.user,
    umask: options.umask,
    stdout: logSpec(logs.stdout, { ...owner, stream: 'stdout', options: options.stdout, isDialogue }, daemon),
    stderr: options.redirectStderr ? 'stdout' : stderr,
    stdin,
    logger: null,
    limits: null,
    cgroup: false,
  }
}

function commandText(section: Section): string | null {
  if (entryOf(section, 'command') !== null) return textOf(section, 'command')
  const message = `program section ${section.section.name} does not specify a command`
  return fail(section, section.section, 'command', message, "write 'command = /path/to/program'")
}

function processNameOf(section: Section, text: string): string | null {
  const entry = entryOf(section, 'process_name')
  if (entry !== null) return expand(section, entry, text, 'process_name')
  // The default: the name of the program, which may hold a percent sign by now.
  return String(section.expansions.get('program_name'))
}

function splitCommand(section: Section, text: string): Pick<ProcessSpec, 'command' | 'commandError'> {
  const result = splitShellWords(text, 'posix')
  if (result.kind === 'words' && result.words.length > 0) return { command: result.words, commandError: null }
  const commandError =
    result.kind === 'words' ? 'command is empty' : `can't parse command ${pythonRepr(text)}: ${result.message}`
  // supervisord accepts it and fails at each start; so do we, and say it now as well.
  const hint = 'a blank before ; or # begins a comment, also within quotes'
  warn(section, entryOf(section, 'command')!, 'command', commandError, hint)
  return { command: [], commandError }
}
