import type { EnvironmentRules } from '../../formats/environment-pairs.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { decodeEnvironment } from './environment.ts'
import { existingDirectory, existingDirpath } from './paths.ts'
import { beginSection, type Context, readValue, type Section, textOf, withNames } from './section.ts'
import type { SupervisordSettings } from './settings.ts'
import { bad, ok, parseBoolean, parseBytes, parseInteger, parseLogLevel, parseOctal, type Value } from './values.ts'

export interface MainSection {
  readonly settings: MainSettings
  readonly environment: Readonly<Record<string, string>>
  readonly environmentRules: EnvironmentRules
  readonly isAnsiStripped: boolean
}

type MainSettings = Omit<
  SupervisordSettings,
  'source' | 'servers' | 'hasRpcInterface' | 'groups' | 'notices' | 'error' | 'hasMain'
>

/** `[supervisord]`, in the order in which supervisord reads its options. */
export function decodeMain(context: Context): MainSection {
  const iniSection = context.document.sections.get('supervisord')
  if (iniSection === undefined) return noMain
  const section = withNames(beginSection(context, iniSection), [['here', context.here]])
  const settings = decodeSettings(section, context)
  const isAnsiStripped = readValue(section, 'strip_ansi', parseBoolean, false)
  const environmentRules = readValue(section, 'holdfast_environment_parser', parseRules, 'posix')
  const named = withNames(section, [['host_node_name', context.reader.hostName]])
  const environment = decodeEnvironment(named, environmentRules) ?? {}
  return { settings, environment, environmentRules, isAnsiStripped }
}

const defaults: MainSettings = {
  identifier: 'supervisor',
  logfile: null,
  logfileBytesMax: 50 * 1024 * 1024,
  logfileBackupsMax: 10,
  loglevel: 'info',
  pidfile: null,
  umask: 0o022,
  nodaemon: false,
  silent: false,
  minfds: 1024,
  minprocs: 200,
  nocleanup: false,
  childlogdir: null,
  user: null,
  directory: null,
}

const noMain: MainSection = { settings: defaults, environment: {}, environmentRules: 'posix', isAnsiStripped: false }

function decodeSettings(section: Section, context: Context): MainSettings {
  const directory = existingDirectory(context)
  const dirpath = existingDirpath(context)
  return {
    minfds: readValue(section, 'minfds', parseInteger, defaults.minfds),
    minprocs: readValue(section, 'minprocs', parseInteger, defaults.minprocs),
    directory: readValue<string | null>(section, 'directory', directory, null),
    user: textOf(section, 'user'),
    umask: readValue(section, 'umask', parseOctal, defaults.umask),
    logfile: readValue<string | null>(section, 'logfile', (text) => parseLog(text, dirpath), null),
    logfileBytesMax: Math.max(readValue(section, 'logfile_maxbytes', parseBytes, defaults.logfileBytesMax), 0),
    logfileBackupsMax: Math.max(readValue(section, 'logfile_backups', parseInteger, defaults.logfileBackupsMax), 0),
    loglevel: readValue(section, 'loglevel', parseLogLevel, defaults.loglevel),
    pidfile: readValue<string | null>(section, 'pidfile', dirpath, null),
    identifier: textOf(section, 'identifier') ?? defaults.identifier,
    nodaemon: readValue(section, 'nodaemon', parseBoolean, false),
    silent: readValue(section, 'silent', parseBoolean, false),
    childlogdir: readValue<string | null>(section, 'childlogdir', directory, null),
    nocleanup: readValue(section, 'nocleanup', parseBoolean, false),
  }
}

function parseLog(text: string, dirpath: (text: string) => Value<string>): Value<string> {
  const word = text.toLowerCase()
  if (text === 'syslog') return ok(text)
  return word === 'none' || word === 'off' ? ok('none') : dirpath(text)
}

function parseRules(text: string): Value<EnvironmentRules> {
  const word = text.toLowerCase()
  if (word === 'posix' || word === 'legacy') return ok(word)
  return bad(`not a known way to read environment=: ${pythonRepr(text)}`, 'write posix or legacy')
}
