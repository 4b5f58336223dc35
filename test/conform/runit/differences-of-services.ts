import { type Difference, pairs } from './difference.ts'

const isStopped = 'paused says that a process stands still, not what was said last'
const oneName = 'a unit has one name, and is what is declared under it'
const takenUp = 'a logger that is there is taken up at once: what the service says meanwhile is not to be lost'
const notReached = 'the files were moved together with the directory, where nobody looks for them any more'

const leaver = 'commands / exit and shutdown of a service whose link is gone'
const lingers = 'scanning / a link is removed while its service does not end, and added again'
const renamed = 'scanning / a link is renamed'
const double = 'scanning / two links to one directory are one service, and one of them is removed, then the other'
const moved = 'scanning / the service directory is moved, and its link follows'
const unlogged = 'scanning / log/ comes while the service runs'
const hup = 'ends by HUP / HUP ends the supervisor and all services that obey'

/** What becomes of services, and what the files and the clients show of that. */
export const differencesOfServices: readonly Difference[] = [
  ...pairs(
    'states / paused and wanted down: it is continued to act on TERM',
    isStopped,
    ['pausedown stat: "down, paused\\n"', 'pausedown stat: "down\\n"'],
    [
      'pausedown status: down since [2], pid none, want d, paused',
      'pausedown status: down since [2], pid none, want d',
    ],
  ),
  ...pairs(
    'tables / control/p exits with 0',
    isStopped,
    ['pause0 stat: "run, paused\\n"', 'pause0 stat: "run\\n"'],
    ['pause0 status: run since [0], pid #1, want u, paused', 'pause0 status: run since [0], pid #1, want u'],
  ),
  ...pairs(
    'tables / control/k exits with 0',
    'it is down when its process is; the original takes it for down already, and lets d do nothing',
    ['kill0 stat: "down\\n"', 'kill0 stat: "run, got TERM, want down\\n"'],
    ['kill0 status: down since [0], pid #1, want d', 'kill0 status: run since [0], pid #1, want d, got TERM'],
  ),
  ...pairs(
    'tables / a control script that is killed counts as one that exits with 0',
    'it did not say that the signal is dealt with',
    [null, 'killedcontrol noted: got HUP'],
  ),
  ...pairs(
    'tables / *',
    'a new file in a service directory is seen some milliseconds later: an end in the same instant may be earlier',
    ['latefinish noted: finish 2 4 0', null],
  ),
  ...pairs(
    'directories / *',
    'a run whose start and end are learned in one go is not shown, and where there never was another there is no pid',
    ['log-ends/log pid: ""', 'log-ends/log pid: no file'],
  ),
  ...pairs(
    leaver,
    'finish follows every run, and the files say how it ended',
    ['../sv/leaver stat: "run, got TERM, want exit\\n"', '../sv/leaver stat: "down\\n"'],
    ['../sv/leaver pid: #1', '../sv/leaver pid: ""'],
    [
      '../sv/leaver status: run since [0], pid #1, want d, got TERM',
      /^\.\.\/sv\/leaver status: down since \[[56]\], pid none, want d$/,
    ],
    [null, '../sv/leaver noted: finish 2 -1 9'],
  ),
  ...pairs('clients / a name with a newline', 'such a name could not be told apart in what is printed', [
    'it: is started',
    'it: is refused',
  ]),

  ...pairs(
    lingers,
    'it is wanted again, and is told so at once; runsv goes on to exit, and another one follows',
    ['lingers stat: "run, got TERM, want exit\\n"', 'lingers stat: "run, got TERM\\n"'],
    [
      'lingers status: run since [0], pid #1, want d, got TERM',
      'lingers status: run since [0], pid #1, want u, got TERM',
    ],
  ),
  ...pairs(
    renamed,
    oneName,
    ['new-name: runs on', 'new-name: was started anew'],
    ['new-name pid: #1', 'new-name pid: #3'],
    ['new-name status: run since [0], pid #1, want u', /^new-name status: run since \[[12]\], pid #3, want u$/],
    ['out| run: new-name: (pid #1) Ns', 'out| run: new-name: (pid #3) Ns'],
    [null, 'new-name noted: got TERM'],
    [null, 'new-name noted: start pid=#4'],
  ),
  ...pairs(
    double,
    oneName,
    ['double-too: runs on', 'double-too: was started anew'],
    ['double-too pid: #1', 'double-too pid: #3'],
    ['double-too status: run since [0], pid #1, want u', /^double-too status: run since \[[23]\], pid #3, want u$/],
  ),
  {
    where: double,
    original: [],
    ours: ['../sv/double noted: start pid=#3'],
    reason: oneName,
  },
  {
    where: double,
    original: [],
    ours: ['../sv/double noted: got TERM', '../sv/double noted: finish 2 -1 15'],
    reason: oneName,
  },
  ...pairs(
    moved,
    'what is declared has another path: the run of the old one ends, and one in the new one begins',
    ['moved: runs on', 'moved: was started anew'],
    ['moved pid: #1', 'moved pid: #3'],
    ['moved status: run since [0], pid #1, want u', /^moved status: run since \[[12]\], pid #3, want u$/],
    ['moved pid: #3', 'moved pid: #4'],
    ['moved status: run since [3], pid #3, want u', 'moved status: run since [3], pid #4, want u'],
  ),
  {
    where: moved,
    original: ['moved noted: finish 2 0 0'],
    ours: ['moved noted: got TERM', 'moved noted: finish 2 -1 15'],
    reason: 'as above: this end is the one of the move',
  },
  {
    where: moved,
    original: [],
    ours: ['moved noted: finish 2 0 0', 'moved noted: start pid=#4'],
    reason: 'as above: the end after the move',
  },
  ...pairs(unlogged, takenUp, ['its output: goes where it went', 'its output: is read by the logger']),
  ...(
    [
      ['#1', '(pid #1) Ns; run: log: (pid #3) Ns'],
      ['#3', '(pid #4) Ns; run: log: (pid #3) Ns'],
    ] as const
  ).map(([pid, ours]) => ({
    where: unlogged,
    original: [
      `out| run: unlogged: (pid ${pid}) Ns; warning: unlogged/log: unable to open supervise/ok: file does not exist`,
      `out| run: log: (pid ${pid}) Ns`,
      'exit code 1',
    ],
    ours: [`out| run: unlogged: ${ours}`, 'exit code 0'],
    reason: takenUp,
  })),
  ...pairs(
    unlogged,
    'there was one process more',
    [
      'out| run: unlogged: (pid #4) Ns; run: log: (pid #5) Ns',
      'out| run: unlogged: (pid #5) Ns; run: log: (pid #6) Ns',
    ],
    ['unlogged pid: #4', 'unlogged pid: #5'],
    ['unlogged status: run since [6], pid #4, want u', 'unlogged status: run since [6], pid #5, want u'],
    ['unlogged/log pid: #5', 'unlogged/log pid: #6'],
    ['unlogged/log status: run since [6], pid #5, want u', 'unlogged/log status: run since [6], pid #6, want u'],
  ),
  ...pairs(
    'scanning / a directory instead of a link',
    notReached,
    ['../sv/real stat: "down\\n"', '../sv/real stat: "run\\n"'],
    ['../sv/real pid: ""', '../sv/real pid: #1'],
    ['../sv/real status: down since [1], pid none, want d', '../sv/real status: run since [0], pid #1, want u'],
  ),
  ...pairs(
    'directories / a slow finish holds up the logger’s end',
    'the logger is to end with its service, and says so from the beginning',
    ['../sv/slow-end/log stat: "run\\n"', '../sv/slow-end/log stat: "run, want exit\\n"'],
    [
      '../sv/slow-end/log status: run since [0], pid #3, want u',
      '../sv/slow-end/log status: run since [0], pid #3, want d',
    ],
  ),
  {
    where: hup,
    original: ['one, two, resting: are no longer supervised'],
    ours: ['one, two, resting: are still supervised'],
    reason: 'whoever waits for the daemon knows that all have ended, and sv answers until then',
  },
  {
    where: hup,
    original: ['out| fail: one: runsv not running', 'out| fail: two: runsv not running'],
    ours: ['out| down: one: Ns, normally up; down: log: Ns, normally up', 'out| down: two: Ns, normally up'],
    reason: 'sv answers until the last service has ended',
  },
  {
    where: hup,
    original: ['out| fail: resting: runsv not running', 'exit code 3', 'the supervisor: has ended'],
    ours: ['out| down: resting: Ns', 'exit code 0', 'the supervisor: waits for stubborn'],
    reason: 'the daemon is there until the last service has ended',
  },
  {
    where: 'ends by TERM / TERM ends the supervisor, not the services',
    original: [
      'out| run: one: (pid #1) Ns; run: log: (pid #4) Ns',
      'out| run: two: (pid #2) Ns',
      'out| run: stubborn: (pid #3) Ns',
      'out| down: resting: Ns',
      'exit code 0',
    ],
    ours: [
      ...['one', 'two', 'stubborn', 'resting'].map((service) => `out| fail: ${service}: runsv not running`),
      'exit code 4',
    ],
    reason: 'there is one daemon and no runsv for each service: nobody answers until the next one has taken them over',
  },
]
