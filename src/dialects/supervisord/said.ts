import type { IniDocument, IniEntry } from '../../formats/ini.ts'

/** What was said on supervisord's command line, by the keys of `[supervisord]`: it counts before what the file says. */
export type Said = Readonly<Record<string, string>>

/** As supervisord was called. */
export interface Called {
  readonly said: Said
  /** The directory in which, absolute: relative paths start there. */
  readonly directory: string
}

/** The file as if that stood in it; a problem with it is told of the option instead of a line. */
export function withSaid(document: IniDocument, said: Said): IniDocument {
  const main = document.sections.get('supervisord')
  if (main === undefined || Object.keys(said).length === 0) return document
  const entries = Object.entries(said).map(([key, text]): readonly [string, IniEntry] => {
    // Nothing is expanded in it.
    return [
      key,
      { file: optionOf(key), line: 1, column: 1, valueLine: 1, valueColumn: 1, key, value: text.replaceAll('%', '%%') },
    ]
  })
  const sections = new Map(document.sections)
  sections.set('supervisord', { ...main, entries: new Map([...main.entries, ...entries]) })
  return { ...document, sections }
}

/** `-y`; of what has no letter `--minprocs`. */
function optionOf(key: string): string {
  const letter = letters[key]
  return letter === undefined ? `--${key}` : `-${letter}`
}

const letters: Readonly<Record<string, string>> = {
  nodaemon: 'n',
  silent: 's',
  user: 'u',
  umask: 'm',
  directory: 'd',
  logfile: 'l',
  logfile_maxbytes: 'y',
  logfile_backups: 'z',
  loglevel: 'e',
  pidfile: 'j',
  identifier: 'i',
  childlogdir: 'q',
  nocleanup: 'k',
  minfds: 'a',
  strip_ansi: 't',
}
