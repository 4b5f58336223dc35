import { configured, program } from './config.ts'

/** One call of supervisorctl, by both programs. `DIR` and `PORT` are those of the daemon that it asks. */
export interface Line {
  /** Words with blanks between them, behind `-c DIR/supervisord.conf`. */
  readonly line: string
  /** Instead of those, what else it is called with. */
  readonly args?: readonly string[]
  readonly stdin?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Below DIR. */
  readonly directory?: string
  /** Writes these files before it. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Lines {
  readonly name: string
  /** They change nothing, so several are asked at once. */
  readonly together: boolean
  readonly lines: readonly (string | Line)[]
}

/** Behind what each configuration begins with. */
export const config = `${configured(`history_file=%(here)s/history
[inet_http_server]
port=127.0.0.1:PORT
username=me
password=se:cret
[include]
files=conf.d/*.conf
${program('cat', '/bin/cat', 'autostart=true')}
${program('off', '/bin/sleep 1000')}
${program('bad', '/nonexistent')}
${program('brief', '/bin/true', 'startretries=0').replace('startsecs=0', 'startsecs=5')}
${program('unlogged', '/bin/sleep 1000', 'autostart=true\nstdout_logfile=NONE\nstderr_logfile=NONE')}
${program('talk', 'DIR/talk', 'autostart=true')}
[program:two]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=2
startsecs=0
priority=5
[program:a-name-that-is-longer-than-most]
command=/bin/sleep 1000
startsecs=0
[group:many]
programs=one,another
priority=7
${program('one', '/bin/sleep 1000')}
${program('another', '/bin/sleep 1000', 'autostart=true')}
`)}`

export const talk = `#!/bin/sh
echo 'what is said, with <markup> & an é'
echo 'and what went wrong' >&2
exec sleep 1000
`
