import { type Difference, pairs } from '../runit/difference.ts'
import { differencesOfPrograms } from './differences-of-programs.ts'

const anywhere = '* / *'

const notAsked =
  'users and functions may come from elsewhere and later: whether they are there is found out when they are needed'

const realPath = 'the path of an AUTO log is told as long as it is used, also after a reread'

const wrongType = 'an argument of a wrong type is a fault, not a failure of the server'

/** docs/compat/supervisord.md tells a reader the same, with the same reasons; one that no longer shows is a failure. */
export const differences: readonly Difference[] = [
  ...differencesOfPrograms,
  ...pairs(
    anywhere,
    'we follow supervisor 4.3, of which this is the version',
    ['out| 4.2.5', 'out| 4.3.0'],
    ['= "4.2.5"', '= "4.3.0"'],
    ['stdout: 4.2.5', 'stdout: 4.3.0'],
  ),
  ...pairs(anywhere, 'its successors tell this too; theirs fails for `true`', [
    null,
    /^= \S+ autorestart: (?:true|false|"unexpected")$/,
  ]),
  ...pairs(anywhere, 'the command is called otherwise', [
    'stderr: For help, use /usr/bin/supervisord -h',
    /^stderr: For help, use (?:holdfast )?supervisord -h$/,
  ]),
  ...pairs(
    'rereading / reread: what counts as a change',
    realPath,
    ['= off:off stdout_logfile: "auto"', '= off:off stdout_logfile: "DIR/log/off-stdout---supervisor-RANDOM.log"'],
    ['= off:off stderr_logfile: "auto"', '= off:off stderr_logfile: "DIR/log/off-stderr---supervisor-RANDOM.log"'],
  ),
  ...pairs(
    'refusals / configurations that are refused: what is said',
    realPath,
    ['= kept:kept stdout_logfile: "auto"', '= kept:kept stdout_logfile: "DIR/log/kept-stdout---supervisor-RANDOM.log"'],
    ['= kept:kept stderr_logfile: "auto"', '= kept:kept stderr_logfile: "DIR/log/kept-stderr---supervisor-RANDOM.log"'],
  ),
  ...pairs(
    'refusals / configurations that are refused: what is said',
    notAsked,
    [/^= fault 92 CANT_REREAD: Invalid user name no-such-user in section 'program:x'/, '= [[["x"],[],[]]]'],
    [/^= fault 92 CANT_REREAD: Invalid user id 99999 in section 'program:x'/, '= [[["x"],[],[]]]'],
    ['= fault 92 CANT_REREAD: foo:bar cannot be resolved within [eventlistener:x]', '= [[["x"],[],[]]]'],
    ['= fault 92 CANT_REREAD: Invalid socket_owner value no-such-user', '= [[["x"],[],[]]]'],
    ['= fault 92 CANT_REREAD: Invalid sockchown value no-such-user', '= [[[],[],[]]]'],
  ),
  ...pairs('methods / wrong names and arguments: of every method', wrongType, [
    '= HTTP 500',
    '= fault 2 INCORRECT_PARAMETERS',
  ]),
  ...pairs('methods / what is asked of a program, and of several at once: and what the system tells', wrongType, [
    '= HTTP 500',
    '= fault 2 INCORRECT_PARAMETERS',
  ]),
  ...pairs(
    'daemon / nocleanup, another identifier and a stale socket: the end',
    'what the daemon says stands in its log',
    ['stderr: Unlinking stale socket DIR/s.sock', 'stderr: (empty)'],
    [null, 'WARN Unlinking stale socket DIR/s.sock'],
  ),
  ...pairs('daemon / logs of a former life: are cleared away', 'what a program said before a restart is kept', [
    null,
    /^log\/one-stdout---supervisor-RANDOM\.log(?:\.1)?: mode 100644, uid 0, 3 bytes$/,
  ]),
]
