import { closeSync, constants, open } from 'node:fs'
import type { LogSpec, Target } from '../../core/model.ts'
import type { SupervisordSettings } from '../../dialects/supervisord/settings.ts'

/**
 * As with supervisord a log in `childlogdir` whose name nobody chose is there before its program, and for nobody else to
 * read. What cannot be made is told by whoever opens it. Made on other threads: a new file takes a disk a third of a millisecond.
 */
export async function makeAutoLogs({ apps }: Target, settings: readonly SupervisordSettings[]): Promise<void> {
  const paths = autoLogs({ apps }, settings)
  const makeNext = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) await make(path)
  }
  await Promise.all(Array.from({ length: threads }, makeNext))
}

/** As many as Node has for files. */
const threads = 4

function autoLogs({ apps }: Target, settings: readonly SupervisordSettings[]): string[] {
  const paths: string[] = []
  const add = (log: LogSpec | 'stdout' | undefined): void => {
    if (typeof log === 'object' && log.path !== null && log.path !== 'none') paths.push(log.path)
  }
  for (const { name, processes } of settings.flatMap(({ groups }) => groups)) {
    for (const one of processes) {
      const service = apps[name]?.services[one.service]
      const spec = { ...service?.process, ...service?.instances.find(({ n }) => n === one.n)?.process }
      if (one.stdout.logfile === 'AUTO') add(spec.stdout)
      if (one.stderr.logfile === 'AUTO') add(spec.stderr)
    }
  }
  return paths
}

function make(path: string): Promise<void> {
  return new Promise((resolve) => {
    open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600, (error, fd) => {
      if (error === null) closeSync(fd)
      resolve()
    })
  })
}
