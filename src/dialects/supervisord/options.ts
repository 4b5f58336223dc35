/** Why an option is accepted and not acted on, and what to do instead. */
export interface NotActedOn {
  readonly why: string
  readonly hint: string
}

const watching: NotActedOn = { why: 'files are not watched', hint: 'restart it when you install: holdfast restart' }
const byListener: NotActedOn = { why: 'priorities are as they are written', hint: 'write the priority itself' }

/** The options of everything that is a process. */
const processOptions: Readonly<Record<string, true | NotActedOn>> = {
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
  serverurl: true,
  redirect_stderr: true,
  stdout_logfile: true,
  stdout_logfile_maxbytes: true,
  stdout_logfile_backups: true,
  stdout_capture_maxbytes: true,
  stdout_events_enabled: true,
  stdout_syslog: true,
  stderr_logfile: true,
  stderr_logfile_maxbytes: true,
  stderr_logfile_backups: true,
  stderr_capture_maxbytes: true,
  stderr_events_enabled: true,
  stderr_syslog: true,
  // Of the rewrite in Go. Keys are read in small letters.
  depends_on: true,
  restartpause: true,
  envfiles: true,
  cron: true,
  killwaitsecs: true,
  restart_when_binary_changed: watching,
  restart_cmd_when_binary_changed: watching,
  restart_signal_when_binary_changed: watching,
  restart_directory_monitor: watching,
  restart_file_pattern: watching,
  restart_cmd_when_file_changed: watching,
  restart_signal_when_file_changed: watching,
  // Of the listener supervisord-dependent-startup.
  dependent_startup: true,
  dependent_startup_wait_for: true,
  dependent_startup_inherit_priority: byListener,
}

/** What begins with `holdfast_` is ours: supervisord passes over what it does not know. */
const serverOptions = { username: true, password: true, holdfast_web_actions: true } as const

/** By the beginning of the name of their section. true: acted on. */
export const sectionOptions: Readonly<Record<string, Readonly<Record<string, true | NotActedOn>>>> = {
  'program:': processOptions,
  'program-default': processOptions,
  'eventlistener:': { ...processOptions, events: true, buffer_size: true, result_handler: true },
  'fcgi-program:': { ...processOptions, socket: true, socket_owner: true, socket_mode: true, socket_backlog: true },
  'group:': { programs: true, priority: true },
  supervisord: {
    logfile: true,
    logfile_maxbytes: true,
    logfile_backups: true,
    loglevel: true,
    pidfile: true,
    umask: true,
    nodaemon: true,
    silent: true,
    minfds: true,
    minprocs: true,
    nocleanup: true,
    childlogdir: true,
    user: true,
    directory: true,
    strip_ansi: true,
    environment: true,
    identifier: true,
    holdfast_environment_parser: true,
  },
  unix_http_server: { ...serverOptions, file: true, chmod: true, chown: true },
  inet_http_server: { ...serverOptions, port: true },
}

/** Sections whose keys are for others to know. */
export const foreignSections: readonly RegExp[] = [/^include$/, /^supervisorctl$/, /^rpcinterface:/, /^ctlplugin:/]

/** What a section is called up to what names the one it is: `program:` of `program:web`. null: supervisord passes over it. */
export function sectionKind(name: string): string | null {
  if (Object.hasOwn(sectionOptions, name) && !name.endsWith(':')) return name
  // What begins so is a server as well.
  const server = /^(?:unix|inet)_http_server/.exec(name)?.[0]
  if (server !== undefined) return server
  const kind = name.slice(0, name.indexOf(':') + 1)
  return Object.hasOwn(sectionOptions, kind) ? kind : null
}
