import { isDeepStrictEqual } from 'node:util'
import { homeLabel, specLabel, unitLabel } from '../../../src/core/containers/marks.ts'
import type { ContainerSettings, ContainerSpec, EngineStep } from '../../../src/core/containers/model.ts'
import { pullsMax } from '../../../src/core/limits.ts'
import type { App, Command, Step, Unit, UnitId } from '../../../src/core/model.ts'
import type { EngineWorld, FakeContainer } from '../../../src/drivers/fake/engine/engine-world.ts'
import { overlay } from '../../../src/drivers/fake/engine/overlay.ts'
import { dependenciesHold } from '../ledger.ts'
import { isContainer, type Scene, type Watch } from '../scene.ts'
import { hold } from '../violation.ts'
import { boxName } from './declared.ts'
import { type Dock, home } from './dock.ts'

/** What holds for containers, judged by what is really there and by what was asked for. */
export function createContainerWatch(dock: Dock): Watch {
  const { world } = dock
  /** Images that steps of ours brought. */
  const pulled = new Set<string>()
  const pulls = new Set<string>()
  /** By volume, how often somebody asked for it to be removed. */
  const purges = new Map<string, number>()
  /** Somebody said that locks hold nothing back, and may have been heard. */
  let isForced = false
  /** Files by which containers say that they have taken over, once they were made. */
  const made = new Set<string>()

  function heard(command: Command): void {
    if (command.kind === 'purge')
      for (const volume of command.volumes) purges.set(volume, (purges.get(volume) ?? 0) + 1)
    if (command.kind === 'override-locks') isForced = true
    if (command.kind === 'own-images') for (const reference of Object.keys(command.images)) pulled.add(reference)
  }

  function judge(step: EngineStep, scene: Scene): void {
    switch (step.kind) {
      case 'pull':
        pulls.add(step.resource)
        pulled.add(step.image)
        hold(pulls.size <= pullsMax, 'pulls are limited', () => `${pulls.size} under way: ${[...pulls].join(', ')}`)
        return
      case 'remove-image':
        imageIsNotNeeded(step, scene, dock, pulled)
        return
      case 'remove-network':
        networkIsOurs(step.id, dock)
        return
      case 'remove-volume':
        volumeIsPurged(step.name, purges, dock)
        return
      case 'create-container':
        nothingUnwantedStarts(step.unit, step.kind, scene)
        isPrepared(step, scene, dock)
        return
      case 'start-container': {
        nothingUnwantedStarts(step.unit, step.kind, scene)
        const unit = scene.units.get(step.unit)
        if (unit !== undefined) dependenciesHold({ unit: step.unit, spec: unit.spec }, scene)
        oneLivesPerSlot(step, scene, dock)
        containerIsOurs(step.id, step.kind, scene, dock)
        return
      }
      case 'remove-container':
      case 'rename-container':
      case 'stop-container':
        containerIsOurs(step.id, step.kind, scene, dock)
        if (!isForced) nobodyHoldsALock(step, scene, dock)
        return
      case 'update-container':
        containerIsOurs(step.id, step.kind, scene, dock)
        return
      default:
        return
    }
  }

  function signal(step: Extract<Step, { kind: 'signal' }>, scene: Scene): void {
    if (step.container === undefined) return
    containerIsOurs(step.container, `SIG${step.signal} to`, scene, dock)
    if (step.purpose !== 'ladder') return
    const unit = scene.units.get(step.unit)
    // A ladder that has begun is climbed to its end.
    const hasBegun = scene.before.get(step.unit)?.phase === 'stopping'
    if (unit === undefined || hasBegun) return
    if (!isForced) nobodyHoldsALock({ kind: `SIG${step.signal}`, unit: step.unit }, scene, dock)
    endHasACause(unit, step, scene, dock)
    everyImageIsThere(unit, step, scene, dock)
    isTakenOver(unit, step, scene, dock, made)
  }

  return {
    news({ events }) {
      for (const event of events) {
        if (event.kind === 'command') heard(event.command)
        if (event.kind === 'engine-done' || event.kind === 'engine-failed') pulls.delete(event.resource)
      }
    },
    step(step, scene) {
      if (step.kind === 'signal') signal(step, scene)
      else if (step.kind === 'observe-engine' || 'resource' in step) judge(step, scene)
    },
    after(scene) {
      foreignersAreLetBe(dock)
      if (isForced && scene.state.containerEngine.overridden.size === 0 && !scene.events.some(isOverride))
        isForced = false
      for (const file of world.files.all().keys()) made.add(file)
    },
    lifeBegins() {
      pulls.clear()
      isForced = false
      dock.lives += 1
    },
  }
}

