import { httpHeadBytesMax } from '../core/limits.ts'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Whether another request may follow on this connection. */
  readonly staysOpen: boolean
}

export interface ResponseSink {
  head(head: ResponseHead): void
  body(bytes: Buffer): void
  end(): void
  /** It is no HTTP; nothing follows. */
  bad(line: string): void
}

export interface ResponseReader {
  push(bytes: Buffer): void
  /** The connection is closed; whether that ended the response as it should. */
  close(): boolean
}

type Stage =
  | { readonly kind: 'head' | 'chunk-size' | 'trailer' | 'until-close' | 'done' }
  /** `next`: what follows these bytes. */
  | { readonly kind: 'bytes'; left: number; readonly next: 'done' | 'chunk-end' }
  | { readonly kind: 'chunk-end' }

/** Reads one response of HTTP/1, with its body by length, in chunks, or up to the end of the connection. */
export function createResponseReader(sink: ResponseSink): ResponseReader {
  let stage: Stage = { kind: 'head' }
  let held: Buffer = Buffer.alloc(0)

  /** Up to and without the line end; null: it is not all here. */
  const takeLine = (): string | null => {
    const end = held.indexOf('\n')
    if (end === -1) return null
    const line = held.toString('latin1', 0, held[end - 1] === 0x0d ? end - 1 : end)
    held = held.subarray(end + 1)
    return line
  }

  const fail = (line: string): void => {
    stage = { kind: 'done' }
    sink.bad(line)
  }

  const finish = (): void => {
    stage = { kind: 'done' }
    sink.end()
  }

  const readHead = (): boolean => {
    const end = /\r?\n\r?\n/.exec(held.toString('latin1'))
    if (end === null) {
      const [first = ''] = held.toString('latin1', 0, shownMax).split('\n')
      if (!'HTTP/'.startsWith(first.slice(0, 'HTTP/'.length))) fail(first)
      return false
    }
    const [statusLine = '', ...fields] = held.toString('latin1', 0, end.index).split(/\r?\n/)
    held = held.subarray(end.index + end[0].length)
    const [, minor, status, reason = ''] = /^HTTP\/1\.(\d) +(\d{3})(?: +(.*))?$/.exec(statusLine) ?? []
    if (status === undefined) {
      fail(statusLine)
      return false
    }
    const headers = new Map(fields.map((field) => splitField(field)))
    const closes = headers.get('connection')?.toLowerCase() === 'close' || minor === '0'
    stage = bodyStage(headers)
    sink.head({ status: Number(status), reason, staysOpen: !closes && stage.kind !== 'until-close' })
    return true
  }

  const readChunkSize = (): boolean => {
    const line = takeLine()
    if (line === null) return false
    const size = /^\s*([0-9a-fA-F]{1,8})\s*(?:;.*)?$/.exec(line)?.[1]
    if (size === undefined) {
      fail(line)
      return false
    }
    const left = Number.parseInt(size, 16)
    stage = left === 0 ? { kind: 'trailer' } : { kind: 'bytes', left, next: 'chunk-end' }
    return true
  }

  const readBytes = (bytes: { left: number; readonly next: 'done' | 'chunk-end' }): boolean => {
    if (bytes.left > 0 && held.length === 0) return false
    const part = held.subarray(0, bytes.left)
    held = held.subarray(part.length)
    bytes.left -= part.length
    if (part.length > 0) sink.body(part)
    if (bytes.left > 0) return false
    if (bytes.next === 'done') finish()
    else stage = { kind: 'chunk-end' }
    return true
  }

  /** Whether there may be more to do with what is held. */
  const step = (): boolean => {
    switch (stage.kind) {
      case 'head':
        return readHead()
      case 'bytes':
        return readBytes(stage)
      case 'chunk-size':
        return readChunkSize()
      case 'chunk-end':
        if (takeLine() === null) return false
        stage = { kind: 'chunk-size' }
        return true
      case 'trailer': {
        const line = takeLine()
        if (line === '') finish()
        return line !== null
      }
      case 'until-close':
        if (held.length > 0) sink.body(held)
        held = Buffer.alloc(0)
        return false
      case 'done':
        return false
    }
  }

  return {
    push(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      while (step());
      if (stage.kind !== 'done' && held.length > httpHeadBytesMax) fail(held.toString('latin1', 0, shownMax))
    },
    close() {
      const isWhole = stage.kind === 'until-close'
      if (isWhole) finish()
      return isWhole || stage.kind === 'done'
    },
  }
}

/** Of what is no HTTP. */
const shownMax = 256

function splitField(field: string): readonly [string, string] {
  const colon = field.indexOf(':')
  return [field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim()]
}

function bodyStage(headers: ReadonlyMap<string, string>): Stage {
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return { kind: 'chunk-size' }
  const length = headers.get('content-length')
  if (length === undefined || !/^\d+$/.test(length)) return { kind: 'until-close' }
  return { kind: 'bytes', left: Number(length), next: 'done' }
}
