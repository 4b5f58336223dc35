import { assert } from '../../../base/assert.ts'
import type { ContainerSettings, EngineHealth, NetworkSpec, VolumeSpec } from '../../../core/containers/model.ts'
import { createFiles, type Files } from './files.ts'
import { createImageStore, createRegistry, type ImageStore, type Registry } from './images.ts'
import { EngineRefusal, noSuch } from './refusal.ts'
import type { ContainerScript } from './script.ts'

/** A container of the simulated engine, as its world sees it. */
export interface FakeContainer {
  readonly id: string
  name: string
  readonly imageId: string
  settings: ContainerSettings
  state: 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead'
  pid: number
  readonly createdAt: string
  startedAt: string
  finishedAt: string
  exitCode: number
  isOutOfMemory: boolean
  error: string
  restartCount: number
  health: EngineHealth | null
  starts: number
  script: ContainerScript | null
  startedBootMs: number
  pausedBootMs: number
  /** null: it lives on until something happens. */
  endsBootMs: number | null
  endsWith: { readonly exitCode: number; readonly isOutOfMemory: boolean }
  /** Somebody signalled it: `unless-stopped` starts it no more. */
  isManuallyStopped: boolean
  /** Whatever its policy says: after this run the engine starts it no more. */
  isLastRun: boolean
  /** In `restarting`: when it is started again. */
  restartsBootMs: number | null
  restartDelayMs: number
  coming: Coming[]
}

interface Coming {
  readonly atBootMs: number
  readonly status: EngineHealth['status'] | null
  readonly file: string | null
}

export interface FakeNetwork {
  readonly id: string
  readonly name: string
  readonly spec: NetworkSpec
}

export interface FakeVolume {
  readonly name: string
  readonly spec: VolumeSpec
  /** Told apart from one of the same name that was made later: what was in it is gone with it. */
  readonly made: number
}

/** What the engine tells whoever listens, in order. */
export type EngineNote =
  | { readonly kind: 'container' | 'network' | 'volume' | 'image'; readonly action: string; readonly key: string }
  | {
      readonly kind: 'died'
      readonly key: string
      readonly at: string
      readonly exitCode: number
      readonly isOutOfMemory: boolean
    }

export interface EngineWorldParts {
  /** What a container does from its next start on. */
  readonly scriptOf: (container: FakeContainer) => ContainerScript
  /** Where images are pulled from; absent: an empty one. */
  readonly registry?: Registry
  readonly diskBytes?: number
  readonly firstPid?: number
  /** The wall clock at boot time 0. */
  readonly epochMs?: number
}

/**
 * A container engine without containers: it holds and answers what Docker does, in a time of its own. Nothing happens but
 * in `elapse` and by what is asked of it. Whatever it refuses is thrown as an EngineRefusal.
 */
export interface EngineWorld {
  readonly containers: ReadonlyMap<string, FakeContainer>
  readonly networks: ReadonlyMap<string, FakeNetwork>
  /** By name. */
  readonly volumes: ReadonlyMap<string, FakeVolume>
  readonly images: ImageStore
  readonly registry: Registry
  /** Of the host: locks, and what containers make. */
  readonly files: Files
  /** Nobody answers: it is stopped, or was killed. */
  readonly isDown: boolean
  /** Another one for each start of the engine: who sees it change has missed what was told. */
  readonly generation: number
  create(made: {
    readonly name: string
    readonly imageId: string
    readonly settings: ContainerSettings
    readonly nowBootMs: number
  }): FakeContainer
  start(id: string, nowBootMs: number): void
  kill(id: string, signal: string, nowBootMs: number): void
  pause(id: string, nowBootMs: number): void
  unpause(id: string, nowBootMs: number): void
  rename(id: string, name: string): void
  update(id: string, settings: Partial<ContainerSettings>): void
  remove(id: string, how: { readonly isForced: boolean; readonly nowBootMs: number }): void
  /** A removal of it failed half way. */
  makeDead(id: string, nowBootMs: number): void
  createNetwork(spec: NetworkSpec): FakeNetwork
  removeNetwork(id: string): void
  createVolume(spec: VolumeSpec): FakeVolume
  removeVolume(name: string): void
  pulled(reference: string): void
  removeImage(reference: string): void
  /** Of the id: is running, paused, or about to be started again. */
  isLive(id: string): boolean
  /** At that time, whoever asked may be gone by then. Not done if the engine is. */
  later(atBootMs: number, effect: () => void): void
  elapse(nowBootMs: number): void
  /** When something happens by itself next; null: never. */
  nextBootMs(): number | null
  /** What was told since the last time. */
  takeNotes(): readonly EngineNote[]
  hasNotes(): boolean
  goDown(): void
  /** isLiveRestore: containers lived on meanwhile. Else they ended, and start again where their policy says so. */
  comeUp(nowBootMs: number, options: { readonly isLiveRestore: boolean }): void
  /** The host was reset: nothing lives, the files are gone. The engine is up again unless it was down. */
  reboot(nowBootMs: number): void
}

