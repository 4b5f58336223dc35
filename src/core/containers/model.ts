/**
 * The words of containers: what is declared of them, what the container engine tells, and what is asked of it. The engine
 * (Docker, or Podman's compatible API) is the truth about containers, images, networks and volumes: none of it is stored,
 * it is looked at. Each kind of thing has a resource name (`image:REF`, `container:UNIT`), by which at most one step at a
 * time is in flight.
 */
import type { Failure, UnitId } from '../words.ts'

// ---- what is declared --------------------------------------------------------------------------------------

/** What an app needs of the engine beside its containers. Keyed by the names that its services use. */
export interface AppResources {
  readonly networks: Readonly<Record<string, NetworkSpec>>
  readonly volumes: Readonly<Record<string, VolumeSpec>>
}

export interface NetworkSpec {
  /** What the engine calls it: `shop_default`. */
  readonly engineName: string
  /** It is somebody else's: it must be there, and is neither made nor removed nor compared. */
  readonly isExternal: boolean
  readonly driver: string | null
  readonly driverOpts: Readonly<Record<string, string>>
  readonly isInternal: boolean
  readonly isAttachable: boolean
  readonly enableIpv6: boolean
  /** balena's config_only: a network of that name with nothing behind it. */
  readonly isConfigOnly: boolean
  /** null: the engine chooses, and what it chose is not compared. */
  readonly ipam: IpamSpec | null
  readonly labels: Readonly<Record<string, string>>
}

export interface IpamSpec {
  readonly driver: string | null
  readonly config: readonly {
    readonly subnet: string | null
    readonly gateway: string | null
    readonly ipRange: string | null
    readonly auxAddresses: Readonly<Record<string, string>>
  }[]
  readonly options: Readonly<Record<string, string>>
}

