import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Abilities } from '../base/abilities.ts'
import type { Decoded } from '../dialects/decode-sources.ts'
import { isStillSeen, type Seen } from '../dialects/seen.ts'
import { diskSourceReader, type SourceReader } from '../dialects/source-reader.ts'
import type { Called } from '../dialects/supervisord/said.ts'
import { readAbilities } from '../sys/abilities.ts'
import { makeFifo } from '../sys/fifo.ts'
import { descriptorLimit } from '../sys/rlimit.ts'
import { spawn } from '../sys/spawn.ts'
import type { DevicePlaces } from './device-facts.ts'

export interface DecodeQuestion {
  readonly sources: readonly string[]
  readonly lenient: boolean
  readonly descriptorsMax: number | null
  /** Of the daemon: its child would see the daemon itself as somebody else in their cgroup. */
  readonly abilities: Abilities
  readonly device: DevicePlaces
  /** Is read in place of one of the sources. */
  readonly standIn: StandIn | null
  /** The files are supervisord's, whatever they are called, and this counts before what they say. null: by their names. */
  readonly supervisord: Called | null
}

export interface StandIn {
  readonly source: string
  readonly file: string
}

/** `seen`: by what it was read; absent: it has to be read each time. */
export type DecodeAnswer = Decoded & { readonly seen?: Seen }

/** What was answered last: while nothing of what was read has changed, no child is asked for it again. */
export interface DecodeMemory {
  last: { readonly question: string; readonly seen: Seen; readonly answer: DecodeAnswer } | null
}

/** Reading configuration takes tens of milliseconds; this long means that a disk or a network hangs. */
const decodeMsMax = 60_000

/** More than any target of `unitsMax` units needs. */
const answerBytesMax = 256 * 1024 * 1024

/** Has a child read the sources. Throws when it fails as such; what is wrong with the files stands in the answer. */
export async function decodeInChild(options: {
  readonly sources: readonly string[]
  readonly lenient: boolean
  readonly runDirectory: string
  readonly device: DevicePlaces
  readonly standIn?: StandIn
  readonly supervisord?: Called | undefined
  readonly memory?: DecodeMemory
}): Promise<DecodeAnswer> {
  const { hard } = descriptorLimit()
  const question: DecodeQuestion = {
    sources: options.sources,
    lenient: options.lenient,
    descriptorsMax: Number.isFinite(hard) ? hard : null,
    abilities: readAbilities('holdfast'),
    device: options.device,
    standIn: options.standIn ?? null,
    supervisord: options.supervisord ?? null,
  }
  const { memory } = options
  const asked = JSON.stringify(question)
  if (memory?.last?.question === asked && isStillSeen(memory.last.seen, ownReader())) return memory.last.answer
  const pipe = openPipe(join(options.runDirectory, 'decode.pipe'))
  const pid = start(question, pipe.writeEnd)
  closeSync(pipe.writeEnd)
  if (typeof pid === 'string') {
    closeSync(pipe.readEnd)
    throw new Error(`the configuration cannot be read: no process could be started for it (${pid})`)
  }
  const answer = parseAnswer(await readAnswer(pipe.readEnd, pid))
  if (memory !== undefined && answer.seen !== undefined) memory.last = { question: asked, seen: answer.seen, answer }
  return answer
}

/** With the environment that the child has too. */
function ownReader(): SourceReader {
  return diskSourceReader(process.env as Readonly<Record<string, string>>)
}

interface Pipe {
  readonly readEnd: number
  readonly writeEnd: number
}

/** Node makes no pipes: a FIFO whose name is gone as soon as both ends are open is one. */
function openPipe(path: string): Pipe {
  rmSync(path, { force: true })
  const errno = makeFifo(path, 0o600)
  if (errno !== null) throw new Error(`the configuration cannot be read: no pipe could be made (${path}: ${errno})`)
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  rmSync(path)
  return { readEnd, writeEnd }
}

function start(question: DecodeQuestion, stdout: number): number | string {
  const stdin = openSync('/dev/null', constants.O_RDONLY)
  try {
    return spawn({
      path: process.execPath,
      // Without our own options: a child that lives for moments has no need to be small.
      argv: [
        process.execPath,
        '--disable-warning=ExperimentalWarning',
        process.argv[1]!,
        '__decode',
        JSON.stringify(question),
      ],
      environment: Object.entries(process.env).map(([name, value]) => `${name}=${value}`),
      workingDir: process.cwd(),
      stdin,
      stdout,
      stderr: 2,
    })
  } finally {
    closeSync(stdin)
  }
}

/** Everything the child writes until it ends. The driver's reaper takes its exit status, which nobody needs. */
function readAnswer(readEnd: number, pid: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const socket = new Socket({ fd: readEnd, readable: true, writable: false })
    const giveUp = (why: string): void => {
      process.kill(pid, 'SIGKILL')
      socket.destroy(new Error(`the configuration cannot be read: ${why}`))
    }
    const deadline = setTimeout(() => giveUp(`its reader took longer than ${decodeMsMax / 1_000} s`), decodeMsMax)
    socket.on('data', (chunk) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes > answerBytesMax) giveUp(`it comes to more than ${answerBytesMax} bytes`)
    })
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(deadline))
  })
}

function parseAnswer(text: string): DecodeAnswer {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Error('the configuration cannot be read: its reader died; what it said stands above', { cause: error })
  }
}
