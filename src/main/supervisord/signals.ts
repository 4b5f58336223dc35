import type { DaemonPort } from '../../frontends/supervisord/contract.ts'

/** As supervisord: TERM, INT and QUIT end everything in order, HUP begins anew, USR2 is for who moved the logs. */
export function obeyAsSupervisord(parts: { readonly daemon: DaemonPort; readonly reopenLogs: () => void }): void {
  const { daemon, reopenLogs } = parts
  const { activity } = daemon
  const by = { kind: 'daemon' } as const
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    process.on(signal, () => {
      activity.write('warn', `received ${signal} indicating exit request`)
      daemon.shutdown(by)
    })
  }
  process.on('SIGHUP', () => {
    if (daemon.mood() === 'SHUTDOWN') {
      activity.write('warn', 'ignored SIGHUP indicating restart request (shutdown in progress)')
      return
    }
    activity.write('warn', 'received SIGHUP indicating restart request')
    daemon.restart(by)
  })
  process.on('SIGUSR2', () => {
    activity.write('info', 'received SIGUSR2 indicating log reopen request')
    reopenLogs()
  })
}
