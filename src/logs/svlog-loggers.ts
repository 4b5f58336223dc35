import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { UnitId } from '../core/model.ts'
import type { LoggerPort, LogWriter, StreamRef } from '../engine/ports.ts'
import { tai64nText } from '../formats/tai64.ts'
import { rotateLog, rotateOld } from '../svlog/rotate.ts'
import { boundary } from '../sys/boundary.ts'
import { type Errno, errnoOf } from '../sys/errno.ts'
import type { Watcher } from '../sys/watcher.ts'
import { closeDirectories, endDirectories, makeReady, openDirectories, startLeftover } from './svlog-directories.ts'
import { openJournal } from './svlog-journal.ts'
import { type Logger, type LoggerSite, work } from './svlog-logger.ts'
import { type Owner, own } from './svlog-owner.ts'
import { createProcessors } from './svlog-processor.ts'
import { createLogServices } from './svlog-services.ts'
import { createUdpSender } from './svlog-udp.ts'
import { drainInto, tellTrouble } from './svlog-write.ts'

/** What the builtin logger needs beyond files. */
export interface LoggerParts {
  /** Of this daemon alone, best in memory: what it leaves there tells the next one how far it came. Made if missing. */
  readonly folder: string
  readonly warn: (text: string) => void
  /** null: processors are not started. */
  readonly processors: {
    readonly watcher: Watcher
    /** What they inherit: `NAME=value` strings. */
    readonly environment: readonly string[]
    readonly descriptorsSoft: number
  } | null
  readonly lockHolder?: LoggerSite['lockHolder']
}

export interface Loggers extends LoggerPort {
  open(stream: StreamRef): LogWriter
  /** The file that is being written; null: there is none of this unit. */
  pathOf(unit: UnitId): string | null
}

/** How much a drain that nobody asked for may take. */
const resumedBytesMax = 1024 * 1024

/** Timers end at 24 days, and the wall clock may be set. */
const timerMaxMs = 3_600_000

