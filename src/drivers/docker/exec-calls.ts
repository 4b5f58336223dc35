import type { Duplex } from 'node:stream'
import { type CallOptions, quickMs, slowMs, type VersionedConnection } from './call.ts'
import { malformed } from './connection.ts'
import { isObject, numberOf, textOf } from './shape.ts'

/** Further processes in a container that runs. */
export interface ExecCalls {
  /** The id of what `start` then starts. */
  create(container: string, request: ExecRequest, options?: CallOptions): Promise<string>
  /**
   * Starts it and hands over the connection: what is written is its stdin (`end` closes that), what is read its output,
   * raw with a terminal, else in frames (demux.ts). The caller destroys it.
   */
  start(id: string, query: { readonly isTty: boolean }, options?: CallOptions): Promise<Duplex>
  resize(id: string, size: { readonly rows: number; readonly columns: number }, options?: CallOptions): Promise<void>
  inspect(id: string, options?: CallOptions): Promise<ExecState>
}

export interface ExecRequest {
  readonly command: readonly string[]
  readonly isTty: boolean
  readonly isStdinAttached: boolean
  readonly environment?: readonly string[]
  readonly user?: string
  readonly workingDir?: string
  readonly isPrivileged?: boolean
}

export interface ExecState {
  readonly isRunning: boolean
  /** null: it has not ended. */
  readonly exitCode: number | null
  /** As the host sees it; 0: none. */
  readonly pid: number
}

export function execCalls(connection: VersionedConnection): ExecCalls {
  return {
    async create(container, request, options = {}) {
      const path = `/containers/${encodeURIComponent(container)}/exec`
      const told = await connection.json({ method: 'POST', path, body: bodyOf(request), timeoutMs: slowMs, ...options })
      const id = textOf(told, 'Id')
      if (id === null) throw malformed('the container engine made an exec and does not tell its id')
      return id
    },
    start(id, { isTty }, options = {}) {
      const body = { Detach: false, Tty: isTty }
      return connection.hijack({ method: 'POST', path: `/exec/${id}/start`, body, timeoutMs: slowMs, ...options })
    },
    async resize(id, { rows, columns }, options = {}) {
      const query = { h: rows, w: columns }
      await connection.ask({ method: 'POST', path: `/exec/${id}/resize`, query, timeoutMs: quickMs, ...options })
    },
    async inspect(id, options = {}) {
      const told = await connection.json({ method: 'GET', path: `/exec/${id}/json`, timeoutMs: quickMs, ...options })
      const isRunning = isObject(told) && told.Running === true
      return { isRunning, exitCode: isRunning ? null : numberOf(told, 'ExitCode'), pid: numberOf(told, 'Pid') ?? 0 }
    },
  }
}

function bodyOf(request: ExecRequest): unknown {
  return {
    Cmd: request.command,
    Tty: request.isTty,
    AttachStdin: request.isStdinAttached,
    AttachStdout: true,
    AttachStderr: true,
    Env: request.environment ?? [],
    User: request.user ?? '',
    WorkingDir: request.workingDir ?? '',
    Privileged: request.isPrivileged ?? false,
  }
}
