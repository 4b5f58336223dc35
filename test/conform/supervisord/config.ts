/**
 * What most configurations begin with: a socket that everybody here asks at, and files below the side's directory. The
 * original closes `minfds` descriptors in each child, which takes it long.
 */
export function configured(programs: string, more: { readonly supervisord?: string } = {}): string {
  return `[supervisord]
logfile=DIR/supervisord.log
pidfile=DIR/supervisord.pid
childlogdir=DIR/log
minfds=200
${more.supervisord ?? ''}
[unix_http_server]
file=DIR/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://DIR/s.sock
${programs}`
}

/** A program that is not started by itself and not restarted, with its logs in DIR/NAME.out and DIR/NAME.err. */
export function program(name: string, command: string, more = ''): string {
  return `[program:${name}]
command=${command}
autostart=false
autorestart=false
startsecs=0
stdout_logfile=DIR/${name}.out
stderr_logfile=DIR/${name}.err
${more}
`
}
