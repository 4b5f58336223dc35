/** What `holdfast` ends with; scripts rely on it. docs/cli.md lists them for users. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** At least one of the named services is not running. */
  notRunning: 3,
  noSuchService: 4,
  /** A release that was declared did not prove itself. */
  rejected: 5,
  configurationInvalid: 6,
  /** `plan`: something differs. */
  planNotEmpty: 7,
  /** Another daemon has this home, or an update lock holds back what was asked for. */
  locked: 8,
  /** A bug of ours, in the daemon: its manager starts it again, and it adopts what runs. */
  daemonBug: 70,
  daemonUnreachable: 69,
  permission: 77,
  timedOut: 124,
  /** By Ctrl-C, while something was waited for. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
