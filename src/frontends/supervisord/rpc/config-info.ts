import type { GroupSettings, ProcessLogSettings, ProcessSettings } from '../../../dialects/supervisord/settings.ts'
import { xmlArray, xmlBoolean, xmlInt, xmlString } from '../../../formats/xml-rpc/make.ts'
import type { XmlRpcValue } from '../../../formats/xml-rpc/value.ts'
import { userByName } from '../../../sys/users.ts'
import type { ProcessView } from '../contract.ts'
import type { Methods } from './method.ts'
import type { RpcParts } from './parts.ts'

export function configInfoMethods({ groups, table }: Pick<RpcParts, 'groups' | 'table'>): Methods {
  return {
    getAllConfigInfo: {
      parameters: [],
      returns: 'array',
      help: 'What the configuration, as it was read last, says about each process, by name.',
      call() {
        const users = new Map<string, XmlRpcValue>()
        const all = groups.offered().flatMap((group) =>
          group.processes.map((settings) => {
            const isInUse = table.group(group.name) !== null
            const process = table.process(group.name, settings.name)
            return { name: settings.name, value: configOf({ group, settings, isInUse, process, users }) }
          }),
        )
        const sorted = all.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
        return xmlArray(sorted.map(({ value }) => value))
      },
    },
  }
}

interface Configured {
  readonly group: GroupSettings
  readonly settings: ProcessSettings
  readonly isInUse: boolean
  /** null: it is not in force. */
  readonly process: ProcessView | null
  /** Looked up once for an answer. */
  readonly users: Map<string, XmlRpcValue>
}

/** Source: the members and their order as supervisor 4.2.5 answers them; `autorestart` as its successor does. */
function configOf({ group, settings, isInUse, process, users }: Configured): XmlRpcValue {
  const { autorestart } = settings
  return {
    kind: 'struct',
    members: [
      ['autostart', xmlBoolean(settings.autostart)],
      ['autorestart', autorestart === 'unexpected' ? xmlString(autorestart) : xmlBoolean(autorestart)],
      ['directory', textOrNone(settings.directory)],
      ['uid', userId(settings.user, users)],
      ['command', xmlString(settings.command)],
      ['exitcodes', xmlArray(settings.exitcodes.map(xmlInt))],
      ['group', xmlString(group.name)],
      ['group_prio', xmlInt(group.priority)],
      ['inuse', xmlBoolean(isInUse)],
      ['killasgroup', xmlBoolean(settings.killasgroup)],
      ['name', xmlString(settings.name)],
      ['process_prio', xmlInt(settings.priority)],
      ['redirect_stderr', xmlBoolean(settings.redirectStderr)],
      ['startretries', xmlInt(settings.startretries)],
      ['startsecs', xmlInt(settings.startsecs)],
      ...logMembers('stdout', settings.stdout, process?.stdoutPath ?? null),
      ['stopsignal', xmlInt(settings.stopsignal)],
      ['stopwaitsecs', xmlInt(settings.stopwaitsecs)],
      ...logMembers('stderr', settings.stderr, process?.stderrPath ?? null),
      ['serverurl', textOrNone(settings.serverurl === 'AUTO' ? 'auto' : settings.serverurl)],
    ],
  }
}

/** `path`: where it goes now, which only then is known of AUTO. */
function logMembers(
  stream: 'stdout' | 'stderr',
  { captureMaxbytes, eventsEnabled, logfile, backups, maxbytes, syslog }: ProcessLogSettings,
  path: string | null,
): readonly (readonly [string, XmlRpcValue])[] {
  return [
    [`${stream}_capture_maxbytes`, xmlInt(captureMaxbytes)],
    [`${stream}_events_enabled`, xmlBoolean(eventsEnabled)],
    [`${stream}_logfile`, textOrNone(logfile === 'AUTO' ? (path ?? 'auto') : logfile)],
    [`${stream}_logfile_backups`, xmlInt(backups)],
    [`${stream}_logfile_maxbytes`, xmlInt(maxbytes)],
    [`${stream}_syslog`, xmlBoolean(syslog)],
  ]
}

function textOrNone(text: string | null): XmlRpcValue {
  return xmlString(text ?? 'none')
}

function userId(user: string | null, users: Map<string, XmlRpcValue>): XmlRpcValue {
  if (user === null) return xmlString('none')
  const known = users.get(user)
  if (known !== undefined) return known
  const uid = /^\d+$/.test(user) ? Number(user) : (userByName(user)?.uid ?? null)
  const value = uid === null ? xmlString('none') : xmlInt(uid)
  users.set(user, value)
  return value
}