function isOverride(event: Scene['events'][number]): boolean {
  return event.kind === 'command' && event.command.kind === 'override-locks'
}

// ---- what must be wanted -----------------------------------------------------------------------------------------

function nothingUnwantedStarts(unit: UnitId, what: string, { oracle, isEnding }: Scene): void {
  const name = 'nothing unwanted is started'
  hold(!isEnding, name, () => `${what} ${unit} while the daemon ends`)
  hold(oracle.mayBeDeclared(unit), name, () => `${what} ${unit}, which is not declared`)
  hold(oracle.mayBeWantedUp(unit), name, () => `${what} ${unit}, which is wanted down`)
}

/** Someone wants it down or anew, or it is not what is declared. */
function endHasACause(
  unit: Unit,
  { run, why, container }: Extract<Step, { kind: 'signal' }>,
  scene: Scene,
  dock: Dock,
): void {
  const { oracle, isEnding } = scene
  const slot = unit.id.replace(/@old$/, '')
  const startedBootMs = unit.run?.startedBootMs ?? 0
  const isCaused =
    isEnding ||
    slot !== unit.id ||
    !oracle.mayBeDeclared(slot) ||
    oracle.mayBeWantedDown(slot) ||
    isOnceRepeated(unit, scene) ||
    oracle.wasRestartAsked(slot, startedBootMs) ||
    isOtherwise(unit, dock.world.containers.get(container ?? ''), scene, dock)
  hold(isCaused, 'the untouched is not stopped', () => `${unit.id}: run ${run} is stopped without a cause (${why})`)
}

/** What is there is not what is declared, as far as the outside sees. */
function isOtherwise(unit: Unit, container: FakeContainer | undefined, { state }: Scene, { world }: Dock): boolean {
  const spec = unit.spec.container
  if (container === undefined || spec === undefined) return true
  const { networks = {} } = state.target.apps[unit.app]?.resources ?? {}
  for (const { network, engineName } of spec.settings.networks) {
    const there = [...world.networks.values()].find(({ name }) => name === engineName)
    if (there === undefined || there.spec.isInternal !== networks[network]?.isInternal) return true
  }
  const { purges } = state.containerEngine.kept
  if (spec.settings.mounts.some((mount) => mount.kind === 'volume' && (purges[mount.engineName ?? ''] ?? '') !== ''))
    return true
  return !isAsDeclared(spec, container, world, (service) => containerOfService(world, unit.app, service))
}

function containerOfService({ containers }: EngineWorld, app: string, service: string): string | null {
  const found = [...containers.values()].filter(
    ({ settings }) => isOurs(settings) && settings.labels[unitLabel] === `${app}/${service}/1`,
  )
  return found.at(-1)?.id ?? null
}

/** By comparing all of it: a container is made of its image and its declaration, and of nothing else. */
export function isAsDeclared(
  spec: ContainerSpec,
  container: FakeContainer,
  world: EngineWorld,
  idOf: (service: string) => string | null,
): boolean {
  const image = world.images.inspect(spec.image)
  if (image === null || image.id !== container.imageId || container.name !== spec.containerName) return false
  const { networkMode } = spec.settings
  const lent = networkMode.kind === 'service' ? idOf(networkMode.service) : null
  const containers = networkMode.kind === 'service' && lent !== null ? { [networkMode.service]: lent } : {}
  return isDeepStrictEqual(
    withoutMarks(overlay(spec, image.config, { marks: {}, containers })),
    withoutMarks(container.settings),
  )
}

function withoutMarks(settings: ContainerSettings): ContainerSettings {
  const { [homeLabel]: _home, [unitLabel]: _unit, [specLabel]: _spec, ...labels } = settings.labels
  return { ...settings, labels }
}

// ---- the order of things -----------------------------------------------------------------------------------------

