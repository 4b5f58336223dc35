import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Duplex } from 'node:stream'
import { EngineError, refusal, unreachable } from './engine-error.ts'

/** One call, before its path gets the version. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** With what stands in it encoded. */
  readonly path: string
  /** null and undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it comes, instead. */
  readonly upload?: { readonly contentType: string; readonly chunks: AsyncIterable<Uint8Array> }
  readonly headers?: Readonly<Record<string, string>>
  /** Until the whole answer is there; of a stream, until it begins. */
  readonly timeoutMs: number
  /** Of a stream: with nothing coming (or, of an upload, going) for so long it is given up. Absent: it may be silent. */
  readonly idleMs?: number
  /** Of the answer. */
  readonly bytesMax?: number
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

/** An answer that goes on. Whoever opened it reads it to its end or closes it. */
export interface ByteStream {
  readonly contentType: string
  /** Throws EngineError: `CUT` where it breaks off, `ETIMEDOUT`, `ABORTED`. Read once. */
  readonly chunks: AsyncIterable<Buffer>
  close(): void
}

/** Calls over one unix socket, without knowing what they mean. All throw EngineError. */
export interface EngineConnection {
  ask(request: EngineRequest): Promise<Answer>
  /** On a connection of its own. */
  stream(request: EngineRequest): Promise<ByteStream>
  /** The connection itself, once the engine has agreed: both directions are raw from then on. The caller destroys it. */
  hijack(request: EngineRequest): Promise<Duplex>
  /** Idle connections go at once, calls under way are aborted. */
  close(): void
}

/** Of an answer to anything that says no other: the description of a container takes some 10 KiB. */
const answerBytesMax = 8 * 1024 * 1024
/** Of what an engine says about a refusal. */
const refusalCharsMax = 2_000
const headerBytesMax = 64 * 1024
/** An idle connection is closed after this. */
const idleConnectionMs = 15_000
const idleConnectionsMax = 4

/** Connects with the first call only; `path` as connect(2) takes it. */
export function createConnection(socketPath: string): EngineConnection {
  const calls = new Set<Call>()
  let agent: Agent | null = null

  function sharedAgent(): Agent {
    agent ??= new (process.getBuiltinModule('node:http').Agent)({
      keepAlive: true,
      maxFreeSockets: idleConnectionsMax,
      timeout: idleConnectionMs,
      scheduling: 'lifo',
    })
    return agent
  }

  function begin(request: EngineRequest, how: 'shared' | 'own' | 'upgrade'): Call {
    const options: RequestOptions = {
      socketPath,
      method: request.method,
      path: request.path + queryText(request.query),
      headers: headersOf(request, how),
      agent: how === 'shared' ? sharedAgent() : false,
      maxHeaderSize: headerBytesMax,
    }
    const call = beginCall(request, process.getBuiltinModule('node:http').request(options), socketPath)
    calls.add(call)
    call.request.on('close', () => calls.delete(call))
    return call
  }

  async function askOnce(request: EngineRequest): Promise<Answer> {
    const call = begin(request, 'shared')
    try {
      const response = await call.answered
      const body = await readBody(response, call, request.bytesMax ?? answerBytesMax)
      return accepted({ status: response.statusCode ?? 0, headers: response.headers, body })
    } finally {
      call.over()
    }
  }

  return {
    async ask(request) {
      try {
        return await askOnce(request)
      } catch (error) {
        // An idle connection was closed by the engine just when it was used again.
        if (!isStale(error) || request.method === 'POST') throw error
        return await askOnce(request)
      }
    },
    async stream(request) {
      const call = begin(request, 'own')
      try {
        const response = await call.answered
        await refuseStream(response, call)
        call.begun()
        return byteStream(response, call)
      } catch (error) {
        call.over()
        throw error
      }
    },
    async hijack(request) {
      const call = begin(request, 'upgrade')
      try {
        const [response, socket, head] = await call.upgraded
        await refuseStream(response, call)
        if (socket === null) {
          throw malformed('the container engine did not hand over the connection of a stream')
        }
        if (head.length > 0) socket.unshift(head)
        return socket
      } finally {
        call.over()
      }
    },
    close() {
      for (const call of calls) call.abort()
      agent?.destroy()
      agent = null
    },
  }
}