export interface VolumeSpec {
  readonly engineName: string
  readonly isExternal: boolean
  readonly driver: string | null
  readonly driverOpts: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

/**
 * A container as it is to be created. Decoders fill in every default of their world (names, labels, injected variables and
 * mounts included), so that the core knows nothing of worlds.
 */
export interface ContainerSpec {
  /** Another name alone is changed by renaming. */
  readonly containerName: string
  /** As the engine is asked for it: `repo:tag`, `repo@sha256:…`; a tag or a digest is always there. */
  readonly image: string
  readonly platform: string | null
  /** When it is pulled: if the engine does not have it; for each new declaration; never. */
  readonly pull: 'missing' | 'always' | 'never'
  readonly strategy: UpdateStrategy
  /** A container that another agent made for the same service has all these labels: it is taken over. null: none is. */
  readonly adopts: Readonly<Record<string, string>> | null
  /** While one of these files exists that we did not make, no container of the app is ended, started anew or renamed. */
  readonly lockFiles: readonly string[]
  readonly settings: ContainerSettings
}

export type UpdateStrategy =
  | { readonly kind: 'download-then-kill' }
  | { readonly kind: 'kill-then-download' }
  /** The old image goes too, before the new one is pulled. */
  | { readonly kind: 'delete-then-download' }
  /** Old and new run side by side until the new one says so (a file), is healthy, or the time is over. */
  | { readonly kind: 'hand-over'; readonly timeoutMs: number; readonly doneFiles: readonly string[] }

/** null: what the image says, or else the engine's default. Lists are in the order of the declaration. */
export interface ContainerSettings {
  readonly command: readonly string[] | null
  readonly entrypoint: readonly string[] | null
  /** On top of the image's. */
  readonly environment: Readonly<Record<string, string>>
  /** On top of the image's. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly user: string | null
  readonly workingDir: string | null
  readonly hostname: string | null
  readonly domainname: string | null
  readonly isTty: boolean
  readonly isStdinOpen: boolean
  readonly stopSignal: string | null
  readonly stopGraceMs: number | null
  /** Each null in it: what the image says. */
  readonly healthcheck: ContainerHealthcheck | 'none' | null
  /** What the engine does while we are away, and so that we need not be there. */
  readonly restart: { readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure'; readonly retriesMax: number }
  readonly networkMode: NetworkMode
  /** In the order they are joined; only with the network mode `networks`. */
  readonly networks: readonly ContainerNetwork[]
  readonly ports: readonly PortSpec[]
  /** Ports told to others without being published: `80/tcp`. On top of the image's. */
  readonly expose: readonly string[]
  readonly mounts: readonly MountSpec[]
  readonly dns: readonly string[]
  readonly dnsOptions: readonly string[]
  readonly dnsSearch: readonly string[]
  /** `host:address` */
  readonly extraHosts: readonly string[]
  readonly macAddress: string | null
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly devices: readonly { readonly source: string; readonly target: string; readonly permissions: string }[]
  readonly deviceCgroupRules: readonly string[]
  readonly deviceRequests: readonly DeviceRequest[]
  readonly groupAdd: readonly string[]
  readonly securityOptions: readonly string[]
  readonly sysctls: Readonly<Record<string, string>>
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>
  readonly storageOptions: Readonly<Record<string, string>>
  readonly isPrivileged: boolean
  readonly isReadOnly: boolean
  /** The engine's docker-init as pid 1. null: the engine's default. */
  readonly init: boolean | null
  /** `host`, `private`, `shareable`, `service:NAME`, `container:ID` … */
  readonly ipc: string | null
  readonly pid: string | null
  readonly uts: string | null
  readonly usernsMode: string | null
  readonly cgroupNamespace: string | null
  readonly cgroupParent: string | null
  readonly runtime: string | null
  readonly shmBytes: number | null
  readonly memoryBytes: number | null
  readonly memoryReservationBytes: number | null
  /** Memory and swap together; -1: unlimited swap. */
  readonly memorySwapBytes: number | null
  readonly memorySwappiness: number | null
  readonly isOomKillDisabled: boolean
  readonly oomScoreAdj: number | null
  /** -1: unlimited. */
  readonly pidsMax: number | null
  /** 1.5 cores: 1_500_000_000. */
  readonly nanoCpus: number | null
  readonly cpuShares: number | null
  readonly cpuQuotaUs: number | null
  readonly cpuPeriodUs: number | null
  readonly cpuRealtimePeriodUs: number | null
  readonly cpuRealtimeRuntimeUs: number | null
  readonly cpuset: string | null
  readonly blkioWeight: number | null
  readonly blkioWeightDevices: readonly { readonly path: string; readonly weight: number }[]
  readonly blkioDeviceReadBps: readonly BlkioRate[]
  readonly blkioDeviceWriteBps: readonly BlkioRate[]
  readonly blkioDeviceReadIops: readonly BlkioRate[]
  readonly blkioDeviceWriteIops: readonly BlkioRate[]
  /** null: the engine's default driver. */
  readonly logging: { readonly driver: string; readonly options: Readonly<Record<string, string>> } | null
}

export interface BlkioRate {
  readonly path: string
  readonly rate: number
}

export interface DeviceRequest {
  readonly driver: string
  /** -1: all. */
  readonly count: number
  readonly deviceIds: readonly string[]
  readonly capabilities: readonly (readonly string[])[]
  readonly options: Readonly<Record<string, string>>
}

export interface ContainerHealthcheck {
  /** As the engine has it: `['CMD', …]`, `['CMD-SHELL', text]`. */
  readonly test: readonly string[] | null
  readonly intervalMs: number | null
  readonly timeoutMs: number | null
  readonly startPeriodMs: number | null
  readonly startIntervalMs: number | null
  readonly retries: number | null
}

export type NetworkMode =
  /** Those of `networks`. */
  | { readonly kind: 'networks' }
  /** `host`, `none`, `bridge`, or another name of the engine's. */
  | { readonly kind: 'named'; readonly name: string }
  /** Of another service of the app, whose container has to be there first. */
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'container'; readonly container: string }

export interface ContainerNetwork {
  /** Its name in AppResources.networks. */
  readonly network: string
  /** What the engine calls it. */
  readonly engineName: string
  readonly aliases: readonly string[]
  readonly ipv4: string | null
  readonly ipv6: string | null
  readonly linkLocalIps: readonly string[]
  readonly macAddress: string | null
  readonly driverOpts: Readonly<Record<string, string>>
}

/** One port: ranges are spread out by the decoders. */
export interface PortSpec {
  /** Of the host; empty: every address. */
  readonly hostAddress: string
  /** null: the engine chooses. */
  readonly hostPort: number | null
  readonly containerPort: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}

export type MountSpec =
  | {
      readonly kind: 'bind'
      readonly source: string
      readonly target: string
      readonly isReadOnly: boolean
      /** What is missing on the host is made, as a directory. */
      readonly isSourceMade: boolean
      /** `rprivate`, `rshared` …; null: the engine's default. */
      readonly propagation: string | null
      /** `z`, `Z`, or null. */
      readonly selinux: string | null
    }
  | {
      readonly kind: 'volume'
      /** Its name in AppResources.volumes; null: an anonymous one, new with each container. */
      readonly volume: string | null
      /** What the engine calls it. */
      readonly engineName: string | null
      readonly target: string
      readonly isReadOnly: boolean
      readonly isCopied: boolean
      readonly subpath: string | null
    }
  | {
      readonly kind: 'tmpfs'
      readonly target: string
      readonly sizeBytes: number | null
      readonly mode: number | null
      /** Further options, as of mount(8), in the order they were written: `noexec,uid=1000`. */
      readonly options: string
    }

// ---- what the engine tells ------------------------------------------------------------------------------------

/** One container as the engine describes it, in the words of what is declared. */
export interface EngineContainer {
  readonly id: string
  /** Without the leading slash. */
  readonly name: string
  /** By its labels: the unit it was made for by this home. null: by somebody else. */
  readonly unit: UnitId | null
  readonly imageId: string
  readonly state: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead'
  /** As the host sees it; 0: nothing runs. */
  readonly pid: number
  /** RFC 3339 with nanoseconds, as the engine writes them; empty: never. */
  readonly createdAt: string
  readonly startedAt: string
  readonly finishedAt: string
  /** Of the last end. */
  readonly exitCode: number
  readonly isOutOfMemory: boolean
  /** Why the engine could not start it; or empty. */
  readonly error: string
  /** Times the engine started it again by itself. */
  readonly restartCount: number
  readonly health: EngineHealth | null
  /** With what the image says put in: `environment`, `labels`, `command` … are those of the container. */
  readonly settings: ContainerSettings
}

export interface EngineHealth {
  readonly status: 'starting' | 'healthy' | 'unhealthy'
  /** In a row. */
  readonly failures: number
  /** The last probes, oldest first. */
  readonly results: readonly {
    readonly startedAt: string
    readonly endedAt: string
    readonly exitCode: number
    readonly output: string
  }[]
}

export interface EngineImage {
  readonly id: string
  readonly tags: readonly string[]
  readonly digests: readonly string[]
  readonly sizeBytes: number
  readonly config: ImageConfig
}

/** What containers of an image have unless they say otherwise. */
export interface ImageConfig {
  readonly command: readonly string[] | null
  readonly entrypoint: readonly string[] | null
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly user: string
  readonly workingDir: string
  readonly stopSignal: string | null
  readonly healthcheck: ContainerHealthcheck | 'none' | null
  readonly volumes: readonly string[]
  readonly expose: readonly string[]
}

export interface EngineNetwork {
  readonly id: string
  readonly name: string
  /** Made by this home. */
  readonly isOurs: boolean
  readonly driver: string
  readonly driverOpts: Readonly<Record<string, string>>
  readonly isInternal: boolean
  readonly isAttachable: boolean
  readonly enableIpv6: boolean
  readonly isConfigOnly: boolean
  readonly ipam: IpamSpec
  readonly labels: Readonly<Record<string, string>>
}

export interface EngineVolume {
  readonly name: string
  readonly isOurs: boolean
  readonly driver: string
  readonly driverOpts: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export type EngineStatus =
  /** Nothing asked for it yet. */
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'connected'
      /** `Docker 20.10.24`, `Podman 4.3.1`. */
      readonly name: string
      /** `1.41`; the one negotiated. */
      readonly apiVersion: string
    }
  | { readonly kind: 'absent'; readonly failure: Failure; readonly sinceWallMs: number }

// ---- the state of it all --------------------------------------------------------------------------------------

export interface ContainerEngine {
  readonly status: EngineStatus
  /** Why it should be looked at again, and what of it; null when nothing is in doubt. */
  readonly observe: {
    readonly why: string
    readonly inFlight: boolean
    /** After a look that failed: not before. */
    readonly dueBootMs: number
    readonly failures: number
  } | null
  /** Whether there was a look at everything since the daemon started. */
  readonly isKnown: boolean
  /** By id: ours, and those that something declared takes over. */
  readonly containers: ReadonlyMap<string, EngineContainer>
  /** By the references that are declared, or own; null: the engine does not have it. A missing key was not asked for yet. */
  readonly images: ReadonlyMap<string, EngineImage | null>
  /** By name. */
  readonly networks: ReadonlyMap<string, EngineNetwork>
  readonly volumes: ReadonlyMap<string, EngineVolume>
  /** Steps in flight, by resource. */
  readonly work: ReadonlyMap<string, Work>
  /** What failed and is tried again, by resource. */
  readonly troubles: ReadonlyMap<string, Trouble>
  /**
   * When each thing was last told of (`container:ID`, `image:REF` …), gone or not: a look that was taken earlier, and came
   * later, says nothing new of it.
   */
  readonly seen: ReadonlyMap<string, number>
  /** When the newest look at everything was taken: what is older and missing above is as that look told. */
  readonly lookedBootMs: number
  /** Update locks, by app. Missing: what an earlier daemon of this home left behind was not given back yet. */
  readonly locks: ReadonlyMap<string, LockState>
  /** Apps whose locks hold nothing back until their present changes are made. */
  readonly overridden: ReadonlySet<string>
  readonly kept: KeptOfEngine
}

/** What must survive the machine, because no look tells it. */
export interface KeptOfEngine {
  /** References that we pulled or loaded, and may remove when nothing needs them; and the image ids they had then. */
  readonly ownImages: Readonly<Record<string, string>>
  /** References that will be ours once a pull that was begun is done: the id each has as ours by now, or nothing. */
  readonly pulling: Readonly<Record<string, string>>
  /** Volumes that somebody asked to be removed with all that is in them, by the engine's name: who. */
  readonly purges: Readonly<Record<string, string>>
  /** For which declaration (its hash) an image of `pull: always` was pulled last, by `APP REFERENCE`. */
  readonly pulledFor: Readonly<Record<string, string>>
  /** The files of the update locks that we may hold, by app, whatever is declared since. */
  readonly takenLocks: Readonly<Record<string, readonly string[]>>
}

export interface Work {
  readonly step: EngineStep['kind']
  readonly sinceBootMs: number
  /** Of a pull. */
  readonly progress: PullProgress | null
  /** Of a change in place: its identity. */
  readonly changed?: string
}

export interface PullProgress {
  /** 0..100; null: not known yet. */
  readonly percent: number | null
  readonly bytesDone: number
  readonly bytesTotal: number | null
}

export interface Trouble {
  readonly step: EngineStep['kind']
  readonly failure: Failure
  /** In a row. */
  readonly failures: number
  readonly retryBootMs: number
}

export type LockState =
  | { readonly kind: 'free' | 'held' | 'releasing' }
  /** `failures`: how often it was refused before. */
  | { readonly kind: 'taking'; readonly failures: number }
  | {
      readonly kind: 'refused'
      /** The file that somebody else made. */
      readonly file: string
      readonly failures: number
      readonly retryBootMs: number
    }

// ---- what crosses the borders ------------------------------------------------------------------------------

/**
 * What is asked of the engine. Each is idempotent: it may have been done already by a step whose answer was lost.
 * The outcome of all of them but `observe-engine`: exactly one `engine-done` or `engine-failed` with the same resource.
 */
export type EngineStep =
  /** The outcome: `engine-observed` or `engine-observe-failed`. */
  | { readonly kind: 'observe-engine'; readonly look: EngineLook; readonly why: string }
  | {
      readonly kind: 'pull'
      readonly resource: string
      readonly image: string
      readonly platform: string | null
      /** What it is likely to take on disk, from the image it replaces; 0: nothing tells. */
      readonly bytesExpected: number
      readonly why: string
    }
  /** By reference: the engine drops its layers with the last one. `imageId`: nothing is done if it means another by now. */
  | {
      readonly kind: 'remove-image'
      readonly resource: string
      readonly image: string
      readonly imageId: string
      readonly why: string
    }
  | { readonly kind: 'create-network'; readonly resource: string; readonly spec: NetworkSpec; readonly why: string }
  /** By id. Only one that is ours. */
  | {
      readonly kind: 'remove-network'
      readonly resource: string
      readonly id: string
      readonly name: string
      readonly why: string
    }
  | { readonly kind: 'create-volume'; readonly resource: string; readonly spec: VolumeSpec; readonly why: string }
  | { readonly kind: 'remove-volume'; readonly resource: string; readonly name: string; readonly why: string }
  | {
      readonly kind: 'create-container'
      readonly resource: string
      readonly unit: UnitId
      readonly spec: ContainerSpec
      readonly imageId: string
      /** Kept as a label: what it was made for is not made anew, whatever the engine makes of it. */
      readonly specHash: string
      /** The container of the service that its network mode (and ipc, pid) names, by service. */
      readonly containers: Readonly<Record<string, string>>
      readonly why: string
    }
  | {
      readonly kind: 'rename-container'
      readonly resource: string
      readonly id: string
      readonly name: string
      readonly why: string
    }
  /** What the engine can change in place. Only the fields that differ. */
  | {
      readonly kind: 'update-container'
      readonly resource: string
      readonly id: string
      readonly settings: Partial<ContainerSettings>
      readonly why: string
    }
  | {
      readonly kind: 'start-container'
      readonly resource: string
      readonly unit: UnitId
      readonly id: string
      readonly why: string
    }
  /** It is between two runs of the engine's, which is not to start it again. */
  | { readonly kind: 'stop-container'; readonly resource: string; readonly id: string; readonly why: string }
  /** Not running any more; with its anonymous volumes. `isForced`: whatever it does. */
  | {
      readonly kind: 'remove-container'
      readonly resource: string
      readonly id: string
      readonly isForced: boolean
      readonly why: string
    }
  /** All of them or none; somebody else's stays unless `isForced`. Failure code `LOCKED`: message is the file. */
  | {
      readonly kind: 'take-lock'
      readonly resource: string
      readonly app: string
      readonly files: readonly string[]
      readonly isForced: boolean
      readonly why: string
    }
  | {
      readonly kind: 'release-lock'
      readonly resource: string
      readonly app: string
      readonly files: readonly string[]
      readonly why: string
    }
  /** Done when one of the files exists (which is removed then). Failed with `TIMEOUT` when the time is over. */
  | {
      readonly kind: 'await-file'
      readonly resource: string
      readonly files: readonly string[]
      readonly timeoutMs: number
      readonly why: string
    }

/** What to look at. `containers`: all of ours, and those that have all the labels of one of these sets. */
export interface EngineLook {
  readonly isEverything: boolean
  readonly adopts: readonly Readonly<Record<string, string>>[]
  /** References. */
  readonly images: readonly string[]
}

export type EngineEvent =
  /** What was looked at; null: not looked at. */
  | {
      readonly kind: 'engine-observed'
      readonly takenBootMs: number
      readonly name: string
      readonly apiVersion: string
      readonly containers: readonly EngineContainer[] | null
      readonly networks: readonly EngineNetwork[] | null
      readonly volumes: readonly EngineVolume[] | null
      readonly images: readonly { readonly reference: string; readonly image: EngineImage | null }[]
    }
  | ({ readonly kind: 'engine-observe-failed' } & Failure)
  /** News of single things, from the engine's events, or with the outcome of a step. May be lost or doubled. */
  | { readonly kind: 'engine-news'; readonly takenBootMs: number; readonly news: EngineNews }
  /** A container ended, also where the engine has started it again since. `at`: RFC 3339 with nanoseconds. */
  | {
      readonly kind: 'container-died'
      readonly id: string
      readonly at: string
      readonly exitCode: number
      readonly isOutOfMemory: boolean
    }
  /** News may have been lost: everything is to be looked at again. */
  | { readonly kind: 'engine-doubt'; readonly why: string }
  | {
      readonly kind: 'engine-done'
      readonly resource: string
      readonly step: EngineStep['kind']
      /** When the step was over; and what it led to, as far as one look told. */
      readonly takenBootMs: number
      readonly news: EngineNews
    }
  | ({
      readonly kind: 'engine-failed'
      readonly resource: string
      readonly step: EngineStep['kind']
      /** What is there nevertheless. */
      readonly takenBootMs: number
      readonly news: EngineNews
    } & Failure)
  | { readonly kind: 'pull-progress'; readonly resource: string; readonly progress: PullProgress }

export interface EngineNews {
  readonly containers?: readonly EngineContainer[]
  /** By id. */
  readonly containersGone?: readonly string[]
  readonly images?: readonly { readonly reference: string; readonly image: EngineImage | null }[]
  readonly networks?: readonly EngineNetwork[]
  /** By name. */
  readonly networksGone?: readonly string[]
  readonly volumes?: readonly EngineVolume[]
  readonly volumesGone?: readonly string[]
}
