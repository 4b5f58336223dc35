/** Every queue and size of Holdfast has a limit, and each limit its reason. */

/** A device is small: beyond this a target is a mistake, not a wish. */
export const unitsMax = 10_000

/** Numbered runs are reserved in blocks, so that a run costs no durable write of its own. */
export const runBlock = 1_000

/** Starts under way at a time: as many as share one look at the host, one keeper and one commit. */
export const spawnsPerTurnMax = 400

/** More signals than this queued for one unit is a script gone wild. */
export const signalsPerUnitMax = 16

/** A spawn refused for the host's own trouble (no memory, no descriptors) is tried again this much later. */
export const hostRetryMs = 1_000

/** While run state cannot be stored, storing is tried again after this, doubling up to the maximum. */
export const storeRetryMs = 1_000
export const storeRetryMsMax = 30_000

/** Whoever falls further behind than this many transitions gets a gap mark. */
export const transitionsKept = 4_096

/** A turn drains the inbox; beyond this the posters are told to come back later. */
export const inboxMax = 65_536

/** A configuration file larger than this is not one. */
export const configBytesMax = 4 * 1024 * 1024

/** Deeper nesting than this is an attack or an accident. */
export const configDepthMax = 64

/** Values in one file with every alias put in: a bomb of aliases stops here. */
export const configNodesMax = 200_000

/** Reading YAML costs microseconds a byte when it is hostile: this keeps a file below a few seconds. */
export const yamlBytesMax = 1024 * 1024

/** Nobody reads more problems than this; the first ones say enough. */
export const problemsMax = 1_000

/** Commands and environments of all processes of one source: numprocs multiplies them. */
export const processBytesMax = 64 * 1024 * 1024

/** Files one source may pull in by include. */
export const configFilesMax = 1_000

/** Linux's own limit for one argument or environment string is 128 KiB. */
export const argumentBytesMax = 128 * 1024

/** An env_file larger than this is some other file. */
export const envFileBytesMax = 1024 * 1024

/** Arguments and environment together must stay below the kernel's limit for execve with the default stack. */
export const execBytesMax = 2 * 1024 * 1024 - 4096

/** At most this much of one stream is moved before the others and the engine get their turn. */
export const drainBytesMax = 1024 * 1024

/** Output left in the pipe of a unit that ended is drained up to this before its end is told. */
export const finalDrainBytesMax = 4 * 1024 * 1024

/** The flight recorder keeps two files of this size. */
export const recorderBytesMax = 4 * 1024 * 1024

/** Deaths within the window after which the daemon starts held. */
export const deathsMax = 3
export const deathsWindowMs = 60_000

/** A request body on the native API beyond this is not a command. */
export const requestBytesMax = 1024 * 1024

/** The same where a target state comes with it: a file of `configBytesMax` in quotes. */
export const stateRequestBytesMax = 2 * configBytesMax + 64 * 1024

/** Clients of the socket; for one more the longest idle one goes, so that the daemon keeps descriptors for what it supervises. */
export const clientsMax = 512

/** The same over TCP, counted apart: whoever can reach the port takes no place from the clients of the socket. */
export const tcpClientsMax = 128

/** What clients of one kind have been answered and have not taken; beyond this, whoever takes nothing for longest goes. */
export const answerBytesHeldMax = 32 * 1024 * 1024

/** Probes under way at a time: each is a process or a connection, and a device is small. */
export const probesMax = 16

/** Commands beside units at a time (exec): each is a process, a connection and a few descriptors. */
export const execSessionsMax = 32

/** A driver that has not answered this long after a probe's time was over will not answer. */
export const probeGraceMs = 5_000

/** As many results of each check are kept as Docker keeps. */
export const probeResultsKept = 5

/** Of what a probe says, this much is kept: enough for one message. */
export const probeOutputCharsMax = 512

/** Of an HTTP body or of output searched for a pattern, this much is read for one probe. */
export const probeBytesMax = 256 * 1024

/** Patterns of checks: longer ones are generated, and cost memory by the square. */
export const patternCharsMax = 1_000

/** Runs of a job that are remembered. */
export const jobRunsKept = 50

/** A job started this much late was not missed: the daemon was restarted, the host was busy. */
export const scheduleGraceMs = 60_000

