import { join } from 'node:path'
import type { Engine } from '../engine/engine.ts'
import type { Driver, ExecPort, HistoryPort, LogReadPort, StdinPort } from '../engine/ports.ts'
import { createNativeServer } from '../frontends/native/server.ts'
import type { LogFiles } from '../logs/log-files.ts'
import type { BootNow } from '../sys/boot-clock.ts'
import type { UpgradeItem } from '../wire/api.ts'
import { type Home, namesFileName } from '../wire/home.ts'
import { daemonArguments } from './daemon-arguments.ts'
import { engineAddress } from './engine-address.ts'
import type { DriverName } from './home-driver.ts'
import type { ClosedInside } from './inside.ts'
import type { LastAnswers } from './last-answers.ts'
import { keepNamesFile } from './names-file.ts'
import type { Sources } from './sources.ts'
import type { SupervisordPlace } from './supervisord/place.ts'
import { createUpgrades } from './upgrade.ts'
import type { Carried } from './upgrade-carried.ts'
import { ownImage } from './upgrade-image.ts'
import { openUpgradeNote } from './upgrade-note.ts'
import { type Probation, settleNote } from './upgrade-probation.ts'
import type { HeldSignals } from './upgrade-signals.ts'

/** What the image before us handed over, in an upgrade. */
export interface Before {
  readonly carried: Carried
  readonly signals: HeldSignals
  readonly probation: Probation
}

export interface FrontParts {
  readonly home: Home
  /** As it was given, if it was. */
  readonly homeOption: string | undefined
  readonly driverName: DriverName
  readonly lockFd: number
  readonly before: Before | null
  readonly version: string
  readonly engine: Engine
  readonly logs: LogReadPort & Pick<LogFiles, 'pathOf' | 'totalBytesMax'>
  readonly stdin: StdinPort
  readonly exec: ExecPort
  readonly driver: Pick<Driver, 'facts' | 'factsOfAll'>
  readonly sources: Sources
  readonly supervisord: SupervisordPlace
  readonly history: HistoryPort
  readonly lastAnswers: LastAnswers
  readonly startedAt: BootNow
  readonly descriptorsSoft: number
  /** Closes everything else, for another image of this process, after a last turn; answers when that was. */
  closeInside(): ClosedInside
  readonly warn: (text: string) => void
}

export interface Front {
  /** The latest upgrade of this home. */
  upgrade(): UpgradeItem | null
  close(): void
}

/** What clients talk to, and through it the way to another version. Resolves when they are answered. */
export async function openFront(parts: FrontParts): Promise<Front> {
  const { home, before, version, engine, sources, startedAt, warn } = parts
  const own = ownImage(version)
  const note = openUpgradeNote(home.stateDirectory, warn)
  const upgrades = createUpgrades({
    ...parts,
    own,
    note,
    args: () => daemonArguments({ home: parts.homeOption, driver: parts.driverName, declared: sources.declared() }),
    passProbation: () => before?.probation.pass(),
    async handOver(waitMsMax) {
      const doors = parts.supervisord.frontend()?.handOver(waitMsMax) ?? []
      const [native, supervisordDoors] = await Promise.all([server.handOver(waitMsMax), doors])
      return { ...native, supervisordDoors }
    },
    close: parts.closeInside,
  })
  const server = createNativeServer({
    engine,
    logs: parts.logs,
    logPathOf: (stream) => parts.logs.pathOf(stream),
    stdin: parts.stdin,
    exec: parts.exec,
    driver: parts.driver,
    sources,
    upgrades,
    history: parts.history,
    lastAnswers: parts.lastAnswers,
    identity: {
      version,
      pid: process.pid,
      home: home.name,
      startedAt: new Date(startedAt.wallMs).toISOString(),
      directory: own.directory,
      driver: parts.driverName,
      logTotalBytesMax: parts.logs.totalBytesMax(),
      engineSocket: engineAddress(process.env, () => {}).socketPath,
    },
    stateDirectory: home.stateDirectory,
    warn,
  })
  await server.listen({
    socketPath: home.socketPath,
    tcp: sources.declared().listen,
    carried: before === null ? null : { tcpListenFd: null, ...before.carried },
  })
  if (before === null) settleNote(note, own, warn)
  else before.probation.answering(note)
  const names = keepNamesFile({ engine, path: join(home.runDirectory, namesFileName), warn })
  return {
    upgrade: note.latest,
    close() {
      names.close()
      server.close()
    },
  }
}
