import type { ContainerSettings, ContainerSpec } from '../../core/containers/model.ts'
import type { App, Service } from '../../core/model.ts'
import { printProblem } from '../../formats/format-error.ts'
import type { DecodedSource } from '../decoding.ts'
import { memorySourceReader } from '../memory-source-reader.ts'
import { decodeBalena } from './decode.ts'
import { type DeviceFacts, unknownDevice } from './device-facts.ts'

/** What the tests of this folder are made of: one device, one app, one service, and what was made of it. */

export const uuid = 'f00dcafe000011112222333344445555'
export const appUuid = 'aaaabbbbccccddddeeeeffff00001111'

export const facts: DeviceFacts = {
  ...unknownDevice,
  uuid,
  uuidElse: '0123456789abcdef0123456789abcdef',
  nameAtInit: 'still-waterfall',
  hostname: 'f00dcaf',
  deviceType: 'raspberrypi4-64',
  arch: 'aarch64',
  os: { slug: 'balena-os', name: 'balenaOS 6.5.44+rev2', version: '6.5.44', boardRevision: 'a1b2c3', build: null },
  kernelVersion: '6.6.22',
  serviceKeys: { secret: 'not much of a secret', given: {} },
  has: { kernelModules: true, firmware: true },
}

export interface Json {
  readonly [key: string]: unknown
}

export function oneService(service: Json = {}, composition: Json = {}): Json {
  return {
    id: 11,
    image_id: 21,
    image: 'registry.example/shop/main:1',
    environment: {},
    labels: {},
    composition,
    ...service,
  }
}

/** A state of version 3 with the app `shop`. */
export function stateOf(release: Json, app: Json = {}, device: Json = {}): Json {
  const apps = {
    [appUuid]: { id: 1234, name: 'shop', class: 'fleet', releases: { deadbeef: { id: 7, ...release } }, ...app },
  }
  return { [uuid]: { name: 'still-waterfall', config: {}, apps, ...device } }
}

export function decode(state: unknown, device: DeviceFacts | null = facts): DecodedSource {
  const text = typeof state === 'string' ? state : JSON.stringify(state, null, 2)
  return decodeBalena('/target.json', memorySourceReader({ files: { '/target.json': text } }), device)
}

/** Of a state that is good; warnings are no matter. */
export function appOf(state: unknown, device: DeviceFacts | null = facts): App {
  const { apps, problems } = decode(state, device)
  const errors = problems.filter(({ severity }) => severity === 'error').map(printProblem)
  const [app] = apps
  if (app === undefined || errors.length > 0) throw new Error(`there is no app: ${errors.join('\n')}`)
  return app
}

/** The service `main` of a state with this composition, beside `db`. */
export function serviceOf(composition: Json, service: Json = {}, release: Json = {}): Service {
  const services = { main: oneService(service, composition), db: oneService({ id: 12, image_id: 22 }) }
  return appOf(stateOf({ services, volumes: { data: {} }, networks: { back: {} }, ...release })).services.main!
}

export function containerOf(composition: Json, service: Json = {}): ContainerSpec {
  return serviceOf(composition, service).container!
}

export function settingsOf(composition: Json, service: Json = {}): ContainerSettings {
  return containerOf(composition, service).settings
}

/** What is said of the service `main` with this composition, without where it stands. */
export function saidOf(composition: Json, service: Json = {}, release: Json = {}): readonly string[] {
  const services = { main: oneService(service, composition), db: oneService({ id: 12, image_id: 22 }) }
  return said(decode(stateOf({ services, volumes: { data: {} }, networks: { back: {} }, ...release })))
}

const mainPath = `${uuid}.apps.${appUuid}.releases.deadbeef.services.main`

export function said({ problems }: DecodedSource): readonly string[] {
  return problems.map(({ severity, setting, message, hint }) => {
    const where = setting.startsWith(mainPath) ? setting.slice(mainPath.length + 1) : setting
    const mark = severity === 'warning' ? 'warning: ' : ''
    return `${mark}${where}: ${message}${hint === '' ? '' : `; ${hint}`}`
  })
}
