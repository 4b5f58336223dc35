import type { ContainerHealthcheck } from '../../core/containers/model.ts'
import { amountOf, at, isNothing, type Json, keysOf, textOf, textsOf } from './json.ts'

/** What the `Config` of an image and that of a container say in the same words. */

/** Where a name stands twice the last one counts. A name without `=` tells nothing. */
export function readEnvironment(json: Json): Readonly<Record<string, string>> {
  const pairs = textsOf(json).flatMap((text) => {
    const equals = text.indexOf('=', 1)
    return equals === -1 ? [] : [[text.slice(0, equals), text.slice(equals + 1)] as const]
  })
  return Object.fromEntries(pairs)
}

/** null: none. Podman tells an entrypoint as one text. */
export function readArguments(json: Json): readonly string[] | null {
  if (typeof json.value === 'string') return json.value === '' ? null : [json.value]
  const words = textsOf(json)
  return words.length === 0 ? null : words
}

/** Durations are told in nanoseconds, and 0 means nothing is said. */
export function readHealthcheck(json: Json): ContainerHealthcheck | 'none' | null {
  if (isNothing(json)) return null
  const test = readArguments(at(json, 'Test'))
  if (test?.[0] === 'NONE') return 'none'
  const healthcheck = {
    test,
    intervalMs: readNanoseconds(at(json, 'Interval')),
    timeoutMs: readNanoseconds(at(json, 'Timeout')),
    startPeriodMs: readNanoseconds(at(json, 'StartPeriod')),
    startIntervalMs: readNanoseconds(at(json, 'StartInterval')),
    retries: amountOf(at(json, 'Retries'), 0),
  }
  return Object.values(healthcheck).every((each) => each === null) ? null : healthcheck
}

/** Podman tells a number. */
export function readSignal(json: Json): string | null {
  if (typeof json.value === 'number') return json.value === 0 ? null : String(json.value)
  return isNothing(json) ? null : textOf(json) || null
}

/** `80/tcp`; without a protocol it is tcp. */
export function readExposed(json: Json): readonly string[] {
  return keysOf(json).map((port) => (port.includes('/') ? port : `${port}/tcp`))
}

/** Podman may leave out which hash it is. */
export function readImageId(json: Json): string {
  const id = textOf(json)
  return /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id
}

function readNanoseconds(json: Json): number | null {
  const nanoseconds = amountOf(json, 0)
  return nanoseconds === null ? null : nanoseconds / 1_000_000
}