/** What it needs is there, unless somebody took it away and that is not known yet. */
function isPrepared(
  { unit, spec, imageId }: Extract<EngineStep, { kind: 'create-container' }>,
  { state }: Scene,
  { world, touched }: Dock,
): void {
  const name = 'nothing is made before what it needs'
  const isImage = world.images.has(imageId) || touched.has(spec.image)
  hold(isImage, name, () => `${unit}: its image ${spec.image} is not there`)
  for (const { engineName } of spec.settings.networks) {
    const isThere = [...world.networks.values()].some((one) => one.name === engineName) || touched.has(engineName)
    hold(isThere, name, () => `${unit}: its network ${engineName} is not there`)
  }
  for (const mount of spec.settings.mounts) {
    if (mount.kind !== 'volume' || mount.engineName === null) continue
    const { engineName } = mount
    const isThere = world.volumes.has(engineName) || touched.has(engineName)
    hold(
      isThere,
      name,
      () => `${unit}: its volume ${engineName} is not there, and the engine would make one of its own`,
    )
  }
  const missing = imagesMissing(state.target.apps[unit.slice(0, unit.indexOf('/'))], world).filter(
    (one) => !touched.has(one),
  )
  hold(missing.length === 0, name, () => `${unit}: images of its app are not there: ${missing.join(', ')}`)
}

function imagesMissing(app: App | undefined, world: EngineWorld): readonly string[] {
  return Object.values(app?.services ?? {}).flatMap(({ container }) =>
    container === undefined || world.images.inspect(container.image) !== null ? [] : [container.image],
  )
}

/** The one run that was asked for is over by the news of this turn, and the engine has started another by itself. */
function isOnceRepeated({ id, run }: Unit, { before }: Scene): boolean {
  const was = before.get(id)
  return was?.want.kind === 'once' && was.run?.n !== run?.n
}

/** To be made anew it is ended only when all of the app's images are there. */
function everyImageIsThere(
  unit: Unit,
  { why }: Extract<Step, { kind: 'signal' }>,
  scene: Scene,
  { world, touched }: Dock,
): void {
  const { oracle, isEnding, state } = scene
  const kind = unit.spec.container?.strategy.kind
  if (isEnding || (kind !== 'download-then-kill' && kind !== 'hand-over')) return
  if (!oracle.mayBeDeclared(unit.id) || oracle.mayBeWantedDown(unit.id) || unit.id.endsWith('@old')) return
  if (isOnceRepeated(unit, scene) || oracle.wasRestartAsked(unit.id, unit.run?.startedBootMs ?? 0)) return
  const missing = imagesMissing(state.target.apps[unit.app], world).filter((one) => !touched.has(one))
  const told = () => `${unit.id} is ended (${why}) before ${missing.join(', ')} is there`
  hold(missing.length === 0, 'the old one lives until every image of the app is there', told)
}

/** The one that hands over lives until the new one has said so, is healthy, cannot be started, or the time is over. */
function isTakenOver(
  { id }: Unit,
  { why }: Extract<Step, { kind: 'signal' }>,
  { units, oracle, isEnding, now }: Scene,
  { world, touched }: Dock,
  made: ReadonlySet<string>,
): void {
  const heir = units.get(id.replace(/@old$/, ''))
  const strategy = heir?.spec.container?.strategy
  if (!id.endsWith('@old') || isEnding || heir === undefined || strategy?.kind !== 'hand-over') return
  if (!oracle.mayBeDeclared(heir.id) || oracle.mayBeWantedDown(heir.id)) return
  const container = world.containers.get(heir.container?.id ?? '')
  const isOver = heir.phase === 'ended' || heir.phase === 'failed' || heir.end.kind === 'spawn-failed'
  if (isOver || touched.has(heir.container?.id ?? '')) return
  const script = container?.script
  const livedMs = container?.startedAt ? now.bootMs - container.startedBootMs : 0
  const hasSaid = strategy.doneFiles.some((file) => made.has(file) || script?.makes.some((one) => one.file === file))
  const isHealthy = container?.health?.results.some(({ exitCode }) => exitCode === 0) === true
  const isCaused = hasSaid || isHealthy || livedMs >= strategy.timeoutMs
  hold(
    isCaused,
    'the old one lives until the new one has taken over',
    () => `${id} is ended after ${livedMs} ms (${why})`,
  )
}

function nobodyHoldsALock(
  step: { readonly kind: string; readonly unit?: UnitId; readonly resource?: string },
  { units, before }: Scene,
  { world }: Dock,
): void {
  const id = step.unit ?? step.resource?.slice('container:'.length) ?? ''
  const app = id.slice(0, id.indexOf('/'))
  const unit = units.get(id) ?? before.get(id)
  if (unit?.spec.container === undefined) return
  for (const one of units.values()) {
    if (one.app !== app) continue
    for (const file of one.spec.container?.lockFiles ?? []) {
      const owner = world.files.ownerOf(file)
      hold(owner === null || owner === home, 'a lock is kept', () => `${step.kind} ${id} while ${owner} holds ${file}`)
    }
  }
}

