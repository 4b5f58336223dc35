/** What a target state needs to know of the device that it is for. Plain data: it is handed to the process that decodes. */
export interface DeviceFacts {
  /** 32 or 62 hex digits; null: not known yet. */
  readonly uuid: string | null
  /** What it is called where neither it nor the state says: made at random. */
  readonly uuidElse: string
  /** What variables of containers tell as its name; it stays as it was first, so that no container is replaced for it. null: as the state says. */
  readonly nameAtInit: string | null
  /** The host's own. */
  readonly hostname: string
  /** `raspberrypi4-64`, `generic-amd64`. */
  readonly deviceType: string
  /** In balena's words: `amd64`, `aarch64`, `armv7hf`, `rpi`, `i386`. */
  readonly arch: string
  readonly os: OsFacts
  /** `6.5.44`, as uname tells it. */
  readonly kernelVersion: string
  /** Of NVIDIA's Linux for Tegra; null: it is none. */
  readonly l4tVersion: string | null
  /** The version of the interfaces that are spoken. */
  readonly supervisorVersion: string
  /** Where containers reach the API of the device. */
  readonly apiPort: number
  /** null: no service can be given one. */
  readonly serviceKeys: ServiceKeys | null
  /** null: the device belongs to no cloud. */
  readonly cloud: { readonly apiEndpoint: string; readonly deviceApiKey: string } | null
  /** The host's directory of update locks, as this daemon and containers see it. */
  readonly lockRoot: string
  /** The socket of the container engine. */
  readonly engineSocket: string
  /** Directories that are there to be given to containers. */
  readonly has: { readonly kernelModules: boolean; readonly firmware: boolean }
}

export interface OsFacts {
  /** `balena-os`, `debian`. */
  readonly slug: string
  /** `balenaOS 6.5.44+rev2`: as people read it. */
  readonly name: string
  /** `6.5.44+rev2` */
  readonly version: string
  /** Of the board's part of the system; null: it has none. */
  readonly boardRevision: string | null
  readonly build: string | null
}

/** What keys of services are made from: see service-key.ts. */
export interface ServiceKeys {
  readonly secret: string
  /** Those that were given otherwise, by `appId/service`. */
  readonly given: Readonly<Record<string, string>>
}

/** The version of the original agent whose interfaces these are. */
export const supervisorVersion = '19.0.5'

export const apiPortDefault = 48_484

/** Where the original agent has it. */
export const lockRootDefault = '/tmp/balena-supervisor/services'

/** Nothing is known of the device: its name, its type and its contracts count for nothing then. */
export const unknownDevice: DeviceFacts = {
  uuid: null,
  uuidElse: '',
  nameAtInit: null,
  hostname: '',
  deviceType: '',
  arch: '',
  os: { slug: '', name: '', version: '', boardRevision: null, build: null },
  kernelVersion: '',
  l4tVersion: null,
  supervisorVersion,
  apiPort: apiPortDefault,
  serviceKeys: null,
  cloud: null,
  lockRoot: lockRootDefault,
  engineSocket: '/var/run/docker.sock',
  has: { kernelModules: false, firmware: false },
}