export function malformed(message: string, cause?: unknown): EngineError {
  return new EngineError({ code: 'MALFORMED', message, retry: true }, { cause })
}

/** Throws where what was answered is no JSON. An empty answer is null. */
export function jsonOf(answer: { readonly body: Buffer }): unknown {
  if (answer.body.length === 0) return null
  try {
    return JSON.parse(answer.body.toString('utf8'))
  } catch (error) {
    throw malformed(`the container engine's answer is no JSON: ${quoted(answer.body)}`, error)
  }
}

interface Call {
  readonly request: ClientRequest
  readonly answered: Promise<IncomingMessage>
  readonly upgraded: Promise<readonly [IncomingMessage, Duplex | null, Buffer]>
  /** What stopped it, where we did. */
  readonly why: () => EngineError | null
  readonly failed: (error: unknown) => EngineError
  /** The deadline is met: from now on the idle policy holds. */
  begun(): void
  /** Something came or went. */
  moved(): void
  /** Nothing watches over it any more. */
  over(): void
  abort(): void
}

function beginCall(said: EngineRequest, request: ClientRequest, socketPath: string): Call {
  let stopped: EngineError | null = null
  let timer: NodeJS.Timeout | null = null
  const stop = (error: EngineError): void => {
    stopped ??= error
    request.destroy(error)
  }
  const onAbort = (): void => stop(aborted())
  const within = (ms: number, text: string): void => {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(() => stop(new EngineError({ code: 'ETIMEDOUT', message: text, retry: true })), ms)
  }
  const what = `${said.method} ${said.path}`
  const failed = (error: unknown): EngineError => {
    if (stopped !== null) return stopped
    return error instanceof EngineError ? error : unreachable(error as NodeJS.ErrnoException, socketPath)
  }
  within(said.timeoutMs, `the container engine did not answer within ${said.timeoutMs / 1000} s (${what})`)
  if (said.signal?.aborted) queueMicrotask(onAbort)
  said.signal?.addEventListener('abort', onAbort)
  const { promise: answered, resolve: answer, reject } = Promise.withResolvers<IncomingMessage>()
  const { promise: upgraded, resolve: upgrade, reject: rejectUpgrade } = Promise.withResolvers<Upgraded>()
  // Only one of the two is waited for.
  answered.catch(() => {})
  upgraded.catch(() => {})
  const fail = (error: unknown): void => {
    const failure = failed(error)
    reject(failure)
    rejectUpgrade(failure)
  }
  request.on('response', (response) => {
    answer(response)
    upgrade([response, null, Buffer.alloc(0)])
  })
  request.on('upgrade', (response, socket, head) => upgrade([response, socket, head]))
  request.on('error', fail)
  request.on('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  const call: Call = {
    request,
    answered,
    upgraded,
    failed,
    why: () => stopped,
    begun() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      call.moved()
    },
    moved() {
      if (said.idleMs !== undefined)
        within(said.idleMs, `nothing came from the container engine for ${said.idleMs / 1000} s (${what})`)
    },
    over() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      said.signal?.removeEventListener('abort', onAbort)
    },
    abort: onAbort,
  }
  send(said, call)
  return call
}

type Upgraded = readonly [IncomingMessage, Duplex | null, Buffer]

function send(said: EngineRequest, call: Call): void {
  if (said.upload !== undefined) void upload(said.upload.chunks, call)
  else if (said.body !== undefined) call.request.end(JSON.stringify(said.body))
  else call.request.end()
}