/** Beside one that lives only the one that takes over from it is started. */
function oneLivesPerSlot(
  { unit, id }: Extract<EngineStep, { kind: 'start-container' }>,
  { units, state }: Scene,
  { world, touched }: Dock,
): void {
  for (const other of world.containers.values()) {
    if (
      other.id === id ||
      other.settings.labels[unitLabel] !== unit ||
      !isOurs(other.settings) ||
      !world.isLive(other.id)
    )
      continue
    const isHandOver = units.get(`${unit}@old`)?.container?.id === other.id
    // Somebody else started it, and that is not known yet.
    const isUnknown = touched.has(other.id) && !isLivingIn(state, other.id)
    hold(
      isHandOver || isUnknown,
      'at most one live container per slot',
      () => `${unit}: ${id} beside ${other.id} (${other.name})`,
    )
  }
}

function isLivingIn({ containerEngine }: Scene['state'], id: string): boolean {
  const state = containerEngine.containers.get(id)?.state
  return state === 'running' || state === 'paused' || state === 'restarting'
}

// ---- what is not ours --------------------------------------------------------------------------------------------

const untouched = 'what we do not manage is not touched'

function isOurs({ labels }: Pick<ContainerSettings, 'labels'>): boolean {
  return labels[homeLabel] === home
}

function containerIsOurs(id: string, what: string, { units }: Scene, { world, foreign }: Dock): void {
  hold(!foreign.containers.has(id), untouched, () => `${what} ${id}`)
  const container = world.containers.get(id)
  if (container === undefined || isOurs(container.settings)) return
  const isTaken = [...units.values()].some(({ spec, container: had }) => {
    const adopts = spec.container?.adopts
    return (adopts != null && hasAll(container, adopts)) || had?.id === id
  })
  hold(isTaken, untouched, () => `${what} ${container.name}, which has no mark of ours`)
}

function hasAll({ settings }: FakeContainer, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => settings.labels[key] === value)
}

function networkIsOurs(id: string, { world }: Dock): void {
  const network = world.networks.get(id)
  if (network === undefined) return
  hold(network.spec.labels[homeLabel] === home, untouched, () => `network ${network.name} is removed`)
}

function volumeIsPurged(name: string, purges: ReadonlyMap<string, number>, { foreign }: Dock): void {
  hold(!foreign.volumes.has(name), untouched, () => `volume ${name} is removed`)
  hold((purges.get(name) ?? 0) > 0, 'no volume is removed unless somebody asked for it', () => name)
}

/** Nothing declares it, nothing would go back to it, no container was made from it; and it came by us. */
function imageIsNotNeeded(
  { image: reference, imageId }: Extract<EngineStep, { kind: 'remove-image' }>,
  { state }: Scene,
  { world, foreign }: Dock,
  pulled: ReadonlySet<string>,
): void {
  const name = 'no image is removed that something needs'
  const image = world.images.inspect(reference)
  if (image === null || image.id !== imageId) return
  hold(!foreign.images.has(image.id), untouched, () => `image ${reference} is removed`)
  hold(
    pulled.has(reference) || reference === imageId,
    untouched,
    () => `image ${reference}, which we never pulled, is removed`,
  )
  const apps = [...Object.values(state.target.apps)]
  for (const { previous } of state.releases.values()) if (previous !== null) apps.push(previous.app)
  for (const app of apps) {
    for (const { container } of Object.values(app.services)) {
      hold(container?.image !== reference, name, () => `${reference} is declared`)
    }
  }
  const names = [...image.tags, ...image.digests].filter((one) => one !== reference)
  const isLastName = !names.some((one) => !one.includes('@'))
  const user = [...world.containers.values()].find((one) => one.imageId === imageId)
  hold(user === undefined || !isLastName, name, () => `${reference} is that of container ${user?.name}`)
}

function foreignersAreLetBe({ world, foreign }: Dock): void {
  for (const id of foreign.containers) {
    const container = world.containers.get(id)
    hold(container !== undefined, untouched, () => `the container ${id} is gone`)
    hold(container.name !== '' && !container.isManuallyStopped, untouched, () => `${container.name} was signalled`)
  }
  for (const id of foreign.networks) hold(world.networks.has(id), untouched, () => `the network ${id} is gone`)
  for (const name of foreign.volumes) hold(world.volumes.has(name), untouched, () => `the volume ${name} is gone`)
  for (const id of foreign.images) hold(world.images.has(id), untouched, () => `the image ${id} is gone`)
}

/** For those who judge what is left over in the end. */
export function isOfBox(unit: Unit): boolean {
  return unit.app === boxName && isContainer(unit)
}
