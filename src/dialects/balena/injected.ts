import type { MountSpec } from '../../core/containers/model.ts'
import { lockDirectory, type Scene } from './scene.ts'

/** What containers are given without being asked for it; what is declared wins. */
export function injectedEnvironment({ app, service, facts }: Scene): Readonly<Record<string, string>> {
  return {
    ...bothPrefixes({
      APP_ID: String(app.id),
      APP_UUID: app.uuid,
      APP_NAME: app.name,
      SERVICE_NAME: service.name,
      DEVICE_UUID: facts.uuid ?? '',
      DEVICE_TYPE: facts.deviceType,
      DEVICE_ARCH: facts.arch,
      DEVICE_NAME_AT_INIT: facts.nameAtInit ?? '',
      HOST_OS_VERSION: facts.os.name,
      APP_LOCK_PATH: '/tmp/balena/updates.lock',
    }),
    BALENA: '1',
    RESIN: '1',
    BALENA_SERVICE_HANDOVER_COMPLETE_PATH: '/tmp/balena/handover-complete',
    RESIN_SERVICE_KILL_ME_PATH: '/tmp/balena/handover-complete',
    USER: 'root',
  }
}

/** Older programs look for the one, newer ones for the other. */
export function bothPrefixes(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const named = (prefix: string) => Object.entries(values).map(([name, value]) => [`${prefix}_${name}`, value])
  return Object.fromEntries([...named('BALENA'), ...named('RESIN')])
}

/** By these the original agent knows its containers, and programs find each other's. */
export function injectedLabels({ app, service }: Pick<Scene, 'app' | 'service'>): Readonly<Record<string, string>> {
  return {
    'io.balena.supervised': 'true',
    'io.balena.app-id': String(app.id),
    'io.balena.app-uuid': app.uuid,
    'io.balena.service-id': String(service.id),
    'io.balena.service-name': service.name,
  }
}

/** Containers of the original agent for this service have these. */
export function adoptedLabels({ app, service }: Pick<Scene, 'app' | 'service'>): Readonly<Record<string, string>> {
  return {
    'io.balena.supervised': 'true',
    'io.balena.app-id': String(app.id),
    'io.balena.service-name': service.name,
  }
}

/** `io.resin.features.resin-api` is `io.balena.features.balena-api` by now; where both are said, the newer one counts. */
export function renamedLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(labels)
  const isOld = (name: string) => name.startsWith('io.resin.')
  const renamed = entries
    .filter(([name]) => isOld(name))
    .map(([name, value]) => [name.replaceAll('resin', 'balena'), value])
  return Object.fromEntries([...renamed, ...entries.filter(([name]) => !isOld(name))])
}

/** The directory of update locks, by both of its names. */
export function lockMounts({ facts, app, service }: Scene): readonly MountSpec[] {
  const source = lockDirectory(facts, app, service.name)
  return ['/tmp/resin', '/tmp/balena'].map((target) => bind(source, target))
}

export function bind(source: string, target: string, isReadOnly = false): MountSpec {
  return { kind: 'bind', source, target, isReadOnly, isSourceMade: true, propagation: null, selinux: null }
}
