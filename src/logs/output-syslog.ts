import type { OutputHandling } from '../core/model.ts'
import { openSyslog, type Syslog, syslogMessageBytesMax } from '../sys/syslog.ts'

/** Gives the lines of one stream to syslog, whole ones, wherever the output is cut into pieces. */
export interface SyslogLines {
  take(bytes: Buffer): void
  /** Nothing more comes: what has no line end is a line too. */
  end(): void
  close(): void
}

/** The connections to syslog, one for each ident, open as long as somebody uses it. */
export interface Syslogs {
  lines(settings: NonNullable<OutputHandling['syslog']>): SyslogLines
}

export function createSyslogs(path: string | undefined): Syslogs {
  const open = new Map<string, { readonly syslog: Syslog; users: number }>()
  return {
    lines({ ident, prefix }) {
      const one = open.get(ident) ?? { syslog: openSyslog(path === undefined ? { ident } : { ident, path }), users: 0 }
      open.set(ident, one)
      one.users++
      return createLines(prefix, one.syslog, () => {
        one.users--
        if (one.users > 0) return
        open.delete(ident)
        one.syslog.close()
      })
    },
  }
}

function createLines(prefix: string, syslog: Syslog, leave: () => void): SyslogLines {
  const prefixBytes = Buffer.from(prefix)
  /** Of a line that has not ended, as much as counts. */
  let begun = nothing

  function send(rest: Buffer): void {
    syslog.write(Buffer.concat([prefixBytes, begun, rest]), 'info')
    begun = nothing
  }

  function end(): void {
    if (begun.length > 0) send(nothing)
  }

  return {
    take(bytes) {
      let at = 0
      for (let found = bytes.indexOf(newline); found !== -1; found = bytes.indexOf(newline, at)) {
        send(bytes.subarray(at, found))
        at = found + 1
      }
      const rest = bytes.subarray(at, at + syslogMessageBytesMax - begun.length)
      if (rest.length > 0) begun = Buffer.concat([begun, rest])
    },
    end,
    close() {
      end()
      leave()
    },
  }
}

const newline = 0x0a
const nothing = Buffer.alloc(0)
