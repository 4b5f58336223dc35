import { closeSync, constants, openSync } from 'node:fs'
import type { LogSpec, Target } from '../../core/model.ts'
import type { SupervisordSettings } from '../../dialects/supervisord/settings.ts'
import { errnoOf } from '../../sys/errno.ts'

/**
 * As with supervisord a log in `childlogdir` whose name nobody chose is there before its program, and for nobody else to
 * read. What cannot be made is told by whoever opens it.
 */
export function makeAutoLogs({ apps }: Target, settings: readonly SupervisordSettings[]): void {
  for (const { name, processes } of settings.flatMap(({ groups }) => groups)) {
    for (const one of processes) {
      const service = apps[name]?.services[one.service]
      const spec = { ...service?.process, ...service?.instances.find(({ n }) => n === one.n)?.process }
      if (one.stdout.logfile === 'AUTO') make(spec.stdout)
      if (one.stderr.logfile === 'AUTO') make(spec.stderr)
    }
  }
}

function make(log: LogSpec | 'stdout' | undefined): void {
  if (typeof log !== 'object' || log.path === null || log.path === 'none') return
  try {
    closeSync(openSync(log.path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600))
  } catch (error) {
    errnoOf(error)
  }
}
