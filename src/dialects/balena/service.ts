import type { ContainerSettings, ContainerSpec } from '../../core/containers/model.ts'
import type { LogSpec, RestartPolicy, Service, StopRung } from '../../core/model.ts'
import { noChecks, noHooks, plainEnd, plainPriority, plainProcess } from '../../core/target/plain.ts'
import { plainSettings } from '../../core/target/plain-container.ts'
import { normaliseReference } from '../../formats/container/reference.ts'
import { parseSignalName } from '../../formats/signal-name.ts'
import { readComposition } from './composition.ts'
import { readDependencies } from './dependencies.ts'
import { decodeFeatures } from './features.ts'
import { adoptedLabels, injectedEnvironment, injectedLabels, lockMounts, renamedLabels } from './injected.ts'
import { readMounts } from './mounts.ts'
import { readNetworking } from './networks.ts'
import { checkLabel, checkVariable } from './read-state.ts'
import { fail, isTruthy, optional, readDuration, readPairs, readWord, type Setting, textsOf, warn } from './reading.ts'
import { lockDirectory, type Scene } from './scene.ts'
import { decodeStrategy } from './strategy.ts'

/** One service of a release as a service of ours. What is wrong is in the problems. */
export function decodeService(scene: Scene, options: { readonly ignoresLocks: boolean }): Service {
  const { service } = scene
  const labels = declaredLabels(scene)
  const settings = decodeSettings(scene, labels)
  const stop = readStop(scene)
  return {
    name: service.name,
    kind: 'container',
    ...plainEnd,
    process: { ...plainProcess, stdout: containerLog, stderr: 'stdout' },
    container: decodeContainer(scene, { ...settings, ...stop.settings }, labels, options),
    instances: [{ n: 1 }],
    autostart: service.isRunning,
    restart: restartPolicy(settings.restart),
    stop: stop.ladder,
    dependsOn: readDependencies(scene, settings),
    priority: plainPriority,
    manualStop: 'until-started',
    checks: noChecks,
    hooks: noHooks,
    schedule: null,
    once: null,
    labels,
  }
}

/** As much as of any other service is kept of its output. */
const containerLog: LogSpec = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 3, ageMaxMs: 0, compress: false }

function decodeContainer(
  scene: Scene,
  settings: ContainerSettings,
  labels: Readonly<Record<string, string>>,
  { ignoresLocks }: { readonly ignoresLocks: boolean },
): ContainerSpec {
  const { facts, app, release, service, reading } = scene
  if (isTruthy(labels['io.balena.update.requires-reboot'])) {
    warn(
      reading,
      service.setting,
      'the label io.balena.update.requires-reboot has no effect: it is started at once',
      '',
    )
  }
  const directory = lockDirectory(facts, app, service.name)
  return {
    containerName: `${service.name}_${service.imageId}_${release.id}_${release.commit}`,
    image: readImage(scene),
    platform: null,
    pull: 'missing',
    strategy: decodeStrategy(scene, labels),
    adopts: adoptedLabels(scene),
    lockFiles: ignoresLocks ? [] : [`${directory}/updates.lock`, `${directory}/resin-updates.lock`],
    settings,
  }
}

function readImage({ reading, service }: Scene): string {
  try {
    return normaliseReference(service.image)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { node, path } = service.setting
    const image = node.kind === 'map' ? node.entries.get('image') : undefined
    const setting = image === undefined ? service.setting : { path: `${path}.image`, node: image.value }
    fail(reading, setting, error.message, 'write it as registry/name:tag or registry/name@sha256:…')
    return service.image
  }
}

// ---- settings ------------------------------------------------------------------------------------------------------

