import { makeRaw } from '../sys/raw-terminal.ts'
import {
  createFrameParser,
  execProtocol,
  type Frame,
  type FrameContents,
  frameBytesMax,
  printFrame,
  printJsonFrame,
} from '../wire/exec-frames.ts'
import { exitCodes } from '../wire/exit-codes.ts'
import { openUpgraded, Refused, Unreachable, type Upgraded } from './client.ts'
import type { Context, Options } from './command.ts'
import { visible } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** `holdfast exec`: a command beside a unit, with our stdin, output and terminal. Ends as that command does. */
export async function runExec(context: Context): Promise<number> {
  const { home, options } = context
  const isTerminal = options.isSet('tty')
  const hasInput = options.isSet('interactive')
  if (isTerminal && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new UsageError('-t needs a terminal on both sides, and this is none; leave it away')
  }
  const request = requestOf(context, isTerminal ? sizeNow() : null)
  const connection = await openUpgraded(home, 'exec', execProtocol)
  const { socket } = connection
  socket.write(printJsonFrame('begin', { ...request, input: hasInput }))
  const restore = isTerminal && hasInput ? takeTerminal() : () => {}
  const stopSignals = forwardSignals(connection, isTerminal)
  try {
    return await converse(context, connection, hasInput)
  } finally {
    restore()
    stopSignals()
    if (hasInput) process.stdin.destroy()
    socket.destroy()
  }
}

function requestOf({ operands, options, environment }: Context, terminal: FrameContents['resize'] | null) {
  const [name = '', ...command] = operands
  const { TERM: term } = environment
  const given = variablesOf(options, environment)
  return {
    ...{ name, command, terminal },
    environment: terminal !== null && term !== undefined ? { TERM: term, ...given } : given,
    user: options.value('user') ?? null,
    workingDir: options.value('workdir') ?? null,
  }
}

function variablesOf(options: Options, environment: Context['environment']): Readonly<Record<string, string>> {
  const pairs = options.values('env').map((text): [string, string] => {
    const at = text.indexOf('=')
    if (at === 0 || text === '') throw new UsageError(`--env is NAME=VALUE, not '${text}'`)
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
    const value = environment[text]
    if (value === undefined) throw new UsageError(`--env ${text}: there is no such variable here; write ${text}=VALUE`)
    return [text, value]
  })
  return Object.fromEntries(pairs)
}

/** Until the command has ended, or the daemon is gone. */
async function converse(context: Context, { socket, head, told }: Upgraded, hasInput: boolean): Promise<number> {
  const parser = createFrameParser()
  let hasBegun = false
  const hear = async (bytes: Buffer): Promise<number | null> => {
    for (const frame of parser.take(bytes)) {
      if (frame.kind === 'started' && !hasBegun) {
        hasBegun = true
        if (hasInput) void passInput(socket, process.stdin)
      }
      const code = await obey(context, frame)
      if (code !== null) return code
    }
    return null
  }
  try {
    if (head.length > 0) {
      const code = await hear(head)
      if (code !== null) return code
    }
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      const code = await hear(bytes)
      if (code !== null) return code
    }
  } catch (error) {
    throw told(error)
  }
  throw new Unreachable('the daemon broke off the connection; the command has been ended')
}

/** The exit code, with the last frame. */
async function obey({ talk }: Context, frame: Frame): Promise<number | null> {
  switch (frame.kind) {
    case 'stdout':
      await write(process.stdout, frame.bytes)
      return null
    case 'stderr':
      await write(process.stderr, frame.bytes)
      return null
    case 'refused':
      throw new Refused(contentOf(frame, 'refused'))
    case 'exit': {
      const { code, why } = contentOf(frame, 'exit')
      if (why !== '') talk(`holdfast: ${visible(why)}\n`)
      return code
    }
    default:
      return null
  }
}

function contentOf<K extends keyof FrameContents>({ bytes }: Frame, _kind: K): FrameContents[K] {
  return JSON.parse(bytes.toString('utf8'))
}

/** As fast as it is taken. */
async function passInput(socket: Upgraded['socket'], input: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const chunk of input) {
      for (let at = 0; at < chunk.length; at += frameBytesMax) {
        if (socket.destroyed) return
        await write(socket, printFrame('input', chunk.subarray(at, at + frameBytesMax)))
      }
    }
  } catch {
    // It was closed here because all is over, or the terminal behind it is gone: it has ended either way.
  }
  if (!socket.destroyed) socket.write(printFrame('end-input'))
}

function write(stream: NodeJS.WritableStream, bytes: Buffer): Promise<void> {
  if (stream.write(bytes)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}

/** Every key goes through as it is. Gives the way back, which is taken in any case. */
function takeTerminal(): () => void {
  const restore = makeRaw(process.stdin.fd)
  if (typeof restore === 'string') throw new UsageError(`this terminal cannot be passed on (${restore}); leave -t away`)
  process.on('exit', restore)
  return restore
}

function sizeNow(): FrameContents['resize'] {
  return { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 }
}

/** Ours are for the command; who insists ends us, and with us the command. Gives the way back. */
function forwardSignals({ socket }: Upgraded, isTerminal: boolean): () => void {
  let asked = 0
  const signal = (name: NodeJS.Signals): void => {
    asked += 1
    if (asked > signalsPatience) process.exit(exitCodes.interrupted)
    socket.write(printFrame('signal', Buffer.from(name.slice(3))))
  }
  const resize = (): void => void socket.write(printJsonFrame('resize', sizeNow()))
  for (const name of forwarded) process.on(name, signal)
  if (isTerminal) process.stdout.on('resize', resize)
  return () => {
    for (const name of forwarded) process.off(name, signal)
    process.stdout.off('resize', resize)
  }
}

const forwarded: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGQUIT']
/** A command that does not end by these will not end by more of them. */
const signalsPatience = 2
