import type { OutputNews } from '../../../engine/ports.ts'
import type { ProcessEvent, ProcessView } from '../contract.ts'

/** What events are called, and what is said of them, letter by letter as supervisord does. */

export function stateEventName({ process }: StateEvent): string {
  return `PROCESS_STATE_${process.state}`
}

export function statePayload(event: StateEvent): string {
  const { process, from } = event
  const common = `${naming(process)} from_state:${from}`
  switch (process.state) {
    case 'STARTING':
    case 'BACKOFF':
      return `${common} tries:${process.tries}`
    case 'RUNNING':
    case 'STOPPING':
    case 'STOPPED':
      return `${common} pid:${event.pid}`
    case 'EXITED':
      return `${common} expected:${event.isExpected ? 1 : 0} pid:${event.pid}`
    case 'FATAL':
    case 'UNKNOWN':
      return common
  }
}

type StateEvent = Extract<ProcessEvent, { kind: 'state' }>

export function groupPayload(group: string): string {
  return `groupname:${group}\n`
}

export function outputEventName({ kind, stream }: OutputNews): string {
  return `${kind === 'logged' ? 'PROCESS_LOG' : 'PROCESS_COMMUNICATION'}_${stream === 'stdout' ? 'STDOUT' : 'STDERR'}`
}

export function outputPayload({ kind, stream, bytes }: OutputNews, process: ProcessView): string {
  const channel = kind === 'logged' ? ` channel:${stream}` : ''
  return `${naming(process)} pid:${process.pid}${channel}\n${decodedText(bytes)}`
}

export function remotePayload(type: string, data: string): string {
  return `type:${type}\n${data}`
}

export function tickPayload(whenSeconds: number): string {
  return `when:${whenSeconds}`
}

function naming({ name, group }: ProcessView): string {
  return `processname:${name} groupname:${group}`
}

/** What is no UTF-8 is told as Python would write it down. */
export function decodedText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return `Undecodable: ${pythonBytes(bytes)}`
  }
}

/** Python's repr() of bytes. */
function pythonBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1')
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(/[^ -~]|["'\\]/g, (char) => {
    if (char === '"' || char === "'") return char === quote ? `\\${char}` : char
    return namedEscapes[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `b${quote}${escaped}${quote}`
}

const namedEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
