/** The options of `[program:x]`. true: acted on. A text: why it is accepted and not acted on yet. */
export const programOptions: Readonly<Record<string, true | string>> = {
  command: true,
  process_name: true,
  numprocs: true,
  numprocs_start: true,
  priority: true,
  autostart: true,
  autorestart: true,
  startsecs: true,
  startretries: true,
  exitcodes: true,
  stopsignal: true,
  stopwaitsecs: true,
  stopasgroup: true,
  killasgroup: true,
  user: true,
  umask: true,
  directory: true,
  environment: true,
  redirect_stderr: true,
  stdout_logfile: true,
  stdout_logfile_maxbytes: true,
  stdout_logfile_backups: true,
  stderr_logfile: true,
  stderr_logfile_maxbytes: true,
  stderr_logfile_backups: true,
  stdout_capture_maxbytes: 'output is not captured into events',
  stderr_capture_maxbytes: 'output is not captured into events',
  stdout_events_enabled: 'output makes no events',
  stderr_events_enabled: 'output makes no events',
  stdout_syslog: 'output goes to the log file only',
  stderr_syslog: 'output goes to the log file only',
  serverurl: 'there is no XML-RPC server',
}

export const groupOptions: readonly string[] = ['programs', 'priority']

/** Sections that this version does nothing with, and what that means. */
export const sectionsNotYet: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /^eventlistener:/, message: 'this version runs no event listeners: it is not started' },
  { pattern: /^fcgi-program:/, message: 'this version runs no FastCGI programs: it is not started' },
  {
    pattern: /^(?:unix|inet)_http_server(?::|$)/,
    message: 'this version has no XML-RPC server: nothing listens there',
  },
  { pattern: /^rpcinterface:/, message: 'this version has no XML-RPC server: the interface is not loaded' },
  { pattern: /^(?:supervisorctl$|ctlplugin:)/, message: 'this section is for supervisorctl and has no effect here' },
]
