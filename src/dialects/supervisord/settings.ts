/** What supervisord files say besides apps: of the daemon and its doors, and what clients are told of programs. */
export interface SupervisordSettings {
  /** The main file, absolute; of a directory of fragments, the directory. */
  readonly source: string
  /** Whether there is a `[supervisord]` section. */
  readonly hasMain: boolean
  readonly identifier: string
  /** Of the activity log; null: not written down, 'none': wanted nowhere. */
  readonly logfile: string | null | 'none' | 'syslog'
  readonly logfileBytesMax: number
  readonly logfileBackupsMax: number
  readonly loglevel: LogLevel
  /** null: not written down. */
  readonly pidfile: string | null
  readonly umask: number
  readonly nodaemon: boolean
  readonly silent: boolean
  readonly minfds: number
  readonly minprocs: number
  readonly nocleanup: boolean
  /** null: not written down; then AUTO logs are in the log directory. */
  readonly childlogdir: string | null
  readonly user: string | null
  readonly directory: string | null
  readonly servers: readonly HttpServerSettings[]
  /** Whether `[rpcinterface:supervisor]` is there with the usual factory: without it there is no namespace `supervisor`. */
  readonly hasRpcInterface: boolean
  /** By priority and name. */
  readonly groups: readonly GroupSettings[]
  /** What supervisord writes into its activity log while it reads: WARN and INFO lines, without level and time. */
  readonly notices: readonly Notice[]
  /** What supervisord would end with instead of starting, after `Error: `; also where that is no error here. null: nothing. */
  readonly error: string | null
}

export interface Notice {
  readonly level: 'warn' | 'info'
  readonly message: string
}

/** Ascending: what is of a lower level than the log's is left out. */
export type LogLevel = 'blather' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'critical'

export interface HttpServerSettings {
  /** `unix_http_server`, `inet_http_server`, with their suffix where they have one. */
  readonly section: string
  /** `owner`: as it is written, `user[:group]`; null: whoever the daemon is. `host` empty: all IPv4 addresses. */
  readonly address:
    | { readonly kind: 'unix'; readonly path: string; readonly mode: number; readonly owner: string | null }
    | { readonly kind: 'inet'; readonly host: string; readonly port: number }
  /** null: nobody is asked. `password`: clear, or `{SHA}` and 40 hex digits. */
  readonly login: { readonly username: string; readonly password: string } | null
  /** `holdfast_web_actions = get`: links of other programs may start and stop by GET, as with supervisord. */
  readonly webActionsByGet: boolean
}

export interface GroupSettings {
  /** The name of its app. */
  readonly name: string
  readonly priority: number
  /** Changes exactly when supervisord would call the group changed. */
  readonly hash: string
  readonly processes: readonly ProcessSettings[]
}

/** What `getAllConfigInfo` tells of a process, and how it is called here. */
export interface ProcessSettings {
  /** The service of the app, and the number of the unit. */
  readonly service: string
  readonly n: number
  /** Its process_name. */
  readonly name: string
  readonly autostart: boolean
  readonly autorestart: boolean | 'unexpected'
  /** As written, expanded; null: none. */
  readonly directory: string | null
  /** As written: a name or a number; null: none. */
  readonly user: string | null
  /** The line itself. */
  readonly command: string
  readonly exitcodes: readonly number[]
  readonly killasgroup: boolean
  readonly stopasgroup: boolean
  readonly priority: number
  readonly redirectStderr: boolean
  readonly startretries: number
  readonly startsecs: number
  /** The number of the signal on this host. */
  readonly stopsignal: number
  readonly stopwaitsecs: number
  readonly stdout: ProcessLogSettings
  readonly stderr: ProcessLogSettings
  readonly serverurl: string | null | 'AUTO'
}

export interface ProcessLogSettings {
  readonly captureMaxbytes: number
  readonly eventsEnabled: boolean
  /** null: NONE. */
  readonly logfile: string | null | 'AUTO'
  readonly backups: number
  readonly maxbytes: number
  readonly syslog: boolean
}