/** As fast as the engine takes it. What goes wrong is told by the request. */
async function upload(chunks: AsyncIterable<Uint8Array>, { request, moved }: Call): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (request.destroyed) return
      moved()
      if (!request.write(chunk)) await new Promise<void>((resolve) => whenWritable(request, resolve))
    }
    request.end()
  } catch (error) {
    request.destroy(error as Error)
  }
}

function whenWritable(request: ClientRequest, resolve: () => void): void {
  const done = (): void => {
    request.off('drain', done)
    request.off('close', done)
    resolve()
  }
  request.on('drain', done)
  request.on('close', done)
}

async function readBody(response: IncomingMessage, call: Call, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > bytesMax) {
        const message = `the container engine's answer is longer than ${bytesMax} bytes (${call.request.method} ${call.request.path})`
        throw new EngineError({ code: 'TOO_LARGE', message, retry: false })
      }
      parts.push(part)
    }
  } catch (error) {
    call.request.destroy()
    throw call.failed(error)
  }
  return Buffer.concat(parts)
}

function accepted(answer: Answer): Answer {
  if (answer.status < 400) return answer
  throw refusal(answer.status, refusalText(answer))
}

/** Docker: `{"message": …}`; Podman: `{"cause": …, "message": …, "response": …}`; either may answer plain text. */
function refusalText({ status, body }: Answer): string {
  const text = body.toString('utf8', 0, Math.min(body.length, 64 * 1024)).trim()
  let said = text
  try {
    const parsed = JSON.parse(text) as { readonly message?: unknown } | null
    if (typeof parsed?.message === 'string') said = parsed.message
  } catch {
    // Plain text then.
  }
  return said.slice(0, refusalCharsMax).trim() || `the container engine answered ${status} and says nothing about it`
}

async function refuseStream(response: IncomingMessage, call: Call): Promise<void> {
  const status = response.statusCode ?? 0
  if (status < 400) return
  const body = await readBody(response, call, answerBytesMax)
  accepted({ status, headers: response.headers, body })
}

function byteStream(response: IncomingMessage, call: Call): ByteStream {
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        call.moved()
        yield chunk
        // What the reader needs is no silence of the engine.
        call.moved()
      }
    } catch (error) {
      throw cut(call, error)
    } finally {
      call.over()
      response.destroy()
    }
  }
  return {
    contentType: response.headers['content-type'] ?? '',
    chunks: chunks(),
    close() {
      call.over()
      response.destroy()
    },
  }
}

function cut(call: Call, error: unknown): EngineError {
  const why = call.why()
  if (why !== null) return why
  if (error instanceof EngineError) return error
  const message = `the container engine broke off in the middle of its answer (${call.request.method} ${call.request.path})`
  return new EngineError({ code: 'CUT', message, retry: true }, { cause: error })
}

export function aborted(): EngineError {
  return new EngineError({
    code: 'ABORTED',
    message: 'what was asked of the container engine was called off',
    retry: true,
  })
}

function isStale(error: unknown): boolean {
  return (
    error instanceof EngineError && error.status === null && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
  )
}

function headersOf(request: EngineRequest, how: 'shared' | 'own' | 'upgrade'): Record<string, string | number> {
  const headers: Record<string, string | number> = { host: 'docker', 'user-agent': 'holdfast', ...request.headers }
  if (how === 'upgrade') Object.assign(headers, { connection: 'Upgrade', upgrade: 'tcp' })
  if (request.upload !== undefined) headers['content-type'] = request.upload.contentType
  else if (request.body !== undefined) {
    headers['content-type'] = 'application/json'
    headers['content-length'] = Buffer.byteLength(JSON.stringify(request.body))
  } else if (request.method === 'POST') headers['content-length'] = 0
  return headers
}

function queryText(query: EngineRequest['query']): string {
  const parts = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  )
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

function quoted(body: Buffer): string {
  return JSON.stringify(body.toString('utf8', 0, Math.min(body.length, 80)))
}
