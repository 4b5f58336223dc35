import type { Duplex } from 'node:stream'
import type { Failure, Unit } from '../../core/model.ts'
import { shownState } from '../../core/shown.ts'
import { indexServices } from '../../core/unit/wish.ts'
import type { EnginePort, ExecPort, ExecSession } from '../../engine/ports.ts'
import { parseSignalName } from '../../formats/signal-name.ts'
import { type ApiError, apiVersion } from '../../wire/api.ts'
import { createFrameParser, type Frame, printFrame, printJsonFrame } from '../../wire/exec-frames.ts'
import { isSize, parseExecRequest } from '../../wire/requests.ts'
import { Refusal } from './refusal.ts'
import { selectOne } from './select.ts'

/**
 * One client that runs a command beside a unit, over a connection that is its own from now on. Resolves when the command has
 * ended and the client was told, or when either is gone; the connection is then over. Never rejects.
 */
export async function serveExec(
  { engine, exec, warn }: ExecParts,
  connection: { readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  const { socket } = connection
  const client = framesOf(connection)
  let session: ExecSession | null = null
  const gone = (): void => session?.close()
  socket.on('close', gone)
  socket.on('error', gone)
  try {
    const first = await client.next()
    if (first === null) return
    const begun = await begin({ engine, exec }, first)
    if ('code' in begun) {
      await send(socket, printJsonFrame('exit', { code: begun.code === 'ENOENT' ? 127 : 126, why: begun.message }))
      return
    }
    session = begun.session
    if (socket.destroyed) return
    await send(socket, printJsonFrame('started', { unit: begun.unit }))
    // Whoever says nothing more is gone: a half of a connection is none.
    const { close } = session
    void obey(client, session).then(close)
    for await (const { stream, bytes } of session.output) {
      if (socket.destroyed) return
      await send(socket, printFrame(stream, bytes))
    }
    await send(socket, printJsonFrame('exit', await session.exit))
  } catch (error) {
    await send(socket, printJsonFrame('refused', refusalOf(error, warn)))
  } finally {
    session?.close()
    socket.end()
    client.stop()
  }
}

export interface ExecParts {
  readonly engine: Pick<EnginePort, 'snapshot'>
  readonly exec: ExecPort
  readonly warn: (text: string) => void
}

async function begin(
  { engine, exec }: Pick<ExecParts, 'engine' | 'exec'>,
  first: Frame,
): Promise<{ readonly unit: string; readonly session: ExecSession } | Failure> {
  if (first.kind !== 'begin') throw new Refusal('bad-request', 'the first frame says what to run')
  const parsed = parseExecRequest(jsonOf(first.bytes))
  if (parsed.kind === 'bad') throw new Refusal('bad-request', parsed.message)
  const { name, command, environment, user, workingDir, terminal, input } = parsed.value
  const { state } = engine.snapshot()
  const unit = selectOne(state, [name], 'a command is run beside')
  if (!isRunning(unit)) {
    const shown = shownState(state, indexServices(state), unit)
    throw new Refusal('not-running', `${unit.id} is not running (${shown})`, `start it with: holdfast start ${unit.id}`)
  }
  const session = await exec.start(unit, { command, environment, user, workingDir, terminal, hasInput: input })
  return 'code' in session ? session : { unit: unit.id, session }
}

/** A hook of it is not it. */
function isRunning({ run, spec }: Unit): boolean {
  if (run === null || run.identity === null || run.role !== 'main') return false
  return spec.container === undefined || run.identity.container !== undefined
}

/** What the client says, one after the other, so that it waits where the command takes nothing. */
async function obey(client: FrameReader, session: ExecSession): Promise<void> {
  for (let frame = await client.next(); frame !== null; frame = await client.next()) {
    switch (frame.kind) {
      case 'input':
        await session.write(frame.bytes)
        break
      case 'end-input':
        session.endInput()
        break
      case 'resize': {
        const size = jsonOf(frame.bytes)
        if (isSize(size)) session.resize(size)
        break
      }
      case 'signal': {
        const name = parseSignalName(frame.bytes.toString())
        if (name !== null) session.signal(name)
        break
      }
    }
  }
}

interface FrameReader {
  /** null: nothing more comes. */
  next(): Promise<Frame | null>
  stop(): void
}

/** Read only as fast as it is asked for. */
function framesOf({ socket, head }: { readonly socket: Duplex; readonly head: Buffer }): FrameReader {
  const parser = createFrameParser()
  const frames: Frame[] = []
  let isOver = false
  let wake: (() => void) | null = null
  const take = (bytes: Buffer): void => {
    try {
      frames.push(...parser.take(bytes))
    } catch {
      // What speaks something else is broken off.
      socket.destroy()
    }
    if (frames.length > 0) socket.pause()
    wake?.()
  }
  const over = (): void => {
    isOver = true
    wake?.()
  }
  socket.on('data', take)
  socket.on('end', over)
  socket.on('close', over)
  if (head.length > 0) take(head)
  return {
    async next() {
      for (;;) {
        const frame = frames.shift()
        if (frame !== undefined) return frame
        if (isOver) return null
        socket.resume()
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = null
      }
    },
    stop() {
      frames.length = 0
      over()
      // What still comes is for nobody.
      socket.resume()
    },
  }
}

/** Resolves when the client has taken it, or is gone. */
function send(socket: Duplex, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return null
  }
}

function refusalOf(error: unknown, warn: (text: string) => void): ApiError {
  const known = error instanceof Refusal ? error : null
  if (known === null) warn(`an exec failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  const { code, message, hint } = known ?? {
    ...{ code: 'failed' as const, message: 'the daemon could not run it; its own output tells why', hint: '' },
  }
  return { apiVersion, kind: 'Error', code, message, hint }
}