/** When a schedule is due next is computed in milliseconds: unanswered for this long, it is asked again, each time doubling. */
export const scheduleAnswerMs = 10_000
export const scheduleAnswerMsMax = 300_000

/** 2024: a clock that shows less was never set, and no time by it was missed. */
export const clockBelievableWallMs = 1_704_067_200_000

/** As cron does: when the clock is set back by less than this, nothing is run again. */
export const clockBackMsMax = 3 * 3_600_000

/** The history keeps two files of this size: some 4,000 entries each, months of a quiet host, read in some 20 ms. */
export const historyBytesMax = 1024 * 1024

/** Entries of the history in memory: whoever listens is rarely further behind, and then reads the files. */
export const historyKept = 256

/** Of a command's units and words, this many are remembered: enough to know what it was. */
export const historyUnitsMax = 100
export const historyTextCharsMax = 500

/** As many images are pulled at a time: more only share the same network and disk. */
export const pullsMax = 3

/** Steps of one kind that the engine gets at a time: it works on them one after the other anyway. */
export const engineStepsMax = 16

/** What the engine refused is tried again after this, each time doubling, as the balena Supervisor does. */
export const engineRetryMs = 500
export const engineRetryMsMax = 900_000

/** An engine that does not answer is asked again: it is usually being restarted. */
export const engineAbsentMs = 500
export const engineAbsentMsMax = 30_000

/** Somebody who holds an update lock gives it back by himself, and nothing tells when. */
export const lockRetryMs = 500
export const lockRetryMsMax = 60_000

/** The engine starts a container again within moments, if it does; until then we do not. */
export const engineRestartsMs = 3_000

/** Units that are gone, remembered for clients that come back: one that missed more gets everything anew. */
export const changesGoneMax = 1_000

/** A call of XML-RPC: names and a few numbers, some 3,000 to 6,000 calls in one, or what a program gets on its input at once. */
export const rpcBytesMax = 1024 * 1024

/** The deepest that is ever sent is a multicall: an array of structs with an array of parameters. */
export const rpcDepthMax = 32

/** More than so many bytes can hold in calls that mean something. */
export const rpcValuesMax = 100_000

/** An answer of XML-RPC that a client reads: somebody asks for the whole of a log. */
export const rpcAnswerCharsMax = 64 * 1024 * 1024

/** What an event listener printed before anybody talks with it: more than any says by itself. Beyond this it waits. */
export const dialogueBytesKept = 64 * 1024

/** Events that wait for the listeners of one pool, besides the number that its file gives: a pool nobody empties stays small. */
export const eventBytesKept = 8 * 1024 * 1024

/** What a waiting event costs besides its payload. */
export const eventOverheadBytes = 256

/** Pieces that a process printed before its pid is known: it is in the same turn, unless hooks come first. */
export const earlyOutputsMax = 64

/** The answer of a listener: an event that is given back to be printed, with its program's name on each line. */
export const eventResultBytesMax = 1024 * 1024

/** The line before it is `RESULT` and a number. */
export const eventResultLineBytesMax = 1024

/** Of a log, so much is answered at once: a third of what a program may log before it is rotated by default. */
export const rpcLogBytesMax = 16 * 1024 * 1024

/** A pipe that is full is tried again after this, each time doubling; a reader that takes nothing for so long in all never will. */
export const rpcStdinRetryMs = 5
export const rpcStdinRetryMsMax = 200
export const rpcStdinWaitMs = 10_000

/** Bodies for supervisord's servers that are being read, all together: a call is short, and whoever may ask sends it at once. */
export const rpcBytesHeldMax = 16 * 1024 * 1024

/** Who follows a log by supervisord's servers, each with a file and a watch: more are no people. */
export const logFollowersMax = 128

/** A server of supervisord that cannot be opened is tried again: its address may come with the network, or another program go. */
export const serverRetryMs = 5_000

/** The head of a response, or a line between its chunks: supervisord's are some 200 bytes. */
export const httpHeadBytesMax = 64 * 1024

/** Lines that supervisorctl remembers from session to session. */
export const typedLinesMax = 1_000

/** What a stream printed is told in pieces of at most this: each is one event for every listener that wants it. */
export const toldPieceBytesMax = 64 * 1024
