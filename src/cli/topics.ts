import { exitCodes } from '../wire/exit-codes.ts'
import type { ExitSpec } from './command.ts'

/** What holds for several commands: `holdfast help TOPIC`, and sections of the man page. */
export interface Topic {
  readonly name: string
  readonly title: string
  readonly parts: readonly TopicPart[]
}

export type TopicPart =
  /** A paragraph. */
  | string
  /** What is explained, and the explanation. */
  | readonly (readonly [term: string, text: string])[]

/** Codes that every command may end with. */
export const commonExits: readonly ExitSpec[] = [
  { code: exitCodes.ok, what: 'done' },
  { code: exitCodes.usage, what: 'the command line is wrong' },
]

/** Codes that every command may end with that asks a daemon. */
export const askingExits: readonly ExitSpec[] = [
  { code: exitCodes.daemonUnreachable, what: 'no daemon answers' },
  { code: exitCodes.permission, what: 'not permitted' },
]

export const topics: readonly Topic[] = [
  {
    name: 'names',
    title: 'How units are named and selected',
    parts: [
      'Every NAME of a command is found, or nothing is done and it exits 4.',
      [
        ['service', 'all units of this service; it must belong to one app only'],
        ['service/n', 'one of them'],
        ['app/service', 'all units of this service of this app'],
        ['app/service/n', 'one unit, as holdfast ps -o name tells it'],
        ['app/', 'a whole app'],
        [
          'group:name, group:*',
          "as in supervisord; a group is an app, a name a service or one of its processes' names",
        ],
        ['web*, app/*, db-?, w[ae]b', 'what matches, in every app; * and ? do not match a slash. Quote them.'],
      ],
      'Labels select as well: -l LABEL, several times or with commas, and then all of them must hold. With names, only what the names mean is looked at; without, everything.',
      [
        ['key=value', 'has the label, with this value'],
        ['key', 'has the label'],
        ['key!=value', 'does not have it, or with another value'],
      ],
      'What selects nothing exits 4.',
    ],
  },
  {
    name: 'output',
    title: 'Formats of output',
    parts: [
      'Data goes to stdout, everything said to a person to stderr, in every format and also when it fails. Errors are one line of text, holdfast: what; remedy. What kind of error it is, the exit code tells.',
      [
        ['-o table', 'for people: cut to the terminal, never in a pipe'],
        ['-o wide', 'everything of table and more columns, never cut'],
        ['-o json, --json', 'one document with apiVersion, kind and items; fields are only ever added'],
        ['-o ndjson', 'its items, one on each line'],
        ['-o name', 'app/service/n, one on each line: what other commands take'],
      ],
      'Colour is used on terminals, unless NO_COLOR is set or TERM is dumb; FORCE_COLOR and --color always use it elsewhere. A glyph and a word always say the same, in ASCII where the locale is not UTF-8.',
    ],
  },
  {
    name: 'exit-codes',
    title: 'Exit codes',
    parts: [
      [
        ['0', 'done'],
        ['1', 'it did not come about'],
        ['2', 'the command line is wrong, or --yes is missing where nobody can be asked'],
        ['3', 'a named unit is not running (ps, status, signal)'],
        ['4', 'no such service: a name, pattern or label selects nothing'],
        ['5', 'up --wait: a release was rejected, now or before'],
        ['6', 'the configuration is invalid; nothing was applied'],
        ['7', 'plan: something differs'],
        ['8', 'daemon: another one runs for this home'],
        ['69', 'no daemon answers, or the pinned Node is missing'],
        ['70', 'daemon: a bug of ours; start it again, it adopts what runs'],
        ['77', 'not permitted'],
        ['124', 'still on its way when the time was over'],
        ['130', 'Ctrl-C, while something was waited for; what was begun goes on'],
        ['other', "of the job (run NAME), 128 and the signal's number where one ended it"],
      ],
    ],
  },
  {
    name: 'environment',
    title: 'Environment and files',
    parts: [
      [
        ['HOLDFAST_HOME', 'the directory below which the daemon keeps its files, as --home'],
        ['HOLDFAST_NODE', 'a Node of your own, 24 or newer, where the pinned package is not installed'],
        ['NO_COLOR, FORCE_COLOR, TERM', 'whether colour is used'],
        ['LC_ALL, LC_CTYPE, LANG', 'whether glyphs beyond ASCII are used'],
        ['TZ', 'the time zone of what is shown; machine formats are in UTC'],
        ['XDG_STATE_HOME, XDG_RUNTIME_DIR', 'where the home of a user other than root is'],
      ],
      'Without --home and HOLDFAST_HOME, root has /var/lib/holdfast, /run/holdfast and /var/log/holdfast; others have holdfast below XDG_STATE_HOME (~/.local/state) and XDG_RUNTIME_DIR.',
      [
        ['run/holdfast.sock', 'where the daemon answers'],
        ['run/names', 'names of apps, services and labels, for completion'],
        ['log/daemon.log', 'what a daemon says that holdfast up has started'],
      ],
    ],
  },
]
