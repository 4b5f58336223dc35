import { isDeepStrictEqual } from 'node:util'
import type { Instance, ProcessSpec, RestartPolicy, Service, StdinSpec, StopRung } from '../../core/model.ts'
import { noChecks, noHooks, noLabels, plainEnd, plainProcess } from '../../core/target/plain.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { type Extensions, type Need, readExtensions } from './extensions.ts'
import { decodeProcesses, type Member } from './processes.ts'
import { type ProgramOptions, readProgramOptions } from './program-options.ts'
import { fail, type Section, withNames } from './section.ts'
import type { ProcessSettings } from './settings.ts'
import { parseName } from './values.ts'

/** A program as a member of a group. */
export interface DecodedProgram {
  /** Without its dependencies: the others are not known yet. */
  readonly service: Service
  readonly needs: readonly Need[]
  /** In supervisord's order. */
  readonly processes: readonly ProcessSettings[]
  /** Of all that makes it another one for supervisord. */
  readonly identity: readonly unknown[]
}

export interface ProgramRequest {
  readonly name: string
  readonly group: string
  readonly stdin: StdinSpec
  /** What was read already; null: it is read here. */
  readonly priority: number | null
}

/** Reads a section as processes of `group`. null where it cannot be understood; what is wrong is reported. */
export function decodeProgram(outer: Section, request: ProgramRequest): DecodedProgram | null {
  const { context, section: iniSection } = outer
  const named = withNames(outer, [
    ['here', context.here],
    ['program_name', request.name],
    ['host_node_name', context.reader.hostName],
    ['group_name', request.group],
  ])
  const suffix = ` in section ${pythonRepr(iniSection.name)} (file: ${pythonRepr(iniSection.file)})`
  const section = { ...named, suffix }
  const checked = parseName(request.name)
  if (checked.kind === 'error') return fail(section, iniSection, '', checked.message, checked.hint)
  const options = readProgramOptions(section, request.priority)
  const extensions = readExtensions(section)
  if (options === null) return null
  const members = decodeProcesses(section, { ...request, options, envFiles: extensions.envFiles })
  const { needs, schedule, restartPauseMs, killWaitMs, isStarted } = extensions
  const added = { schedule, restartPauseMs, killWaitMs, isStarted, needs: needs.map(({ name }) => name) }
  return {
    service: serviceOf(request, options, extensions, members),
    needs,
    processes: members.map(({ settings }) => settings).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    identity: [...members.map(({ identity }) => identity), added],
  }
}

function serviceOf(
  { name, stdin }: ProgramRequest,
  options: ProgramOptions,
  extensions: Extensions,
  members: readonly Member[],
): Service {
  const [first] = members
  return {
    name,
    kind: 'process',
    ...plainEnd,
    process: first?.process ?? { ...emptyProcess, stdin },
    instances: members.map(({ settings: { n }, process, processName }, index): Instance => {
      const named = processName === name ? { n } : { n, processName }
      return index === 0 ? named : { ...named, process: ownOf(process, first!.process) }
    }),
    // What has a schedule starts by it.
    autostart: extensions.schedule === null && (options.autostart || extensions.isStarted),
    restart: restartOf(options, extensions),
    stop: stopOf(options, extensions),
    dependsOn: [],
    priority: options.priority,
    manualStop: 'until-daemon-restart',
    checks: noChecks,
    hooks: noHooks,
    schedule: extensions.schedule,
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

// numprocs=0 is a group without processes.
const emptyProcess: ProcessSpec = { ...plainProcess, commandError: 'command is empty', inheritEnvironment: true }

function restartOf(options: ProgramOptions, { restartPauseMs }: Extensions): RestartPolicy {
  const { autorestart, exitcodes, startsecs } = options
  const retries = Math.max(options.startretries, 0)
  return {
    when: autorestart === 'unexpected' ? 'on-failure' : autorestart ? 'always' : 'no',
    successExits: exitcodes,
    stableMs: Math.max(startsecs, 0) * 1_000,
    early: 'always',
    // supervisord waits k seconds after the k-th early exit, without a cap: the last retry waits longest.
    backoff: {
      shape: 'linear',
      firstMs: restartPauseMs ?? 1_000,
      factor: 1,
      maxMs: restartPauseMs ?? Math.max(retries, 1) * 1_000,
      jitter: 0,
      freeRestarts: 0,
    },
    budget: { restartsMax: retries, windowMs: null },
  }
}

function stopOf(options: ProgramOptions, { killWaitMs }: Extensions): readonly StopRung[] {
  const waitMs = Math.max(options.stopwaitsecs, 0) * 1_000
  const scope = options.stopasgroup ? 'group' : 'main'
  const signals = options.stopsignals.map((signal): StopRung => ({ signal, scope, waitMs }))
  // It is sent again as long as something lives, at each tick of supervisord where nothing is to be waited for.
  const killAgainMs = Math.max(killWaitMs ?? waitMs, 1_000)
  return [...signals, { signal: 'KILL', scope: options.killasgroup ? 'group' : 'main', waitMs: killAgainMs }]
}
