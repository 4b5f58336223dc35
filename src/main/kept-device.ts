import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServiceKeys } from '../dialects/balena/device-facts.ts'
import { writeDurably } from '../sys/durable-write.ts'
import { errnoOf } from '../sys/errno.ts'

/** What a device is to the world of balena, as far as nothing else tells: kept in the state directory. */
export interface KeptDevice {
  /** Of the first state that was applied; null: none was. */
  readonly uuid: string | null
  /** Made at random, for states that say none. */
  readonly uuidElse: string
  readonly nameAtInit: string | null
  readonly serviceKeys: ServiceKeys
}

/** null: there is none yet, or none that can be read. */
export function readKeptDevice(stateDirectory: string): KeptDevice | null {
  try {
    return parse(JSON.parse(readFileSync(pathOf(stateDirectory), 'utf8')))
  } catch (error) {
    // A damaged file is as good as none: containers get other keys then.
    if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/** The same; makes one where there is none. */
export function ensureKeptDevice(stateDirectory: string): KeptDevice {
  const known = readKeptDevice(stateDirectory)
  if (known !== null) return known
  const { randomBytes } = process.getBuiltinModule('node:crypto')
  const fresh: KeptDevice = {
    uuid: null,
    uuidElse: randomBytes(16).toString('hex'),
    nameAtInit: null,
    serviceKeys: { secret: randomBytes(32).toString('hex'), given: {} },
  }
  writeKeptDevice(stateDirectory, fresh)
  return fresh
}

/** The first state that counts says for good what the device is called. */
export function keepStated(
  stateDirectory: string,
  stated: { readonly uuid: string; readonly name: string | null },
): void {
  const known = ensureKeptDevice(stateDirectory)
  const next = { ...known, uuid: known.uuid ?? stated.uuid, nameAtInit: known.nameAtInit ?? stated.name }
  if (next.uuid !== known.uuid || next.nameAtInit !== known.nameAtInit) writeKeptDevice(stateDirectory, next)
}

function writeKeptDevice(stateDirectory: string, device: KeptDevice): void {
  mkdirSync(directoryOf(stateDirectory), { recursive: true, mode: 0o700 })
  writeDurably(pathOf(stateDirectory), `${JSON.stringify(device, null, 2)}\n`)
}

function parse(value: Partial<KeptDevice> | null): KeptDevice | null {
  const { uuid = null, uuidElse, nameAtInit = null, serviceKeys } = value ?? {}
  if (typeof uuidElse !== 'string' || typeof serviceKeys?.secret !== 'string') return null
  const given = Object.entries(serviceKeys.given ?? {}).filter(([, key]) => typeof key === 'string')
  return {
    uuid: typeof uuid === 'string' ? uuid : null,
    uuidElse,
    nameAtInit: typeof nameAtInit === 'string' ? nameAtInit : null,
    serviceKeys: { secret: serviceKeys.secret, given: Object.fromEntries(given) },
  }
}

function directoryOf(stateDirectory: string): string {
  return join(stateDirectory, 'balena')
}

function pathOf(stateDirectory: string): string {
  return join(directoryOf(stateDirectory), 'device.json')
}
