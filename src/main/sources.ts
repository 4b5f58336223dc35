import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from '../core/model.ts'
import type { EnginePort } from '../engine/ports.ts'
import { printProblem } from '../formats/format-error.ts'
import { differences } from '../frontends/native/differences.ts'
import type { SourcesPort } from '../frontends/native/handlers.ts'
import { commandOrRefuse } from '../frontends/native/wishes.ts'
import { writeAtomically } from '../sys/atomic-write.ts'
import { apiVersion } from '../wire/api.ts'
import { parseTcpAddress, printTcpAddress, type TcpAddress } from '../wire/tcp-address.ts'
import { type DecodeAnswer, decodeInChild } from './decode-child.ts'

/**
 * What is declared where, and what was said with it. Remembered, so that a daemon started without files goes on with
 * those of last time.
 */
export interface Declared {
  readonly sources: readonly string[]
  readonly lenient: boolean
  /** What the logs may take together; null: as much as is usual for their file system. */
  readonly logTotalBytesMax: number | null
  /** Where the API listens over TCP; null: nowhere. */
  readonly listen: TcpAddress | null
}

export interface Sources extends SourcesPort {
  declared(): Declared
}

export function createSources(options: {
  readonly engine: EnginePort
  readonly runDirectory: string
  readonly stateDirectory: string
  readonly declared: Declared
  /** What `declared` says now, being read since before the engine started: the first reading takes it. null: it is not. */
  readonly ahead: Promise<DecodeAnswer> | null
}): Sources {
  const { engine, runDirectory, stateDirectory } = options
  let declared = options.declared
  let { ahead } = options
  // What was before the first reading, until somebody was told what that changed.
  let atStart: State | 'unread' | 'told' = 'unread'
  // One reading at a time: two at once could apply in the wrong order.
  let last: Promise<unknown> = Promise.resolve()

  const read: SourcesPort['read'] = async (request) => {
    const wanted: Declared = {
      ...declared,
      sources: request.sources ?? declared.sources,
      lenient: request.lenient ?? (request.sources === null && declared.lenient),
    }
    const isAhead = ahead !== null && request.sources === null && request.lenient === null
    const reading = isAhead && ahead !== null ? ahead : decodeInChild({ ...wanted, runDirectory })
    ahead = null
    const { target, problems } = await reading
    const errors = problems.filter(({ severity }) => severity === 'error').map(printProblem)
    const warnings = problems.filter(({ severity }) => severity === 'warning').map(printProblem)
    const present = engine.snapshot().state
    if (atStart === 'unread') atStart = present
    const before = request.sinceStart === true && atStart !== 'told' ? atStart : present
    const { changes, unchanged, order } = differences(before, target)
    const isApplied = request.apply && errors.length === 0
    if (isApplied) {
      await commandOrRefuse(engine, {
        kind: 'set-target',
        target,
        by: request.by,
        why: `read from ${wanted.sources.join(', ')}`,
      })
      if (request.by.kind !== 'daemon') atStart = 'told'
      declared = wanted
      remember(stateDirectory, wanted)
    }
    const isGood = errors.length === 0
    return {
      apiVersion,
      kind: 'ChangeReport',
      isApplied,
      sources: wanted.sources,
      errors,
      warnings,
      changes: isGood ? changes : [],
      unchanged,
      order: isGood ? order : [],
      outcomes: [],
    }
  }

  return {
    current: () => declared.sources,
    declared: () => declared,
    read: (request) => {
      const reading = last.then(() => read(request))
      last = reading.catch(() => {})
      return reading
    },
  }
}

/** The sources of last time, or null where there are none. */
export function rememberedSources(stateDirectory: string): Declared | null {
  try {
    const {
      sources,
      lenient,
      logTotalBytesMax = null,
      listen,
    }: Partial<Declared> = JSON.parse(readFileSync(pathOf(stateDirectory), 'utf8'))
    if (!Array.isArray(sources) || sources.length === 0) return null
    const isNumber = Number.isSafeInteger(logTotalBytesMax)
    return {
      sources,
      lenient: lenient === true,
      logTotalBytesMax: isNumber ? logTotalBytesMax : null,
      // Printed and read, it is one that --listen takes, or none.
      listen: listen == null ? null : parseTcpAddress(printTcpAddress(listen)),
    }
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    // A damaged file is as good as none: the files can be named again.
    if (isMissing || error instanceof SyntaxError) return null
    throw error
  }
}

function remember(stateDirectory: string, declared: Declared): void {
  writeAtomically(pathOf(stateDirectory), `${JSON.stringify(declared, null, 2)}\n`)
}

function pathOf(stateDirectory: string): string {
  return join(stateDirectory, 'sources.json')
}
