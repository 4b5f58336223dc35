import { type Difference, type Pair, pairs } from './difference.ts'

const reason = 'messages say what, why and what to do; the daemon speaks for all services, and says a thing once'

/** What the supervisors say on stderr. */
export const differencesOfWords: readonly Difference[] = [
  ...(
    [
      ['not executable', 'access denied', 'run may not be executed; make it executable'],
      ['a directory', 'access denied', 'run is a folder'],
      ['missing', 'file does not exist', 'run does not exist'],
      ['without an interpreter line', 'exec format error', "run does not begin with '#!'"],
      [
        'of an interpreter that is not there',
        'file does not exist',
        'run has the interpreter /nowhere/sh, which is not',
      ],
      ['empty', 'exec format error', 'run is empty'],
      ['a link to nothing', 'file does not exist', 'run does not exist'],
    ] as const
  ).flatMap(([how, error, why], at) =>
    pairs(`tables / run is ${how}`, reason, [
      `said: runsv unstartable${at}: fatal: unable to start ./run: ${error}`,
      cannotBeStarted(`unstartable${at}`, why),
    ]),
  ),
  ...pairs('directories / a service without anything in it', reason, [
    'said: runsv bare: fatal: unable to start ./run: file does not exist',
    cannotBeStarted('bare', 'run does not exist'),
  ]),
  ...pairs(
    'tables / finish is not executable',
    'it is passed over without a word: no process is started that could only fail',
    ['said: runsv mutefinish: fatal: unable to start ./finish: access denied', 'said: nothing'],
  ),
  ...pairs(
    'tables / a control script that is not executable is passed over, and so is one that cannot be started',
    reason,
    [
      'said: runsv mutecontrol: fatal: unable to run control/?: file does not exist',
      /^said: holdfast: service\/mutecontrol\/1: control\/a cannot be started, SIGALRM is sent: .* interpreter \/nowhere\/sh/,
    ],
  ),
  ...logger('log is a directory without run', 'log-without-run', 'file does not exist', 'log/run does not exist'),
  ...logger(
    'a logger that cannot be started, and one that ends at once',
    'log-mute',
    'access denied',
    'log/run may not be executed',
  ),
  ...pairs('directories / log is a file', reason, [
    'said: runsv log-is-file: warning: ./log: not a directory.',
    /^said: holdfast: DIR\/sv\/log-is-file\/log:1:1: warning: .* is not a directory, so the service has no logger; /,
  ]),
  ...pairs(
    'clients / supervise/ is a link to a directory, to one that is to be made, and to one that cannot be',
    reason,
    [
      'said: runsv linked-deep: fatal: unable to open supervise/lock: file does not exist',
      cannotBeStarted('linked-deep', ' cannot be supervised \\(ENOENT\\): make the directory, or what '),
    ],
    [
      'said: runsv linked-file: fatal: unable to open supervise/lock: not a directory',
      cannotBeStarted('linked-file', 'supervise exists and is not a directory: remove it'),
    ],
    [
      'said: runsv linked-plain: fatal: supervise/control exists but is not a fifo',
      cannotBeStarted('linked-plain', 'supervise/control exists and is not a FIFO: remove it'),
    ],
  ),
  ...pairs(
    'scanning / what is no service: a leading dot, a file, a link to a file, a dangling link',
    reason,
    [
      'said: runsvdir DIR/service: warning: unable to stat dangling-link: file does not exist',
      /^said: holdfast: DIR\/service\/dangling-link:1:1: warning: .* where nothing is, so runsvdir skips it; remove the link/,
    ],
    [
      'said: runsvdir DIR/service: warning: unable to stat circle: symbolic link loop',
      /^said: holdfast: DIR\/service\/circle:1:1: warning: circle: cannot be looked at: ELOOP: /,
    ],
  ),
]

function logger(scenario: string, service: string, error: string, why: string): readonly Difference[] {
  const where = `directories / ${scenario}`
  const words: Pair = [
    `said: runsv ${service}: fatal: unable to start log/./run: ${error}`,
    cannotBeStarted(`${service}.log`, why),
  ]
  return [
    ...pairs(where, reason, words),
    ...pairs(where, 'nothing was started, so there was no pid; runsv starts a child, which fails', [
      `${service}/log pid: ""`,
      `${service}/log pid: no file`,
    ]),
  ]
}

function cannotBeStarted(unit: string, why: string): RegExp {
  return new RegExp(`^said: holdfast: service/${unit}/1 cannot be started: DIR/sv/.*${why}`)
}
