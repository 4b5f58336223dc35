import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { revive } from '../core/revive.ts'
import { StoreError } from '../engine/ports.ts'
import { turn } from '../engine/turn.ts'
import { copyStore, readableFrom, type StorePlace } from '../store/copy.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import { newerFormat } from '../store/sqlite-file.ts'
import { bootNow } from '../sys/boot-clock.ts'
import { exitNow } from '../sys/kill.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { carriedFormat } from './upgrade-carried.ts'
import { ownImage } from './upgrade-image.ts'
import type { PreflightAnswer, PreflightQuestion } from './upgrade-preflight.ts'

/**
 * Asked by a running daemon of another version: could we take its place? Everything it would need is loaded, and its state
 * is taken as far as a first turn, on a copy. The answer is the last line on stdout.
 */
export async function runPreflight(args: readonly string[], version: string): Promise<ExitCode> {
  const question: PreflightQuestion = JSON.parse(args[0] ?? '')
  const answer = await tryOut(question, version)
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`)
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
  // Nothing that was loaded may hold us up.
  return exitNow(answer.kind === 'ready' ? exitCodes.ok : exitCodes.failed)
}

async function tryOut(question: PreflightQuestion, version: string): Promise<PreflightAnswer> {
  if (question.carriedFormat !== carriedFormat) {
    const message = `version ${version} does not understand what the running one would hand over`
    return { kind: 'refused', message, hint: 'stop the daemon and start the other version' }
  }
  // First: what changes while it is loaded is noticed when it is compared.
  const image = ownImage(version)
  await Promise.all([import('./daemon.ts'), import('./decode-role.ts')])
  const trouble = tryStore(question)
  if (trouble !== null) {
    const message = `version ${version} cannot go on with the state of this home: ${trouble.message}`
    return { kind: 'refused', message, hint: trouble.hint }
  }
  const { formats } = question
  return {
    kind: 'ready',
    image,
    isReturnable: readableFrom.state <= formats.state && readableFrom.run <= formats.run,
  }
}

/** Why a copy of the state cannot be brought to our format, read, and decided on; null: it can. */
function tryStore({ store, copyDirectory }: PreflightQuestion): { message: string; hint: string } | null {
  const copy: StorePlace = { stateDirectory: join(copyDirectory, 'state'), runDirectory: join(copyDirectory, 'run') }
  try {
    copyStore(store, copy)
    const opened = openSqliteStore({ ...copy, isStrict: true })
    const { stored } = opened.load()
    const now = bootNow()
    turn(revive(stored, now), [], now)
    opened.close()
    return null
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
    const text = 'code' in error ? error.message + cause : (error.stack ?? error.message)
    return {
      message: text
        .replaceAll(copy.stateDirectory, store.stateDirectory)
        .replaceAll(copy.runDirectory, store.runDirectory),
      hint:
        error instanceof StoreError && error.code === newerFormat
          ? 'use a version at least as new as the one that wrote it'
          : 'keep the running version; this one has a fault',
    }
  }
}