/** The builtin loggers of a daemon: units' output goes into log directories of svlogd's format. */
export function createLoggers(parts: LoggerParts): Loggers {
  const { folder, warn } = parts
  const loggers = new Map<UnitId, Logger>()
  let timer: NodeJS.Timeout | null = null
  let timerUnixSeconds = Number.POSITIVE_INFINITY
  const services = createLogServices({
    warn: (text, code) => warn(`${whose()}${text}${code === null ? '' : ` (${code satisfies Errno})`}`),
    tell: (line) => warn(`${whose()}${line}`),
    sendUdp: createUdpSender(warn),
    startProcessor: parts.processors === null ? () => 'ENOSYS' : createProcessors({ ...parts.processors, warn }),
    processorEnded: startLeftover,
    beforeClose: noteRotation,
  })
  const site: LoggerSite = {
    services,
    journal: openJournal(folder, warn),
    warn,
    working: null,
    isClosing: false,
    lockHolder: parts.lockHolder ?? (() => null),
    scratchPath: join(folder, 'made'),
    hasProcessors: parts.processors !== null,
  }

  function whose(): string {
    return site.working === null ? '' : `${site.working.unit}: its logger: `
  }

  /** From now on a new file is written: where the block under way begins in it has to be known before that has a byte. */
  function noteRotation(fd: number): void {
    const logger = site.working
    if (logger === null || site.isClosing) return
    const written = logger.written.find(({ directory }) => directory.fd === fd)
    if (written === undefined) return
    const { directory } = written
    written.inode = 0
    if (logger.owner !== null) ownFile(fd, logger.owner)
    const place = logger.block?.directories.find(({ name }) => name === directory.name)
    if (logger.block === null || place === undefined) return
    boundary('svlogd: set aside')
    place.madeBytes += Math.max(0, directory.bytes - place.start)
    place.start = 0
    place.inode = 0
    place.lastOld = tai64nText(directory.lastRotation.unixSeconds, directory.lastRotation.nanoseconds)
    site.journal.change(logger.block)
    boundary('svlogd: setting aside noted')
  }

  /** What was begun and set aside within one block belongs to nobody else yet. */
  function ownFile(fd: number, owner: Owner): void {
    try {
      own(fd, owner)
    } catch (error) {
      warn(`${whose()}an old file cannot be given to its owner (${errnoOf(error)})`)
    }
  }

  /** One timer for the file that is due next, and none while there is nothing in any. */
  function armTimer(logger: Logger): void {
    for (const { directory } of logger.written) {
      if (directory.bytes === 0 || directory.ageDueUnixSeconds >= timerUnixSeconds) continue
      timerUnixSeconds = directory.ageDueUnixSeconds
      if (timer !== null) clearTimeout(timer)
      const delayMs = Math.max(0, timerUnixSeconds * 1_000 - Date.now())
      timer = setTimeout(rotateDue, Math.min(delayMs, timerMaxMs))
      timer.unref()
    }
  }

  function rotateDue(): void {
    timer = null
    timerUnixSeconds = Number.POSITIVE_INFINITY
    const now = services.now()
    for (const logger of loggers.values()) {
      work(site, logger, () => {
        for (const written of logger.written) {
          if (written.directory.bytes === 0) continue
          rotateOld(written.directory, now)
          makeReady(logger, written)
        }
      })
      armTimer(logger)
    }
  }

  function reload(logger: Logger): void {
    const column = logger.written[0]?.directory.column ?? null
    closeDirectories(site, logger)
    tellTrouble(site, logger, openDirectories(site, logger, column))
  }

  function pause(logger: Logger, isPaused: boolean): void {
    if (logger.isPaused === isPaused) return
    logger.isPaused = isPaused
    logger.sinceWallMs = Date.now()
    site.journal.rest(logger.unit, isPaused)
    // Its pipe is not watched as long as it was paused for.
    if (!isPaused && logger.pipe !== -1) drainInto(site, logger, logger.pipe, resumedBytesMax)
  }

  return {
    open(stream) {
      const logger = enter(site, stream)
      const { unit } = logger
      assert(!loggers.has(unit), `the logger of ${unit} is opened once`)
      loggers.set(unit, logger)
      return {
        drain(fd, bytesMax) {
          const drained = drainInto(site, logger, fd, bytesMax)
          armTimer(logger)
          return drained
        },
        begin: () => {},
        close() {
          if (!loggers.delete(unit)) return
          site.journal.leave(unit, endDirectories(site, logger))
        },
      }
    },
    pathOf: (unit) => {
      const [directory] = loggers.get(unit)?.spec.directories ?? []
      return directory === undefined ? null : join(directory, 'current')
    },
    state(unit) {
      const logger = loggers.get(unit)
      if (logger === undefined) return null
      const { isPaused, sinceWallMs, trouble } = logger
      return { isPaused, sinceWallMs, trouble }
    },
    control(unit, action) {
      const logger = loggers.get(unit)
      if (logger === undefined) return
      switch (action) {
        case 'reload':
          reload(logger)
          break
        case 'rotate':
          work(site, logger, () => {
            for (const written of logger.written) {
              rotateLog(written.directory)
              makeReady(logger, written)
            }
          })
          break
        case 'pause':
          pause(logger, true)
          break
        case 'resume':
          pause(logger, false)
      }
    },
  }
}

function enter(site: LoggerSite, { unit, svlogd }: StreamRef): Logger {
  assert(svlogd !== undefined, `${unit} is logged into log directories`)
  const { isOurs, isPaused, waiting } = site.journal.enter(unit)
  const logger: Logger = {
    unit,
    spec: svlogd,
    owner: null,
    written: [],
    isOurs,
    block: waiting?.note ?? null,
    isWaiting: waiting !== null,
    isTaken: waiting?.isTaken ?? false,
    isPaused,
    sinceWallMs: Date.now(),
    trouble: null,
    pipe: -1,
    partialRetryMs: 20,
  }
  tellTrouble(site, logger, openDirectories(site, logger, null))
  return logger
}
