/** What `holdfast` ends with; scripts rely on it. docs/cli.md lists them for users. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** At least one of the named services is not running. */
  notRunning: 3,
  noSuchService: 4,
  configurationInvalid: 6,
  /** A bug of ours, in the daemon: its manager starts it again, and it adopts what runs. */
  daemonBug: 70,
  daemonUnreachable: 69,
  permission: 77,
  timedOut: 124,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
