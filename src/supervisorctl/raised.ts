import { constants } from 'node:os'
import { pythonRepr } from '../formats/python-text.ts'

/** What the original raises as an exception of Python: its commands end there, and `error:` tells of it. */
export interface Raised {
  readonly kind: 'raised'
  /** The name of Python's class. */
  readonly type: string
  readonly text: string
  /** Where a system call failed: ENOENT. */
  readonly errno: string | null
  /** Where the server refused the request: 401. */
  readonly status: number | null
}

export interface Fault {
  readonly kind: 'fault'
  readonly code: number
  readonly message: string
}

export function raise(type: string, text: string): Raised {
  return { kind: 'raised', type, text, errno: null, status: null }
}

export function raiseStatus(status: number, reason: string): Raised {
  const text = `<ProtocolError for 127.0.0.1/RPC2: ${status} ${reason}>`
  return { ...raise('xmlrpc.client.ProtocolError', text), status }
}

export function raiseFault(fault: Fault): Raised {
  return raise('xmlrpc.client.Fault', faultText(fault))
}

/** As Python shows a fault. */
export function faultText({ code, message }: Fault): string {
  return `<Fault ${code}: ${pythonRepr(message)}>`
}

export function raiseUnknownCode(code: number, name: string): Raised {
  return raise('ValueError', `Unknown result code ${code} for ${name}`)
}

/** A failed connection in the words of Python, whose texts are those of the C library. */
export function raiseSystem(error: NodeJS.ErrnoException): Raised {
  const code = error.code ?? ''
  const known = systemErrors[code]
  if (known === undefined) {
    const number = errnoNumbers[code]
    return { ...raise('OSError', number === undefined ? error.message : `[Errno ${number}] ${code}`), errno: code }
  }
  const [type, text, number = errnoNumbers[code]] = known
  return { ...raise(type, `[Errno ${number}] ${text}`), errno: code }
}

const errnoNumbers: Readonly<Record<string, number>> = constants.errno

const systemErrors: Readonly<Record<string, readonly [type: string, text: string, number?: number]>> = {
  ENOENT: ['FileNotFoundError', 'No such file or directory'],
  EACCES: ['PermissionError', 'Permission denied'],
  EPERM: ['PermissionError', 'Operation not permitted'],
  ENOTDIR: ['NotADirectoryError', 'Not a directory'],
  ECONNREFUSED: ['ConnectionRefusedError', 'Connection refused'],
  ECONNRESET: ['ConnectionResetError', 'Connection reset by peer'],
  EPIPE: ['BrokenPipeError', 'Broken pipe'],
  ETIMEDOUT: ['TimeoutError', 'Connection timed out'],
  EHOSTUNREACH: ['OSError', 'No route to host'],
  ENETUNREACH: ['OSError', 'Network is unreachable'],
  // Node's names for what getaddrinfo answers.
  ENOTFOUND: ['socket.gaierror', 'Name or service not known', -2],
  EAI_AGAIN: ['socket.gaierror', 'Temporary failure in name resolution', -3],
}
