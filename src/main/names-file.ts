import { rmSync } from 'node:fs'
import type { State } from '../core/model.ts'
import type { EnginePort } from '../engine/ports.ts'
import { writeAtomically } from '../sys/atomic-write.ts'

/**
 * Names for the completion of shells, which read them without starting anything: written when they change, and gone with
 * the daemon. One on each line, after a word that says what it is: `service`, `app`, `unit` or `label`.
 */
export function keepNamesFile(options: {
  readonly engine: Pick<EnginePort, 'snapshot' | 'subscribe'>
  readonly path: string
  readonly warn: (text: string) => void
}): { close(): void } {
  const { engine, path, warn } = options
  let seen: Pick<State, 'target'> | null = null
  let seenUnits = -1
  let written = ''
  let isWarned = false

  const look = (state: State): void => {
    // What is no longer declared has names until it is gone.
    if (seen !== null && seen.target === state.target && seenUnits === state.units.size) return
    seen = { target: state.target }
    seenUnits = state.units.size
    const text = namesText(state)
    if (text === written) return
    try {
      writeAtomically(path, text)
      written = text
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      if (!isWarned) warn(`names for completion cannot be written: ${error.message}`)
      isWarned = true
    }
  }
  look(engine.snapshot().state)
  const stop = engine.subscribe(({ state }) => look(state))
  return {
    close() {
      stop()
      rmSync(path, { force: true })
    },
  }
}

/** Only names that a shell can have on a line; a service that several apps have is named with its app. */
export function namesText({ units }: Pick<State, 'units'>): string {
  const appsOf = new Map<string, Set<string>>()
  const counts = new Map<string, number>()
  for (const { app, service } of units.values()) {
    appsOf.set(service, (appsOf.get(service) ?? new Set()).add(app))
    counts.set(`${app}/${service}`, (counts.get(`${app}/${service}`) ?? 0) + 1)
  }
  const lines = new Set<string>()
  for (const [service, apps] of appsOf) if (apps.size === 1) lines.add(`service ${service}`)
  for (const { app } of units.values()) lines.add(`app ${app}/`)
  for (const [name] of counts) lines.add(`unit ${name}`)
  for (const { id, app, service } of units.values()) if (counts.get(`${app}/${service}`)! > 1) lines.add(`unit ${id}`)
  for (const { spec } of units.values()) {
    for (const [name, value] of Object.entries(spec.labels)) {
      lines.add(`label ${name}`)
      if (value !== '') lines.add(`label ${name}=${value}`)
    }
  }
  return [...lines]
    .filter((line) => !/\p{Cc}/u.test(line))
    .map((line) => `${line}\n`)
    .join('')
}
