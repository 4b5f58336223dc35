import type { Fields, Setting } from './reading.ts'

/** A target state as it is written, in whichever form: read, and not yet understood. */
export interface DeviceState {
  /** Of the device that it is for; null: it is not said. */
  readonly uuid: string | null
  /** The device's; null: it is not said. */
  readonly name: string | null
  readonly config: Readonly<Record<string, string>>
  readonly apps: readonly StateApp[]
}

export interface StateApp {
  readonly uuid: string
  readonly id: number
  readonly name: string
  readonly class: 'fleet' | 'app' | 'block'
  readonly isHost: boolean
  readonly setting: Setting
  /** null: nothing of it is to run. */
  readonly release: StateRelease | null
}

export interface StateRelease {
  readonly commit: string
  readonly id: number
  readonly services: readonly StateService[]
  /** By the names that services use. */
  readonly volumes: Fields
  readonly networks: Fields
}

export interface StateService {
  readonly name: string
  readonly id: number
  readonly imageId: number
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly isRunning: boolean
  readonly contract: Setting | null
  /** What its Compose file says of it. */
  readonly composition: Fields
  readonly setting: Setting
}
