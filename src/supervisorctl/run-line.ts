import { type Command, type Control, exits, type Outcome } from './control.ts'
import { complain, say } from './output.ts'
import { type Raised, raise } from './raised.ts'

/**
 * Does what one line says. Whatever goes wrong is told, and kept in the exit status; `quit` ends the session.
 */
export async function runLine(control: Control, line: string): Promise<'done' | 'quit'> {
  const { name, argument, whole } = splitLine(line)
  if (whole === '') return 'done'
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    tellUnknown(control, whole)
    return 'done'
  }
  const outcome = await (await command())(control, argument)
  control.connection?.close()
  control.connection = null
  if (typeof outcome === 'string') return outcome
  if (outcome.status === unauthorized) {
    say('Server requires authentication')
    if (control.isInteractive) {
      const login = await logIn(control)
      if (login === 'given') return runLine(control, line)
      tellError(control, login)
      return 'done'
    }
  }
  tellError(control, outcome)
  return 'done'
}

const unauthorized = 401

interface SplitLine {
  /** '': it begins with something else. */
  readonly name: string
  readonly argument: string
  readonly whole: string
}

/** A command is letters, digits and `_`; what follows is its argument, with or without a blank between. `?` is help. */
function splitLine(text: string): SplitLine {
  const line = text.trim()
  const whole = line.startsWith('?') ? `help ${line.slice(1)}` : line
  const name = /^[A-Za-z0-9_]*/.exec(whole)![0]
  return { name, argument: whole.slice(name.length).trim(), whole }
}

function tellUnknown(control: Control, line: string): void {
  say(`*** Unknown syntax: ${line}`)
  control.exitStatus = exits.failed
  if (control.plugins.length === 0) return
  const sections = control.plugins.map((name) => `[ctlplugin:${name}]`).join(', ')
  complain(`supervisorctl: the commands of ${sections} are Python, and there are none of them here\n`)
}

/** Programs look at the beginning of this line; where in Python it happened is nowhere here. */
function tellError(control: Control, { type, text }: Raised): void {
  say(`error: <class '${type}'>, ${text}: file: <holdfast> line: 0`)
  control.exitStatus = exits.failed
}

async function logIn(control: Control): Promise<'given' | Raised> {
  const username = await control.keyboard.readLine('Username:')
  const password = username === null ? null : await control.keyboard.readPassword('Password:')
  if (username === null || password === null) return raise('EOFError', 'EOF when reading a line')
  say('')
  control.username = username
  control.password = password
  return 'given'
}

const processes = () => import('./commands/processes.ts')
const look = () => import('./commands/look.ts')
const config = () => import('./commands/config.ts')
const logs = () => import('./commands/logs.ts')
const server = () => import('./commands/server.ts')

const quit: Command = async () => {
  say('')
  return 'quit'
}

/** Loaded where they are meant: most lines need one of them. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  EOF: async () => quit,
  add: async () => (await config()).add,
  avail: async () => (await look()).avail,
  clear: async () => (await processes()).clear,
  exit: async () => quit,
  fg: async () => (await import('./commands/foreground.ts')).foreground,
  help: async () => {
    const { help } = await import('./help.ts')
    return async (_, argument): Promise<Outcome> => {
      help(argument)
      return 'done'
    }
  },
  maintail: async () => (await logs()).maintail,
  open: async () => (await server()).open,
  pid: async () => (await look()).pid,
  quit: async () => quit,
  reload: async () => (await server()).reload,
  remove: async () => (await config()).remove,
  reread: async () => (await config()).reread,
  restart: async () => (await processes()).restart,
  shutdown: async () => (await server()).shutdown,
  signal: async () => (await processes()).signal,
  start: async () => (await processes()).start,
  status: async () => (await look()).status,
  stop: async () => (await processes()).stop,
  tail: async () => (await logs()).tail,
  update: async () => (await config()).update,
  version: async () => (await look()).version,
}