function decodeSettings(scene: Scene, labels: Readonly<Record<string, string>>): ContainerSettings {
  const { facts, service } = scene
  const written = readComposition(scene)
  const { networkMode, networks } = readNetworking(scene)
  const features = decodeFeatures(scene, labels, networkMode)
  const isHost = networkMode.kind === 'named' && networkMode.name === 'host'
  return {
    ...plainSettings,
    ...usual,
    // In the host's network the engine would take the host's name only now, and not when that is another.
    ...(isHost && facts.hostname !== '' ? { hostname: facts.hostname } : {}),
    ...written,
    networkMode,
    networks: [...networks, ...features.networks],
    mounts: [...readMounts(scene), ...lockMounts(scene), ...features.mounts],
    deviceRequests: features.deviceRequests,
    environment: {
      ...injectedEnvironment(scene),
      ...features.environmentUnlessSaid,
      ...compositionEnvironment(scene),
      ...service.environment,
      ...features.environment,
    },
    labels: { ...labels, ...injectedLabels(scene) },
  }
}

/** What containers of the original agent have where nothing is said. */
const usual: Partial<ContainerSettings> = {
  restart: { name: 'always', retriesMax: 0 },
  isTty: true,
  ipc: 'shareable',
  shmBytes: 64 * 1024 * 1024,
}

function compositionEnvironment({ reading, service }: Scene): Readonly<Record<string, string>> {
  const setting = service.composition.get('environment')
  const pairs = setting === null ? [] : readPairs(reading, setting, 'variables')
  for (const pair of pairs) {
    checkVariable(reading, pair.setting, pair.key)
    if (pair.value !== null || setting?.node.kind !== 'list' || pair.key in service.environment) continue
    warn(reading, pair.setting, `the variable ${pair.key} has no value here, and is empty`, `write "${pair.key}=value"`)
  }
  return textsOf(pairs)
}

/** With the newer names; those of the service count before those of its Compose file. */
function declaredLabels({ reading, service }: Scene): Readonly<Record<string, string>> {
  const pairs = optional(service.composition.get('labels'), (one) => readPairs(reading, one, 'labels')) ?? []
  for (const pair of pairs) checkLabel(reading, pair.setting, pair.key)
  return { ...renamedLabels(textsOf(pairs)), ...renamedLabels(service.labels) }
}

// ---- how it ends -----------------------------------------------------------------------------------------------------

interface Stop {
  readonly settings: Pick<ContainerSettings, 'stopSignal' | 'stopGraceMs'>
  readonly ladder: readonly StopRung[]
}

const graceMsDefault = 10_000
const killWaitMs = 5_000

function readStop({ reading, service }: Scene): Stop {
  const { composition } = service
  const signal = optional(composition.get('stop_signal'), (one) => readSignal(reading, one))
  const graceMs = optional(composition.get('stop_grace_period'), (one) => readDuration(reading, one)) ?? graceMsDefault
  return {
    settings: { stopSignal: signal === null ? null : `SIG${signal}`, stopGraceMs: graceMs },
    ladder: [
      { signal: signal ?? 'TERM', scope: 'main', waitMs: graceMs },
      { signal: 'KILL', scope: 'tree', waitMs: killWaitMs },
    ],
  }
}

function readSignal(reading: Scene['reading'], setting: Setting): string | null {
  const text = readWord(reading, setting, 'a signal such as "SIGTERM"')
  if (text === null) return null
  return parseSignalName(text) ?? fail(reading, setting, `'${text}' is not a signal`, 'write a name such as "SIGTERM"')
}

/** The engine starts containers again by the same rule: this one counts for what it gives up. */
function restartPolicy({ name, retriesMax }: ContainerSettings['restart']): RestartPolicy {
  return {
    when: name,
    successExits: [0],
    stableMs: 10_000,
    early: 'by-policy',
    backoff: { shape: 'exponential', firstMs: 200, factor: 2, maxMs: 30_000, jitter: 0.2, freeRestarts: 1 },
    budget: name === 'on-failure' && retriesMax > 0 ? { restartsMax: retriesMax, windowMs: null } : null,
  }
}
