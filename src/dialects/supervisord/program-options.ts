import { plainPriority } from '../../core/target/plain.ts'
import { entryOf, fail, failEntry, readValue, type Section, textOf } from './section.ts'
import {
  bad,
  ok,
  parseAutoRestart,
  parseBoolean,
  parseBytes,
  parseExitCodes,
  parseInteger,
  parseName,
  parseOctal,
  parseSignals,
  type Value,
} from './values.ts'

/** What is read once for all processes of a program. */
export interface ProgramOptions {
  readonly priority: number
  readonly autostart: boolean
  readonly autorestart: boolean | 'unexpected'
  readonly startsecs: number
  readonly startretries: number
  /** Without SIG; sent one after the other. */
  readonly stopsignals: readonly string[]
  readonly stopwaitsecs: number
  readonly stopasgroup: boolean
  readonly killasgroup: boolean
  readonly exitcodes: readonly number[]
  readonly redirectStderr: boolean
  readonly numprocs: number
  readonly numprocsStart: number
  readonly stdout: StreamOptions
  readonly stderr: StreamOptions
  /** null: that of the daemon. */
  readonly serverurl: string | null
  readonly user: string | null
  readonly umask: number | null
  /** Not expanded yet. */
  readonly processName: string
}

export interface StreamOptions {
  readonly captureMaxbytes: number
  readonly eventsEnabled: boolean
}

/** In the order in which supervisord reads them. `priority`: read already, or null. null: what is wrong lets no process be made of it. */
export function readProgramOptions(section: Section, priority: number | null): ProgramOptions | null {
  const first = {
    priority: priority ?? readValue(section, 'priority', parseInteger, plainPriority),
    autostart: readValue(section, 'autostart', parseBoolean, true),
    autorestart: readValue<boolean | 'unexpected'>(section, 'autorestart', parseAutoRestart, 'unexpected'),
    startsecs: readValue(section, 'startsecs', parseInteger, 1),
    startretries: readValue(section, 'startretries', parseInteger, 3),
    stopsignals: readValue<readonly string[]>(section, 'stopsignal', parseSignals, ['TERM']),
    stopwaitsecs: readValue(section, 'stopwaitsecs', parseInteger, 10),
    stopasgroup: readValue(section, 'stopasgroup', parseBoolean, false),
  }
  const options = {
    ...first,
    killasgroup: readValue(section, 'killasgroup', parseBoolean, first.stopasgroup),
    exitcodes: readValue<readonly number[]>(section, 'exitcodes', parseExitCodes, [0]),
    redirectStderr: readValue(section, 'redirect_stderr', parseBoolean, false),
    numprocs: readValue(section, 'numprocs', parseInteger, 1),
    numprocsStart: readValue(section, 'numprocs_start', parseInteger, 0),
    stdout: readStream(section, 'stdout'),
    stderr: readStream(section, 'stderr'),
    serverurl: serverUrlOf(textOf(section, 'serverurl')),
    user: readValue<string | null>(section, 'user', parseUser, null),
    umask: readValue<number | null>(section, 'umask', parseOctal, null),
  }
  const processName = processNameOf(section, options.numprocs)
  if (options.stopasgroup && !options.killasgroup) {
    const at = entryOf(section, 'killasgroup')!
    failEntry(section, at, 'Cannot set stopasgroup=true and killasgroup=false', 'remove killasgroup=false')
  }
  return processName === null ? null : { ...options, processName }
}

function readStream(section: Section, stream: 'stdout' | 'stderr'): StreamOptions {
  return {
    captureMaxbytes: readValue(section, `${stream}_capture_maxbytes`, parseBytes, 0),
    eventsEnabled: readValue(section, `${stream}_events_enabled`, parseBoolean, false),
  }
}

function serverUrlOf(text: string | null): string | null {
  return text?.trim().toUpperCase() === 'AUTO' ? null : text
}

// Who it is, is found out at the start: users may come from a directory service that is not there yet.
function parseUser(text: string): Value<string> {
  if (text !== '') return ok(text)
  return bad('Invalid user name ', 'write a name or a number, or leave user= out')
}

function processNameOf(section: Section, numprocs: number): string | null {
  const entry = entryOf(section, 'process_name')
  const result = entry === null ? ok('%(program_name)s') : parseName(entry.value)
  if (result.kind === 'error') return failEntry(section, entry!, result.message, result.hint)
  if (numprocs <= 1 || result.value.includes('%(process_num)')) return result.value
  const message = '%(process_num) must be present within process_name when numprocs > 1'
  const hint = 'add process_name=%(program_name)s_%(process_num)02d'
  return fail(section, entry ?? entryOf(section, 'numprocs')!, 'process_name', message, hint)
}