const firstRestartDelayMs = 100
const restartDelayMsMax = 60_000
const forgetDelayMs = 10_000

export function createEngineWorld(parts: EngineWorldParts): EngineWorld {
  const { scriptOf, diskBytes = 1e12, firstPid = 100_000, epochMs = 1_750_000_000_000 } = parts
  const containers = new Map<string, FakeContainer>()
  const networks = new Map<string, FakeNetwork>()
  const volumes = new Map<string, FakeVolume>()
  const images = createImageStore(diskBytes)
  const registry = parts.registry ?? createRegistry()
  const files = createFiles()
  let effects: { readonly atBootMs: number; readonly effect: () => void }[] = []
  let notes: EngineNote[] = []
  let nextId = 1
  let nextPid = firstPid
  let bootEpochMs = epochMs
  let lastMs = 0
  let nanos = 0
  let isDown = false
  let generation = 1

  /** RFC 3339 with nanoseconds. Only grows. */
  function stamp(nowBootMs: number): string {
    const ms = Math.round(bootEpochMs + nowBootMs)
    nanos = ms > lastMs ? 1 : nanos + 1
    lastMs = Math.max(lastMs, ms)
    return `${new Date(lastMs).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`
  }

  function newId(): string {
    const id = nextId.toString(16).padStart(12, '0')
    nextId += 1
    return id.padEnd(64, id)
  }

  function answering(): void {
    if (isDown) throw new EngineRefusal(0, 'the container engine does not run')
  }

  function find(id: string): FakeContainer {
    answering()
    const container = containers.get(id)
    if (container === undefined) throw noSuch('container', id)
    return container
  }

  function noteContainer({ id }: FakeContainer, action: string): void {
    notes.push({ kind: 'container', action, key: id })
  }

  // ---- lives of containers ---------------------------------------------------------------------------------------

  function checkStart(container: FakeContainer): void {
    const { settings, name } = container
    for (const { engineName } of settings.networks) {
      if (networkNamed(engineName) === null) throw new EngineRefusal(404, `network ${engineName} not found`)
    }
    const { networkMode } = settings
    if (networkMode.kind === 'container') {
      const other = containers.get(networkMode.container)
      if (other === undefined) throw noSuch('container', networkMode.container)
      if (!isLiving(other)) {
        throw new EngineRefusal(409, `cannot join network of a non running container: ${networkMode.container}`)
      }
    }
    for (const { hostPort, hostAddress, protocol } of settings.ports) {
      if (hostPort === null) continue
      const taker = [...containers.values()].find(
        (other) => other !== container && holdsPort(other, hostPort, protocol),
      )
      if (taker === undefined) continue
      const bind = `Bind for ${hostAddress || '0.0.0.0'}:${hostPort} failed: port is already allocated`
      throw new EngineRefusal(500, `driver failed programming external connectivity on endpoint ${name}: ${bind}`)
    }
  }

  /** Its process begins, or it is known why it cannot. */
  function begin(container: FakeContainer, nowBootMs: number): void {
    container.starts += 1
    const script = scriptOf(container)
    try {
      checkStart(container)
      if (script.startFailure !== null) throw new EngineRefusal(script.startFailure.status, script.startFailure.message)
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error
      container.error = error.message
      container.exitCode = script.startFailure?.exitCode ?? 128
      if (container.state === 'restarting') container.state = 'exited'
      container.restartsBootMs = null
      throw error
    }
    const { livesMs, exitCode, isOutOfMemory } = script
    container.state = 'running'
    container.script = script
    container.pid = nextPid
    nextPid += 1
    container.startedAt = stamp(nowBootMs)
    container.startedBootMs = nowBootMs
    container.exitCode = 0
    container.isOutOfMemory = false
    container.error = ''
    container.restartsBootMs = null
    container.endsBootMs = livesMs === null ? null : nowBootMs + livesMs
    container.endsWith = { exitCode, isOutOfMemory }
    container.health = isChecked(container.settings) ? { status: 'starting', failures: 0, results: [] } : null
    container.coming = [
      ...script.health.map(({ afterMs, status }) => ({ atBootMs: nowBootMs + afterMs, status, file: null })),
      ...script.makes.map(({ afterMs, file }) => ({ atBootMs: nowBootMs + afterMs, status: null, file })),
    ].sort((a, b) => a.atBootMs - b.atBootMs)
    noteContainer(container, 'start')
  }

  function end(container: FakeContainer, how: FakeContainer['endsWith'], nowBootMs: number): void {
    const { exitCode, isOutOfMemory } = how
    const livedMs = nowBootMs - container.startedBootMs
    container.pid = 0
    container.state = 'exited'
    container.exitCode = exitCode
    container.isOutOfMemory = isOutOfMemory
    container.finishedAt = stamp(nowBootMs)
    container.endsBootMs = null
    container.coming = []
    // As Docker has it: whom nobody checks any more is not healthy.
    if (container.health !== null) container.health = { ...container.health, status: 'unhealthy' }
    if (!container.isLastRun && isToBeRestarted(container)) {
      const isOver = livedMs >= forgetDelayMs || container.restartDelayMs === 0
      container.restartDelayMs = isOver
        ? firstRestartDelayMs
        : Math.min(container.restartDelayMs * 2, restartDelayMsMax)
      container.state = 'restarting'
      container.restartCount += 1
      container.restartsBootMs = nowBootMs + container.restartDelayMs
    }
    notes.push({ kind: 'died', key: container.id, at: container.finishedAt, exitCode, isOutOfMemory })
  }

  function startAgain(container: FakeContainer, nowBootMs: number): void {
    try {
      begin(container, nowBootMs)
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error
      // Nobody is told: as with Docker, the next look shows it.
    }
  }

  /** A check says something, or a file is made. */
  function come(container: FakeContainer, { status, file }: Coming, nowBootMs: number): void {
    if (file !== null) files.make(file, `container ${container.id}`)
    const { health } = container
    if (status === null || health === null || health.status === status) return
    const at = stamp(nowBootMs)
    const isWell = status === 'healthy'
    const result = { startedAt: at, endedAt: at, exitCode: isWell ? 0 : 1, output: isWell ? 'passed' : 'not ready' }
    container.health = {
      status,
      failures: isWell ? 0 : health.failures + 1,
      results: [...health.results, result].slice(-5),
    }
    noteContainer(container, `health_status: ${status}`)
  }

  function obey(container: FakeContainer, signal: string, nowBootMs: number): void {
    const { script } = container
    assert(script !== null, 'what runs has a script')
    if (signal === 'KILL') {
      end(container, { exitCode: 137, isOutOfMemory: false }, nowBootMs)
      return
    }
    if (harmless.has(signal) || script.ignores.includes(signal)) return
    const fromBootMs = container.state === 'paused' ? container.pausedBootMs : nowBootMs
    const endsBootMs = fromBootMs + script.stopMs
    if (container.endsBootMs !== null && container.endsBootMs <= endsBootMs) return
    container.endsBootMs = endsBootMs
    container.endsWith = { exitCode: script.stopCode ?? 128 + (signalNumbers[signal] ?? 15), isOutOfMemory: false }
  }

  function resume(container: FakeContainer, nowBootMs: number): void {
    const pausedMs = nowBootMs - container.pausedBootMs
    container.state = 'running'
    if (container.endsBootMs !== null) container.endsBootMs += pausedMs
    container.coming = container.coming.map((one) => ({ ...one, atBootMs: one.atBootMs + pausedMs }))
    noteContainer(container, 'unpause')
  }

  function kill(id: string, signal: string, nowBootMs: number): void {
    const container = find(id)
    if (!isLiving(container) && container.state !== 'restarting') {
      throw new EngineRefusal(409, `Cannot kill container: ${id}: Container ${id} is not running`)
    }
    const { stopSignal } = container.settings
    const isEnd = signal === 'KILL' || stopSignal === null || plain(stopSignal) === signal
    container.isManuallyStopped = true
    if (isEnd) container.isLastRun = true
    if (container.state === 'restarting') {
      // It just does not come back: nobody is told.
      if (isEnd) {
        container.state = 'exited'
        container.restartsBootMs = null
      }
      return
    }
    noteContainer(container, 'kill')
    const wasPaused = container.state === 'paused'
    obey(container, signal, nowBootMs)
    if (wasPaused && isEnd && container.state === 'paused') resume(container, nowBootMs)
  }

  function remove(id: string, { isForced, nowBootMs }: { isForced: boolean; nowBootMs: number }): void {
    const container = find(id)
    if (isLiving(container) || container.state === 'restarting') {
      if (!isForced) {
        const advice = 'Stop the container before attempting removal or force remove'
        throw new EngineRefusal(409, `You cannot remove a ${container.state} container ${id}. ${advice}`)
      }
      container.isLastRun = true
      container.isManuallyStopped = true
      if (isLiving(container)) end(container, { exitCode: 137, isOutOfMemory: false }, nowBootMs)
    }
    containers.delete(id)
    noteContainer(container, 'destroy')
  }

  // ---- what they need --------------------------------------------------------------------------------------------

  function networkNamed(name: string): FakeNetwork | null {
    for (const network of networks.values()) if (network.name === name || network.id === name) return network
    return null
  }

  function createVolume(spec: VolumeSpec): FakeVolume {
    answering()
    const known = volumes.get(spec.engineName)
    if (known !== undefined) {
      if ((known.spec.driver ?? 'local') === (spec.driver ?? 'local')) return known
      throw new EngineRefusal(
        409,
        `a volume named ${spec.engineName} already exists with the ${known.spec.driver} driver`,
      )
    }
    const volume = { name: spec.engineName, spec, made: nextId }
    nextId += 1
    volumes.set(volume.name, volume)
    notes.push({ kind: 'volume', action: 'create', key: volume.name })
    return volume
  }

  function userOf(imageId: string): string | null {
    for (const container of containers.values()) if (container.imageId === imageId) return container.id
    return null
  }

  // ---- time ------------------------------------------------------------------------------------------------------

  function dueOf(container: FakeContainer): number | null {
    if (container.state === 'restarting') return isDown ? null : container.restartsBootMs
    if (container.state !== 'running') return null
    const { endsBootMs } = container
    const [next] = container.coming
    // What happens while no engine runs is seen when one does again.
    if (isDown) return null
    if (next === undefined) return endsBootMs
    return endsBootMs === null ? next.atBootMs : Math.min(endsBootMs, next.atBootMs)
  }

  function happen(container: FakeContainer, atBootMs: number): void {
    if (container.state === 'restarting') {
      startAgain(container, atBootMs)
      return
    }
    const [next] = container.coming
    if (next !== undefined && (container.endsBootMs === null || next.atBootMs <= container.endsBootMs)) {
      container.coming = container.coming.slice(1)
      come(container, next, atBootMs)
    } else end(container, container.endsWith, atBootMs)
  }

  function nextDue(): { readonly atBootMs: number; readonly happens: () => void } | null {
    let next: { readonly atBootMs: number; readonly happens: () => void } | null = null
    for (const one of effects) {
      if (next !== null && one.atBootMs >= next.atBootMs) continue
      next = { atBootMs: one.atBootMs, happens: () => doEffect(one) }
    }
    for (const container of containers.values()) {
      const atBootMs = dueOf(container)
      if (atBootMs === null || (next !== null && atBootMs >= next.atBootMs)) continue
      next = { atBootMs, happens: () => happen(container, atBootMs) }
    }
    return next
  }

  function doEffect(one: (typeof effects)[number]): void {
    effects = effects.filter((other) => other !== one)
    one.effect()
  }

  /** As at the start of dockerd: whoever's policy says so is started, in the order they were made. */
  function startByPolicy(nowBootMs: number): void {
    for (const container of containers.values()) {
      if (isLiving(container) || container.starts === 0 || container.state === 'dead') continue
      container.restartDelayMs = 0
      container.isLastRun = false
      container.restartsBootMs = null
      if (container.state === 'restarting') container.state = 'exited'
      if (isToBeRestarted(container)) startAgain(container, nowBootMs)
    }
  }

  function comeUp(nowBootMs: number, { isLiveRestore }: { readonly isLiveRestore: boolean }): void {
    isDown = false
    generation += 1
    for (const container of containers.values()) {
      if (!isLiving(container)) continue
      const hasEnded =
        container.endsBootMs !== null && container.endsBootMs <= nowBootMs && container.state === 'running'
      const isLastRun = container.isLastRun
      container.isLastRun = true
      if (hasEnded) end(container, container.endsWith, nowBootMs)
      else if (!isLiveRestore) end(container, { exitCode: 255, isOutOfMemory: false }, nowBootMs)
      else container.isLastRun = isLastRun
    }
    startByPolicy(nowBootMs)
    // Nobody could listen yet.
    notes = []
  }

  return {
    containers,
    networks,
    volumes,
    images,
    registry,
    files,
    get isDown() {
      return isDown
    },
    get generation() {
      return generation
    },
    create({ name, imageId, settings, nowBootMs }) {
      answering()
      if (!images.has(imageId)) throw noSuch('image', imageId)
      for (const other of containers.values()) {
        if (other.name !== name) continue
        const advice = 'You have to remove (or rename) that container to be able to reuse that name.'
        const what = `The container name "/${name}" is already in use by container "${other.id}".`
        throw new EngineRefusal(409, `Conflict. ${what} ${advice}`)
      }
      for (const { engineName } of settings.networks) {
        if (networkNamed(engineName) === null) throw new EngineRefusal(404, `network ${engineName} not found`)
      }
      for (const mount of settings.mounts) {
        if (mount.kind !== 'volume' || mount.engineName === null || volumes.has(mount.engineName)) continue
        createVolume({ engineName: mount.engineName, isExternal: false, driver: null, driverOpts: {}, labels: {} })
      }
      const container = newContainer({ id: newId(), name, imageId, settings, createdAt: stamp(nowBootMs) })
      containers.set(container.id, container)
      noteContainer(container, 'create')
      return container
    },
    start(id, nowBootMs) {
      const container = find(id)
      if (container.state === 'paused') {
        throw new EngineRefusal(409, 'cannot start a paused container, try unpause instead')
      }
      if (container.state === 'dead') {
        throw new EngineRefusal(409, 'container is marked for removal and cannot be started')
      }
      if (container.state === 'running' || container.state === 'restarting') return
      container.isManuallyStopped = false
      container.isLastRun = false
      container.restartCount = 0
      container.restartDelayMs = 0
      begin(container, nowBootMs)
    },
    kill,
    pause(id, nowBootMs) {
      const container = find(id)
      if (container.state !== 'running') throw new EngineRefusal(409, `Container ${id} is not running`)
      container.state = 'paused'
      container.pausedBootMs = nowBootMs
      noteContainer(container, 'pause')
    },
    unpause(id, nowBootMs) {
      const container = find(id)
      if (container.state !== 'paused') throw new EngineRefusal(409, `Container ${id} is not paused`)
      resume(container, nowBootMs)
    },
    rename(id, name) {
      const container = find(id)
      for (const other of containers.values()) {
        if (other.name !== name) continue
        throw new EngineRefusal(409, `Conflict. The container name "/${name}" is already in use by "${other.id}"`)
      }
      container.name = name
      noteContainer(container, 'rename')
    },
    update(id, settings) {
      const container = find(id)
      container.settings = { ...container.settings, ...settings }
      noteContainer(container, 'update')
    },
    remove,
    makeDead(id, nowBootMs) {
      const container = find(id)
      container.isLastRun = true
      if (isLiving(container)) end(container, { exitCode: 137, isOutOfMemory: false }, nowBootMs)
      container.state = 'dead'
      container.restartsBootMs = null
      noteContainer(container, 'remove')
    },
    createNetwork(spec) {
      answering()
      if (networkNamed(spec.engineName) !== null) {
        throw new EngineRefusal(409, `network with name ${spec.engineName} already exists`)
      }
      const network = { id: newId(), name: spec.engineName, spec }
      networks.set(network.id, network)
      notes.push({ kind: 'network', action: 'create', key: network.name })
      return network
    },
    removeNetwork(id) {
      answering()
      const network = networks.get(id)
      if (network === undefined) throw noSuch('network', id)
      const user = [...containers.values()].find((one) => isLiving(one) && isJoined(one, network.name))
      if (user !== undefined) {
        const why = `network ${network.name} id ${id} has active endpoints`
        throw new EngineRefusal(403, `error while removing network: ${why}`)
      }
      networks.delete(id)
      notes.push({ kind: 'network', action: 'destroy', key: network.name })
    },
    createVolume,
    removeVolume(name) {
      answering()
      if (!volumes.has(name)) throw noSuch('volume', name)
      const user = [...containers.values()].find((one) => hasMounted(one, name))
      if (user !== undefined) {
        throw new EngineRefusal(409, `remove ${name}: volume is in use - [${user.id}]`)
      }
      volumes.delete(name)
      notes.push({ kind: 'volume', action: 'destroy', key: name })
    },
    pulled(reference) {
      answering()
      const image = registry.find(reference)
      if (image === null) throw new EngineRefusal(404, `manifest for ${reference} not found: manifest unknown`)
      images.put(reference, image)
      notes.push({ kind: 'image', action: 'pull', key: reference })
    },
    removeImage(reference) {
      answering()
      images.remove(reference, userOf)
      notes.push({ kind: 'image', action: 'untag', key: reference })
    },
    isLive(id) {
      const container = containers.get(id)
      return container !== undefined && (isLiving(container) || container.state === 'restarting')
    },
    later(atBootMs, effect) {
      effects.push({ atBootMs, effect })
    },
    elapse(nowBootMs) {
      for (let due = nextDue(); due !== null && due.atBootMs <= nowBootMs; due = nextDue()) due.happens()
    },
    nextBootMs() {
      return nextDue()?.atBootMs ?? null
    },
    takeNotes() {
      const told = notes
      notes = []
      return told
    },
    hasNotes: () => notes.length > 0,
    goDown() {
      isDown = true
      notes = []
    },
    comeUp,
    reboot(nowBootMs) {
      bootEpochMs = Math.max(bootEpochMs, lastMs + 1_000 - nowBootMs)
      effects = []
      files.clear()
      nextPid = firstPid
      if (isDown) {
        for (const container of containers.values()) {
          if (!isLiving(container)) continue
          container.state = 'running'
          container.endsBootMs = nowBootMs
        }
        return
      }
      comeUp(nowBootMs, { isLiveRestore: false })
    },
  }
}

