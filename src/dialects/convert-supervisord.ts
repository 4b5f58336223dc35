import type { IniDocument, IniEntry, IniSection } from '../formats/ini.ts'
import { type IniComment, readIniComments } from '../formats/ini-comments.ts'
import type { Note } from './convert-model.ts'
import type { Origin } from './decoding.ts'
import { fileKind, sourceFilesIn } from './source-kind.ts'
import { isFailure, type SourceReader } from './source-reader.ts'
import { readSupervisordFiles } from './supervisord/read-files.ts'

/** What conversion looks at besides what the files declare. */
export interface SupervisordOriginal {
  readonly document: IniDocument
  readonly comments: readonly IniComment[]
}

/** Of the files of supervisord that a source is made of; null: there are none. `isNamedSo`: somebody says that it is one. */
export function originalAt(source: string, reader: SourceReader, isNamedSo: boolean): SupervisordOriginal | null {
  const names = reader.list(source)
  const isIt = (path: string) => isNamedSo || fileKind(path) === 'supervisord'
  const paths = isFailure(names) ? [source].filter(isIt) : sourceFilesIn(source, names, reader).filter(isIt)
  return paths.length === 0 ? null : readOriginal(paths, reader)
}

function readOriginal(paths: readonly string[], reader: SourceReader): SupervisordOriginal {
  const texts = new Map<string, string>()
  const read: SourceReader['read'] = (path) => {
    const text = reader.read(path)
    if (typeof text === 'string') texts.set(path, text)
    return text
  }
  const { document } = readSupervisordFiles(paths, { ...reader, read })
  const [main] = paths
  return { document, comments: [...texts].flatMap(([path, text]) => readIniComments(text, path, path === main)) }
}

/** What a holdfast.yaml has no counterpart for, each with what to do instead. */
export function differencesOf({ document }: SupervisordOriginal): readonly Note[] {
  const sections = [...document.sections.values()]
  const main = document.sections.get('supervisord')
  return [...serverNotes(sections), ...(main === undefined ? [] : mainNotes(main)), ...autoLogNotes(document, main)]
}

// ---- servers and their clients -------------------------------------------------------------------------------------

function serverNotes(sections: readonly IniSection[]): readonly Note[] {
  const isServer = ({ name }: IniSection) => /^(?:unix|inet)_http_server/.test(name)
  const servers = sections.filter(isServer)
  const others = sections.filter(({ name }) => name.startsWith('rpcinterface:') || name === 'supervisorctl')
  const plugins = sections.filter(({ name }) => name.startsWith('ctlplugin:'))
  const first = servers[0] ?? others[0]
  return [
    ...(first === undefined ? [] : [serverNote(first, [...servers, ...others], servers.length > 0)]),
    ...plugins.map((section) => ({
      origin: originOf(section),
      message: `[${section.name}] extends supervisorctl, which has no part in this; programs ask by 'holdfast … -o json'`,
    })),
  ]
}

function serverNote(first: IniSection, all: readonly IniSection[], isListening: boolean): Note {
  const names = all.map(({ name }) => `[${name}]`).join(', ')
  const programs = isListening
    ? '; SUPERVISOR_SERVER_URL stays in each environment, and programs that call supervisord by it reach nobody'
    : ''
  const message = `${names}: supervisorctl and the web page do not drive what a holdfast.yaml declares; the commands of holdfast do (ps, start, stop, logs, top)${programs}`
  return { origin: originOf(first), message }
}

// ---- [supervisord] --------------------------------------------------------------------------------------------------

interface Difference {
  readonly keys: readonly string[]
  readonly message: string
}

const mainDifferences: readonly Difference[] = [
  {
    keys: ['user'],
    message: 'services without a user run as the daemon does: start it as that user, or write user with each service',
  },
  {
    keys: ['directory'],
    message: 'services without a working_dir run where the daemon was started: start it there, or write working_dir',
  },
  {
    keys: ['umask'],
    message: 'services have the mask of the daemon: start it with that, or write x-holdfast.umask with each service',
  },
  {
    keys: ['minfds', 'minprocs'],
    message:
      'the daemon raises no limits: start it with them (LimitNOFILE= and LimitNPROC= in a systemd unit), or write ulimits with each service',
  },
  {
    keys: ['logfile', 'logfile_maxbytes', 'logfile_backups', 'loglevel', 'silent'],
    message: "there is no activity log: 'holdfast events' and 'holdfast history' tell what happens and happened",
  },
  {
    keys: ['pidfile', 'nodaemon', 'identifier'],
    message:
      "'holdfast daemon' stays in the foreground, 'holdfast up' starts one in the background; its home is what it is known by, and there is no pid file",
  },
]

function mainNotes({ entries }: IniSection): readonly Note[] {
  return mainDifferences.flatMap(({ keys, message }): readonly Note[] => {
    const said = keys.flatMap((key) => entries.get(key) ?? [])
    const [first] = said
    if (first === undefined) return []
    return [{ origin: originOf(first), message: `[supervisord] ${said.map(({ key }) => key).join(', ')}: ${message}` }]
  })
}

// ---- programs -------------------------------------------------------------------------------------------------------

function autoLogNotes({ sections }: IniDocument, main: IniSection | undefined): readonly Note[] {
  if (main?.entries.has('childlogdir')) return []
  const keys = ['stdout_logfile', 'stderr_logfile']
  const entries = [...sections.values()].flatMap((section) => keys.flatMap((key) => section.entries.get(key) ?? []))
  const first = entries.find(({ value }) => value.trim().toUpperCase() === 'AUTO')
  if (first === undefined) return []
  const message = `${first.key}=AUTO: such logs are in the log directory of Holdfast, not in that for temporary files; 'holdfast logs' shows them, a path below x-holdfast.logs puts them elsewhere`
  return [{ origin: originOf(first), message }]
}

function originOf({ file, line, column }: IniSection | IniEntry): Origin {
  return { file, line, column, written: null }
}
