import type { DeviceFacts } from './device-facts.ts'
import type { Reading } from './reading.ts'
import type { StateApp, StateRelease, StateService } from './state.ts'

/** What decoding one service sees of its surroundings. */
export interface Scene {
  readonly reading: Reading
  readonly facts: DeviceFacts
  readonly app: StateApp
  readonly release: StateRelease
  readonly service: StateService
  /** Services of the release that are not run here. */
  readonly leftOut: ReadonlySet<string>
  /** false: it is only checked, and what the device lacks is not told. */
  readonly isDeviceKnown: boolean
}

/** What the engine calls a volume of an app. */
export function volumeName(app: Pick<StateApp, 'id'>, name: string): string {
  return `${app.id}_${name}`
}

/** What the engine calls a network of an app. */
export function networkName(app: Pick<StateApp, 'uuid'>, name: string): string {
  return `${app.uuid}_${name}`
}

/** The directory that a service and its device share: update locks, and that a hand-over is complete. */
export function lockDirectory({ lockRoot }: DeviceFacts, app: Pick<StateApp, 'id'>, service: string): string {
  return `${lockRoot}/${app.id}/${service}`
}
