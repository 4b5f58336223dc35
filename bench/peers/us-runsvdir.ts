import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { supervisedBy } from '../directories.ts'
import type { Directories, DirectoriesPeer, Site } from '../peer.ts'
import { writeLogRun } from '../run-scripts.ts'
import { runsvFiles } from '../runsv-files.ts'
import { root } from '../tools.ts'

/** `holdfast runsvdir`, with its own logger where there is one. */
export const ourDirectories: DirectoriesPeer = {
  ...runsvFiles,
  open,
  writeLogger(directory, logs) {
    writeLogRun(directory, `svlogd -tt ${logs}`)
    writeFileSync(join(directory, 'holdfast.conf'), 'logger = builtin\n')
  },
  isLoggerAProcess: false,
  looksEveryMs: 0,
}

function open(site: Site, services: string): Directories {
  const home = join(site.directory, 'home')
  // As where it is installed: state and logs on the disk, /run in memory.
  const runDirectory = mkdtempSync('/dev/shm/hfb-')
  mkdirSync(home)
  symlinkSync(runDirectory, join(home, 'run'))
  const command = [join(root, 'bin/holdfast'), 'runsvdir', services] as const
  const supervised = supervisedBy({ site, command, endsBy: 'SIGHUP', environment: { HOLDFAST_HOME: home } })
  return {
    ...supervised,
    async close() {
      await supervised.close()
      rmSync(runDirectory, { recursive: true })
    },
  }
}
