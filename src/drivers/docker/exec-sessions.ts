import { readFileSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { execSessionsMax } from '../../core/limits.ts'
import type { Failure, Unit } from '../../core/model.ts'
import type { ExecExit, ExecOutput, ExecPort, ExecRequest, ExecSession } from '../../engine/ports.ts'
import { errnoOf } from '../../sys/errno.ts'
import { kill } from '../../sys/kill.ts'
import { signalName, signalNumber } from '../../sys/signals.ts'
import type { EngineClient } from './client.ts'
import { createDemux } from './demux.ts'
import { engineError, failureOf } from './engine-error.ts'

/** Commands in containers, by the engine's exec. They end when their client goes, as far as we may signal them. */
export interface ContainerExec extends ExecPort {
  /** Breaks off what runs. */
  close(): void
}

/** Whoever does not end when its client goes is killed after this. */
const hangUpMs = 2_000

/** The engine closes the connection a moment before it knows how the command ended. */
const endPauseMs = 50
const endMsMax = 5_000

export function createContainerExec({ exec }: Pick<EngineClient, 'exec'>): ContainerExec {
  const sessions = new Set<ExecSession>()

  async function start(unit: Unit, request: ExecRequest): Promise<ExecSession | Failure> {
    const container = unit.run?.identity?.container?.id
    if (container === undefined) return { code: 'gone', message: `${unit.id} has no container that runs`, retry: true }
    if (sessions.size >= execSessionsMax) {
      const message = `${execSessionsMax} commands run in containers already; end one of them`
      return { code: 'too-many', message, retry: true }
    }
    try {
      const id = await exec.create(container, requestOf(request))
      const socket = await exec.start(id, { isTty: request.terminal !== null })
      if (request.terminal !== null) await exec.resize(id, request.terminal).catch(ignored)
      const session = sessionOf({ exec, id, container, socket, isTty: request.terminal !== null })
      sessions.add(session)
      void session.exit.then(() => sessions.delete(session))
      return session
    } catch (error) {
      return failureOf(engineError(error))
    }
  }

  return {
    start,
    close() {
      for (const session of sessions) session.close()
    },
  }
}

function requestOf({ command, environment, user, workingDir, terminal, hasInput }: ExecRequest) {
  return {
    command,
    isTty: terminal !== null,
    isStdinAttached: hasInput,
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...(user === null ? {} : { user }),
    ...(workingDir === null ? {} : { workingDir }),
  }
}

interface Started {
  readonly exec: EngineClient['exec']
  readonly id: string
  readonly container: string
  readonly socket: Duplex
  readonly isTty: boolean
}

function sessionOf({ exec, id, container, socket, isTty }: Started): ExecSession {
  const { promise: exit, resolve: exited } = Promise.withResolvers<ExecExit>()
  let isOver = false

  async function* output(): AsyncGenerator<ExecOutput> {
    const frames = createDemux()
    let first = ''
    try {
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        if (first.length < refusalCharsMax) first += chunk.toString('latin1', 0, refusalCharsMax)
        if (isTty) yield { stream: 'stdout', bytes: chunk }
        else yield* frames.take(chunk)
      }
    } catch (error) {
      // The engine broke off, or we did: how it ended is asked for all the same.
      ignored(error)
    }
    isOver = true
    const exit = await exitOf(exec, id)
    exited(exit.code === 126 && isNotFound.test(first) ? { ...exit, code: 127 } : exit)
  }

  async function signal(number: number): Promise<void> {
    const untilMs = performance.now() + endMsMax
    for (;;) {
      const { pid, isRunning } = await exec.inspect(id)
      if (!isRunning) return
      if (pid !== 0) {
        if (isInContainer(pid, container)) kill(pid, number)
        return
      }
      // Its output may be here before the engine knows which process it is.
      if (performance.now() > untilMs) return
      await pause(endPauseMs)
    }
  }

  async function hangUp(): Promise<void> {
    await signal(hangUpNumber)
    await pause(hangUpMs)
    await signal(killNumber)
    exited(await exitOf(exec, id))
  }

  socket.on('error', ignored)
  return {
    output: output(),
    exit,
    write(bytes) {
      if (socket.destroyed || socket.writableEnded || socket.write(bytes)) return Promise.resolve()
      return new Promise((resolve) => {
        const done = (): void => {
          socket.off('drain', done)
          socket.off('close', done)
          resolve()
        }
        socket.on('drain', done)
        socket.on('close', done)
      })
    },
    endInput() {
      if (isTty) socket.write(endOfInput)
      else socket.end()
    },
    resize: (size) => void exec.resize(id, size).catch(ignored),
    signal(name) {
      const number = signalNumber(name)
      if (number !== null) signal(number).catch(ignored)
    },
    close() {
      socket.destroy()
      if (isOver) return
      isOver = true
      hangUp().catch(() => exited({ code: 1, why: 'nobody could see how it ended' }))
    },
  }
}

/** Docker before 23 ends with 126 as well where there is no such program, and says so as its output. */
const isNotFound = /OCI runtime exec failed: .*(?:executable file not found|no such file or directory)/
const refusalCharsMax = 1_000

const killNumber = 9
const hangUpNumber = 1
const endOfInput = Buffer.from([4])

async function exitOf(exec: EngineClient['exec'], id: string): Promise<ExecExit> {
  const untilMs = performance.now() + endMsMax
  try {
    for (;;) {
      const { isRunning, exitCode } = await exec.inspect(id)
      if (!isRunning && exitCode !== null) return { code: exitCode, why: whyOf(exitCode) }
      if (performance.now() > untilMs) return { code: 1, why: 'the container engine does not tell how it ended' }
      await pause(endPauseMs)
    }
  } catch (error) {
    return { code: 1, why: engineError(error).message }
  }
}

/** The engine tells a signal as a shell does. */
function whyOf(code: number): string {
  const name = code > 128 && code < 128 + 32 ? signalName(code - 128) : null
  return name === null ? '' : `ended by SIG${name}`
}

/** The engine may be elsewhere, or its numbers those of another place: only what is seen to be in the container is signalled. */
function isInContainer(pid: number, container: string): boolean {
  if (pid === 0) return false
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container)
  } catch (error) {
    errnoOf(error)
    return false
  }
}

/** What fails because the command or the engine is gone is told by its end. */
function ignored(error: unknown): void {
  void error
}