function newContainer(made: Pick<FakeContainer, 'id' | 'name' | 'imageId' | 'settings' | 'createdAt'>): FakeContainer {
  return {
    ...made,
    state: 'created',
    pid: 0,
    startedAt: '',
    finishedAt: '',
    exitCode: 0,
    isOutOfMemory: false,
    error: '',
    restartCount: 0,
    health: null,
    starts: 0,
    script: null,
    startedBootMs: 0,
    pausedBootMs: 0,
    endsBootMs: null,
    endsWith: { exitCode: 0, isOutOfMemory: false },
    isManuallyStopped: false,
    isLastRun: false,
    restartsBootMs: null,
    restartDelayMs: 0,
    coming: [],
  }
}

const harmless: ReadonlySet<string> = new Set(['0', 'CHLD', 'CONT', 'URG', 'WINCH'])

const signalNumbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  TERM: 15,
}

/** Without SIG. */
function plain(signal: string): string {
  return signal.replace(/^SIG/, '')
}

function isLiving({ state }: FakeContainer): boolean {
  return state === 'running' || state === 'paused'
}

function isChecked({ healthcheck }: ContainerSettings): boolean {
  return healthcheck !== null && healthcheck !== 'none' && healthcheck.test !== null && healthcheck.test[0] !== 'NONE'
}

function isToBeRestarted({ settings, exitCode, restartCount, isManuallyStopped }: FakeContainer): boolean {
  const { name, retriesMax } = settings.restart
  switch (name) {
    case 'always':
      return true
    case 'unless-stopped':
      return !isManuallyStopped
    case 'on-failure':
      return exitCode !== 0 && (retriesMax === 0 || restartCount < retriesMax)
    case 'no':
      return false
  }
}

function holdsPort(container: FakeContainer, hostPort: number, protocol: string): boolean {
  if (!isLiving(container)) return false
  return container.settings.ports.some((port) => port.hostPort === hostPort && port.protocol === protocol)
}

function isJoined({ settings }: FakeContainer, network: string): boolean {
  return settings.networks.some(({ engineName }) => engineName === network)
}

function hasMounted({ settings }: FakeContainer, volume: string): boolean {
  return settings.mounts.some((mount) => mount.kind === 'volume' && mount.engineName === volume)
}
