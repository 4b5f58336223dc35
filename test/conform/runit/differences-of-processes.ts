import { type Difference, type Pair, pairs } from './difference.ts'

/** How the lines of a process begin, and which of a unit's processes it is. */
interface Process {
  readonly where: string
  readonly what: string
  readonly unit: string
  readonly role: 'main' | 'post' | 'script'
}

const own: Omit<Process, 'where' | 'what' | 'unit'> = { role: 'main' }
const plain: Process = {
  ...own,
  where: 'directories / a program that knows nothing of supervisors',
  what: 'plain',
  unit: 'plain',
}
const withLogger = 'directories / a program with a logger'
const service: Process = { ...own, where: withLogger, what: 'service', unit: 'logging' }
const logger: Process = { ...own, where: withLogger, what: 'logger', unit: 'logging.log' }
const chpst: Process = {
  ...own,
  where: 'directories / chpst gives it a user, limits, a name and a session',
  what: 'chpst',
  unit: 'chpst',
}
const inherited = 'inherited / a service, its logger, its finish and a control script'
const heir: Process = { ...own, where: inherited, what: 'run', unit: 'heir' }
const heirsLogger: Process = { ...own, where: inherited, what: 'log/run', unit: 'heir.log' }
const heirsControl: Process = { where: inherited, what: 'control/h', unit: 'heir', role: 'script' }
const heirsFinish: Process = { where: inherited, what: 'finish', unit: 'heir', role: 'post' }
const all: readonly Process[] = [plain, service, logger, chpst, heir, heirsLogger, heirsControl, heirsFinish]
const heirs: readonly Process[] = [heir, heirsLogger, heirsControl, heirsFinish]

const supervisorsOutput = 'DIR/stderr, flags 0102001'
const inputReason =
  'no service reads what the daemon was started with, and one that writes to its input is not ended by it'
const outputReason =
  'what is printed comes to the daemon, which may die and be followed, through a FIFO in its run directory'
const logReason = 'the pipe to the logger is a FIFO with a name, so that it outlives the daemon'

/** What processes are given at their start. */
export const differencesOfProcesses: readonly Difference[] = [
  ...all.map(marks),
  // chpst -P has given it one on either side.
  ...all.filter((each) => each !== chpst).flatMap(ownSession),

  ...all
    .filter((each) => each !== logger && each !== heirsLogger)
    .flatMap((each) =>
      lines(each, inputReason, ['descriptor 0 /dev/null, flags 0100000', 'descriptor 0 /dev/null, flags 0100002']),
    ),
  // They begin with 2>&1.
  ...[plain, chpst].flatMap((each) => [
    ...lines(each, outputReason, [`descriptor 1 ${supervisorsOutput}`, `descriptor 1 ${written(each.unit, 'stdout')}`]),
    ...lines(each, outputReason, [`descriptor 2 ${supervisorsOutput}`, `descriptor 2 ${written(each.unit, 'stdout')}`]),
  ]),
  ...lines(
    service,
    logReason,
    ['descriptor 1 pipe, flags 01', `descriptor 1 ${written('logging', 'stdout')}`],
    ['descriptor 2 pipe, flags 01', `descriptor 2 ${written('logging', 'stdout')}`],
  ),
  // svlogd itself makes its input non-blocking.
  ...lines(logger, logReason, [
    'descriptor 0 pipe, flags 04000',
    'descriptor 0 DIR/home/run/process/fifo/service%2Flogging%2F1.stdout, flags 0104000',
  ]),
  ...lines(
    logger,
    outputReason,
    [`descriptor 1 ${supervisorsOutput}`, `descriptor 1 ${written('logging.log', 'stdout')}`],
    [`descriptor 2 ${supervisorsOutput}`, `descriptor 2 ${written('logging.log', 'stderr')}`],
  ),
  ...[heir, heirsControl, heirsFinish].flatMap((each) => [
    ...lines(each, logReason, ['descriptor 1 pipe, flags 01', `descriptor 1 ${written('heir', 'stdout')}`]),
    ...lines(each, outputReason, [`descriptor 2 ${supervisorsOutput}`, `descriptor 2 ${written('heir', 'stderr')}`]),
  ]),
  ...lines(heirsLogger, logReason, [
    'descriptor 0 pipe, flags 00',
    'descriptor 0 DIR/home/run/process/fifo/service%2Fheir%2F1.stdout, flags 0100000',
  ]),
  ...lines(heirsLogger, outputReason, [
    `descriptor 2 ${supervisorsOutput}`,
    `descriptor 2 ${written('heir.log', 'stderr')}`,
  ]),

  ...heirs.flatMap((each) => [
    ...lines(
      each,
      'meant for the daemon alone: npm and systemd set it',
      ['environment LISTEN_FDS=1', null],
      ['environment NODE_OPTIONS=--max-old-space-size=200', null],
      ['environment NOTIFY_SOCKET=/nowhere', null],
    ),
    ...lines(each, 'nothing leaks from the daemon into its services', ['descriptor 7 /dev/null, flags 0100000', null]),
    ...lines(each, 'a service begins with all signals as they are by default, whoever started the daemon', [
      'SigIgn 0000000000001202',
      'SigIgn 0000000000000000',
    ]),
  ]),
  ...lines(heirsControl, 'runsv passes on that it blocks CHLD and TERM itself', [
    'SigBlk 0000000000014000',
    'SigBlk 0000000000000000',
  ]),
  ...[heirsControl, heirsFinish].flatMap((each) =>
    lines(each, 'a shell catches INT where that is not ignored from the start', [
      'SigCgt 0000000000010000',
      'SigCgt 0000000000010002',
    ]),
  ),
]

function marks({ where, what, unit, role }: Process): Difference {
  const path = `HOME/service/${unit}/1`
  const names =
    role === 'script'
      ? [`HOLDFAST_SCRIPT=${path}`]
      : ['HOLDFAST_ATTEMPT=N', `HOLDFAST_ROLE=${role}`, 'HOLDFAST_RUN=N', `HOLDFAST_UNIT=${path}`]
  return {
    where,
    original: [],
    ours: names.map((name) => `${what}: environment ${name}`),
    reason: 'by these a daemon that follows another one finds the processes that are left',
  }
}

function ownSession(one: Process): readonly Difference[] {
  return lines(
    one,
    'by its session and group a daemon finds what is left of a run after its own death',
    ["session the supervisor's", 'session of its own'],
    ["group the supervisor's", 'group of its own'],
  )
}

function lines(
  { where, what }: Process,
  reason: string,
  ...facts: readonly (readonly [string, string | null])[]
): readonly Difference[] {
  return pairs(
    where,
    reason,
    ...facts.map(([original, ours]): Pair => [`${what}: ${original}`, ours === null ? null : `${what}: ${ours}`]),
  )
}

function written(unit: string, stream: 'stdout' | 'stderr'): string {
  return `DIR/home/run/process/fifo/service%2F${unit}%2F1.${stream}, flags 0100001`
}
