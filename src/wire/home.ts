import { join, resolve } from 'node:path'

/** Where one daemon keeps its things. Two daemons with different homes do not know of each other. */
export interface Home {
  /** What tells this home from others, for people: the directory that was named, or where its state is. */
  readonly name: string
  readonly stateDirectory: string
  readonly runDirectory: string
  readonly logDirectory: string
  readonly socketPath: string
  /** What to add to a command so that it means this home: `--home DIR`, or nothing when it is found without. */
  readonly option: string
  /** The same for a shell that has neither our environment nor our directory. */
  readonly optionElsewhere: string
  /** How this program is called here: `holdfast`, or the path it was started by. */
  readonly program: string
}

export type HomeChoice =
  | { readonly kind: 'home'; readonly home: Home }
  | { readonly kind: 'bad'; readonly message: string }

/** Where a daemon that `holdfast up` started writes, below the log directory. */
export const daemonLogName = 'daemon.log'

/** Names of what is declared, for completion; below the run directory. */
export const namesFileName = 'names'

/** The target state that was applied last; below the state directory. */
export const keptStateName = 'balena/target.json'

/** Linux keeps a socket's path in 108 bytes with its closing NUL. */
const socketPathBytesMax = 107

/** The home by `--home`, else HOLDFAST_HOME, else the system's directories for root and the user's own for others. */
export function chooseHome(options: {
  readonly option: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly uid: number
}): HomeChoice {
  const { option, environment, uid } = options
  if (option === '') return bad('--home is empty', 'name a directory')
  const named = option ?? (environment.HOLDFAST_HOME || undefined)
  const directories = named === undefined ? usualDirectories(environment, uid) : directoriesBelow(resolve(named))
  if (directories === null) {
    return bad('neither HOME nor XDG_STATE_HOME says where state is kept', 'name a directory with --home DIR')
  }
  const socketPath = join(directories.runDirectory, 'holdfast.sock')
  const bytes = Buffer.byteLength(socketPath)
  if (bytes > socketPathBytesMax) {
    const problem = `the socket's path has ${bytes} bytes, and Linux allows ${socketPathBytesMax}: ${socketPath}`
    return bad(problem, 'choose a home with a shorter path')
  }
  const name = named === undefined ? directories.stateDirectory : resolve(named)
  const asOption = (directory: string | undefined): string =>
    directory === undefined ? '' : `--home ${shellWord(directory)}`
  const optionElsewhere = asOption(named === undefined ? undefined : name)
  return {
    kind: 'home',
    home: {
      ...directories,
      socketPath,
      name,
      option: asOption(option),
      optionElsewhere,
      program: programOf(environment),
    },
  }
}

/** A command as it has to be typed here to mean this home; `holdfast ps` and `ps` are the same. */
export function typed(home: Home, command: string): string {
  const words = [home.program, command.replace(/^holdfast /, ''), home.option]
  return words.filter((word) => word !== '').join(' ')
}

/** The launcher tells how it was called; found by PATH it is just called by its name. */
function programOf(environment: Readonly<Record<string, string | undefined>>): string {
  const called = environment.HOLDFAST_COMMAND || 'holdfast'
  const inPath = (environment.PATH ?? '').split(':').some((directory) => `${directory}/holdfast` === called)
  return inPath ? 'holdfast' : shellWord(called)
}

type Directories = Pick<Home, 'stateDirectory' | 'runDirectory' | 'logDirectory'>

/** A home there has its other parts where the usual one has them: what is in the run directory belongs on no disk. */
const systemHome = /^\/var\/lib\/(holdfast-supervisord\/[^/]+)$/

/** Where the daemon of a configuration file has its home that has none by name; the usual one is `usual`. */
export function homeOfFile(usual: Home, name: string): string {
  return join(`${usual.stateDirectory}-supervisord`, name)
}

function directoriesBelow(directory: string): Directories {
  const [, below] = systemHome.exec(directory) ?? []
  if (below !== undefined)
    return { stateDirectory: directory, runDirectory: `/run/${below}`, logDirectory: `/var/log/${below}` }
  return {
    stateDirectory: join(directory, 'state'),
    runDirectory: join(directory, 'run'),
    logDirectory: join(directory, 'log'),
  }
}

function usualDirectories(environment: Readonly<Record<string, string | undefined>>, uid: number): Directories | null {
  if (uid === 0) {
    return {
      stateDirectory: '/var/lib/holdfast',
      runDirectory: '/run/holdfast',
      logDirectory: '/var/log/holdfast',
    }
  }
  const { HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR } = environment
  // The XDG rules: a path that is not absolute is to be ignored.
  const stateHome = XDG_STATE_HOME?.startsWith('/')
    ? XDG_STATE_HOME
    : HOME?.startsWith('/')
      ? join(HOME, '.local/state')
      : null
  if (stateHome === null) return null
  const stateDirectory = join(stateHome, 'holdfast')
  return {
    stateDirectory,
    runDirectory: XDG_RUNTIME_DIR?.startsWith('/') ? join(XDG_RUNTIME_DIR, 'holdfast') : join(stateDirectory, 'run'),
    logDirectory: join(stateDirectory, 'log'),
  }
}

/** A word as a POSIX shell reads it back. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function bad(problem: string, remedy: string): HomeChoice {
  return { kind: 'bad', message: `${problem}; ${remedy}` }
}
