import { existsSync, readFileSync } from 'node:fs'
import { arch, hostname, release } from 'node:os'
import { dirname, join } from 'node:path'
import {
  apiPortDefault,
  type DeviceFacts,
  lockRootDefault,
  type OsFacts,
  supervisorVersion,
} from '../dialects/balena/device-facts.ts'
import { parseEnvFile } from '../formats/env-file.ts'
import { FormatError } from '../formats/format-error.ts'
import { errnoOf } from '../sys/errno.ts'
import { engineAddress } from './engine-address.ts'
import { readKeptDevice } from './kept-device.ts'

/** Where the facts of the device are found. */
export interface DevicePlaces {
  readonly stateDirectory: string
  /** A config.json as balenaOS has it; null: there is none. It is only read. */
  readonly configFile: string | null
  /** null: where the original agent has it. */
  readonly lockRoot: string | null
}

export interface ReadFacts {
  readonly facts: DeviceFacts
  /** What could not be read, as sentences without a full stop. */
  readonly troubles: readonly string[]
}

/** What target states need to know of this device. What cannot be read is told, and unknown. */
export function readDeviceFacts(places: DevicePlaces, environment: NodeJS.ProcessEnv): ReadFacts {
  const troubles: string[] = []
  const config = places.configFile === null ? {} : readConfig(places.configFile, troubles)
  const type = places.configFile === null ? {} : readDeviceType(join(dirname(places.configFile), 'device-type.json'))
  const kept = readKeptDevice(places.stateDirectory)
  const { apiEndpoint, deviceApiKey } = {
    apiEndpoint: textOf(config, 'apiEndpoint'),
    deviceApiKey: textOf(config, 'deviceApiKey'),
  }
  const architecture = textOf(type, 'arch') ?? architectures[arch()] ?? arch()
  const facts: DeviceFacts = {
    uuid: textOf(config, 'uuid') ?? kept?.uuid ?? null,
    uuidElse: kept?.uuidElse ?? '',
    nameAtInit: kept?.nameAtInit ?? null,
    hostname: hostname(),
    deviceType: textOf(config, 'deviceType') ?? textOf(type, 'slug') ?? `generic-${architecture}`,
    arch: architecture,
    os: readOs(environment.HOST_OS_VERSION_PATH ?? '/etc/os-release'),
    kernelVersion: /^\d+(?:\.\d+)*/.exec(release())?.[0] ?? '',
    l4tVersion: /-l4t-r(\d+(?:\.\d+)*)/.exec(release())?.[1] ?? null,
    supervisorVersion,
    apiPort: numberOf(config, 'listenPort') ?? apiPortDefault,
    serviceKeys: kept?.serviceKeys ?? null,
    cloud: apiEndpoint === null || deviceApiKey === null ? null : { apiEndpoint, deviceApiKey },
    lockRoot: places.lockRoot ?? lockRootDefault,
    engineSocket: engineAddress(environment, () => {}).socketPath,
    has: { kernelModules: existsSync('/lib/modules'), firmware: existsSync('/lib/firmware') },
  }
  return { facts, troubles }
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'aarch64', arm: 'armv7hf', ia32: 'i386' }

type Json = Readonly<Record<string, unknown>>

function readConfig(path: string, troubles: string[]): Json {
  try {
    return readJson(path)
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is no JSON' : errnoOf(error)
    troubles.push(`${path} cannot be read (${why}): the uuid and the keys in it are not known`)
    return {}
  }
}

/** Beside the configuration on balenaOS; elsewhere there is none. */
function readDeviceType(path: string): Json {
  try {
    return readJson(path)
  } catch {
    return {}
  }
}

function readJson(path: string): Json {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function readOs(path: string): OsFacts {
  const values = readOsRelease(path)
  return {
    slug: values.ID ?? '',
    name: values.PRETTY_NAME ?? values.NAME ?? '',
    version: values.VERSION_ID ?? values.VERSION ?? '',
    boardRevision: values.BALENA_BOARD_REV ?? values.RESIN_BOARD_REV ?? null,
    build: values.BUILD_ID ?? null,
  }
}

function readOsRelease(path: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnvFile(readFileSync(path, 'utf8'), path)
  } catch (error) {
    // Without it the name of the system is not known: nothing that a container could not do without.
    if (!(error instanceof FormatError)) errnoOf(error)
    return {}
  }
}

function textOf(json: Json, key: string): string | null {
  const value = json[key]
  return typeof value === 'string' && value !== '' ? value : null
}

function numberOf(json: Json, key: string): number | null {
  const value = Number(json[key])
  return Number.isSafeInteger(value) && value > 0 && value < 65_536 ? value : null
}
