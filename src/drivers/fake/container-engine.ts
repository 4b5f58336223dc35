import { homeLabel, specLabel, unitLabel } from '../../core/containers/marks.ts'
import type {
  ContainerSettings,
  EngineContainer,
  EngineLook,
  EngineNetwork,
  EngineNews,
  EngineStep,
} from '../../core/containers/model.ts'
import type { Event, Failure, Step } from '../../core/model.ts'
import type { Clock, Post } from '../../engine/ports.ts'
import type { EngineNote, EngineWorld, FakeContainer } from './engine/engine-world.ts'
import { hasLabels, tellContainer, tellNetwork, tellVolume } from './engine/inspect.ts'
import { overlay, swapOf } from './engine/overlay.ts'
import { EngineRefusal, failureOf } from './engine/refusal.ts'

type SignalStep = Extract<Step, { kind: 'signal' }>

/** What of all steps a container engine is asked for: its own, and signals to its containers. */
export type ContainerStep = EngineStep | SignalStep

/** How the engine, and the way to it, treat one step. */
export interface Treatment {
  /** When it is done, from now; null: never. May be after the answer. */
  readonly effectMs: number | null
  /** When it is answered, at the earliest with what was done by then. */
  readonly answerMs: number
  /** What is answered whatever was done; null: what came of it. */
  readonly failure: Failure | null
  /** The failure is the engine's own word: what is there is told with it. */
  readonly isItsWord?: true
}

export const promptly: Treatment = { effectMs: 1, answerMs: 1, failure: null }

export interface ContainerEngineParts {
  /** Containers live in it beyond this driver, as they do beyond a daemon. */
  readonly world: EngineWorld
  /** The driver's own: it arms it for what happens next. */
  readonly clock: Pick<Clock, 'now' | 'arm'>
  /** Whose marks are ours. */
  readonly home: string
  readonly treat: (step: ContainerStep) => Treatment
}

export interface FakeContainerEngine {
  /** Exactly one outcome for each step, never before this returns. */
  perform(steps: readonly ContainerStep[], post: Post): void
  /** From now on what the engine tells goes to `post`, until `signal` aborts; then nothing is told any more. */
  events(post: Post, signal: AbortSignal): void
}

/** A step as it is under way: nobody waits for what an earlier daemon asked for. */
interface UnderWay {
  readonly step: ContainerStep
  readonly post: Post
  readonly failure: Failure | null
  readonly isItsWord: boolean
  readonly beganBootMs: number
  /** null: not before its effect. */
  answerBootMs: number | null
  /** What its effect came to; null: it has had none yet. */
  result: { readonly refused: Failure | null; readonly look: Event | null } | null
  progressTold: number
}

/** A pull goes no further than whoever asked for it, and the files of locks are made by the daemon itself. */
const endsWithDaemon: ReadonlySet<ContainerStep['kind']> = new Set(['pull', 'take-lock', 'release-lock'])

/** A driver of a container engine that is not there: the same contract over a world of scripted containers. */
export function createFakeContainerEngine(parts: ContainerEngineParts): FakeContainerEngine {
  const { world, clock, home, treat } = parts
  const underWay = new Set<UnderWay>()
  let hint: Post | null = null
  let generation = world.generation
  let isCut = world.isDown
  /** What was asked about: only that is told of. */
  let adopts: EngineLook['adopts'] = []
  const references = new Set<string>()
  const told = new Set<string>()

  function perform(steps: readonly ContainerStep[], post: Post): void {
    const { bootMs } = clock.now()
    for (const step of steps) {
      const { effectMs, answerMs, failure, isItsWord = false } = treat(step)
      const pullMs = step.kind === 'pull' && effectMs !== null ? pullTime(step.image) : 0
      const isOwnTime = step.kind === 'await-file' && failure === null
      const one: UnderWay = {
        step,
        post,
        failure,
        isItsWord,
        beganBootMs: bootMs,
        answerBootMs: isOwnTime ? null : bootMs + answerMs + (failure === null ? pullMs : 0),
        result: null,
        progressTold: 0,
      }
      underWay.add(one)
      if (effectMs === null || isOwnTime) continue
      const atBootMs = bootMs + effectMs + pullMs
      const effect = () => {
        if (!endsWithDaemon.has(step.kind) || underWay.has(one)) one.result = outcome(step, atBootMs)
      }
      world.later(atBootMs, effect)
    }
    rearm()
  }

  function pullTime(image: string): number {
    return world.registry.find(image)?.pullMs ?? 1
  }

  // ---- what is done ----------------------------------------------------------------------------------------------

  function outcome(step: ContainerStep, nowBootMs: number): NonNullable<UnderWay['result']> {
    try {
      if (step.kind === 'observe-engine') return { refused: null, look: look(step.look, nowBootMs) }
      effect(step, nowBootMs)
      return { refused: null, look: null }
    } catch (error) {
      if (error instanceof EngineRefusal) return { refused: failureOf(error), look: null }
      throw error
    }
  }

  /** What may have been done already by a step whose answer was lost is not refused. */
  function effect(step: Exclude<ContainerStep, { kind: 'observe-engine' }>, nowBootMs: number): void {
    switch (step.kind) {
      case 'pull':
        world.pulled(step.image)
        return
      case 'remove-image': {
        const image = world.images.inspect(step.image)
        if (world.isDown || image?.id === step.imageId) world.removeImage(step.image)
        return
      }
      case 'create-network':
        createNetwork(step)
        return
      case 'remove-network':
        unlessGone(() => world.removeNetwork(step.id))
        return
      case 'create-volume':
        world.createVolume({ ...step.spec, labels: { ...step.spec.labels, [homeLabel]: home } })
        return
      case 'remove-volume':
        unlessGone(() => world.removeVolume(step.name))
        return
      case 'create-container':
        createContainer(step, nowBootMs)
        return
      case 'rename-container':
        if (world.isDown || world.containers.get(step.id)?.name !== step.name) world.rename(step.id, step.name)
        return
      case 'update-container':
        world.update(step.id, withSwap(step.settings))
        return
      case 'start-container':
        world.start(step.id, nowBootMs)
        return
      case 'stop-container': {
        const isRestarting = world.containers.get(step.id)?.state === 'restarting'
        if (world.isDown || isRestarting) unlessGone(() => world.kill(step.id, 'KILL', nowBootMs))
        return
      }
      case 'remove-container':
        unlessGone(() => world.remove(step.id, { isForced: step.isForced, nowBootMs }))
        return
      case 'signal':
        world.kill(step.container ?? '', step.signal, nowBootMs)
        return
      case 'take-lock':
        takeLock(step)
        return
      case 'release-lock':
        for (const file of step.files) if (world.files.ownerOf(file) === home) world.files.remove(file)
        return
      case 'await-file':
        return
    }
  }

  function createNetwork({ spec }: Extract<EngineStep, { kind: 'create-network' }>): void {
    const known = [...world.networks.values()].find(({ name }) => name === spec.engineName)
    if (!world.isDown && known?.spec.labels[homeLabel] === home) return
    world.createNetwork({ ...spec, labels: { ...spec.labels, [homeLabel]: home } })
  }

  function createContainer(step: Extract<EngineStep, { kind: 'create-container' }>, nowBootMs: number): void {
    const { spec, unit, imageId, specHash, containers } = step
    const image = world.images.inspect(imageId)
    const made = [...world.containers.values()].find(({ name }) => name === spec.containerName)
    if (!world.isDown && made !== undefined && isMadeBy(step, made)) return
    const marks = { [homeLabel]: home, [unitLabel]: unit, [specLabel]: specHash }
    const settings = image === null ? spec.settings : overlay(spec, image.config, { marks, containers })
    world.create({ name: spec.containerName, imageId, settings, nowBootMs })
  }

  /** By an earlier step like this one. */
  function isMadeBy(
    step: Extract<EngineStep, { kind: 'create-container' }>,
    { state, settings }: FakeContainer,
  ): boolean {
    const { labels } = settings
    const isOurs = labels[homeLabel] === home && labels[unitLabel] === step.unit
    return state === 'created' && isOurs && labels[specLabel] === step.specHash
  }

  function takeLock({ files, isForced }: Extract<EngineStep, { kind: 'take-lock' }>): void {
    const other = files.find((file) => (world.files.ownerOf(file) ?? home) !== home)
    if (other !== undefined && !isForced) throw new EngineRefusal(423, other)
    for (const file of files) {
      world.files.remove(file)
      world.files.make(file, home)
    }
  }

  // ---- what is told ----------------------------------------------------------------------------------------------

  function look({ isEverything, images, ...asked }: EngineLook, takenBootMs: number): Event {
    if (world.isDown) throw new EngineRefusal(0, 'the container engine does not run')
    if (isEverything) {
      adopts = asked.adopts
      references.clear()
    }
    for (const reference of images) references.add(reference)
    const containers = isEverything ? [...world.containers.values()].filter(isShown) : null
    for (const { id } of containers ?? []) told.add(id)
    return {
      kind: 'engine-observed',
      takenBootMs,
      name: 'Fake 1.0',
      apiVersion: '1.41',
      containers: containers?.map((one) => tellContainer(one, home)) ?? null,
      networks: isEverything ? [...world.networks.values()].map((one) => tellNetwork(one, home)) : null,
      volumes: isEverything ? [...world.volumes.values()].map((one) => tellVolume(one, home)) : null,
      images: images.map((reference) => ({ reference, image: world.images.inspect(reference) })),
    }
  }

  function isShown(container: FakeContainer): boolean {
    if (container.settings.labels[homeLabel] === home) return true
    return adopts.some((labels) => hasLabels(container, labels))
  }

  /** What a step was about, as it is now. */
  function newsOf(step: ContainerStep): EngineNews {
    if (world.isDown) return {}
    switch (step.kind) {
      case 'pull':
      case 'remove-image':
        return { images: [{ reference: step.image, image: world.images.inspect(step.image) }] }
      case 'create-network':
        return networkNews(step.spec.engineName)
      case 'remove-network':
        return networkNews(step.name)
      case 'create-volume':
        return volumeNews(step.spec.engineName)
      case 'remove-volume':
        return volumeNews(step.name)
      case 'create-container': {
        const made = [...world.containers.values()].filter(({ name }) => name === step.spec.containerName)
        const volumes = step.spec.settings.mounts.flatMap((mount) =>
          mount.kind === 'volume' && mount.engineName !== null ? [mount.engineName] : [],
        )
        const parts = [containerNews(made.map(({ id }) => id)), ...volumes.map((name) => volumeNews(name))]
        return parts.reduce(joined)
      }
      case 'rename-container':
      case 'update-container':
      case 'start-container':
      case 'stop-container':
      case 'remove-container':
        return containerNews([step.id])
      case 'signal':
        return containerNews([step.container ?? ''])
      default:
        return {}
    }
  }

  function containerNews(ids: readonly string[]): EngineNews {
    const there: EngineContainer[] = []
    const gone: string[] = []
    for (const id of ids) {
      const container = world.containers.get(id)
      if (container === undefined) gone.push(id)
      else if (isShown(container)) {
        told.add(id)
        there.push(tellContainer(container, home))
      }
    }
    return {
      ...(there.length > 0 ? { containers: there } : {}),
      ...(gone.length > 0 ? { containersGone: gone } : {}),
    }
  }

  function networkNews(name: string): EngineNews {
    const networks: EngineNetwork[] = []
    for (const one of world.networks.values()) if (one.name === name) networks.push(tellNetwork(one, home))
    return networks.length > 0 ? { networks } : { networksGone: [name] }
  }

  function volumeNews(name: string): EngineNews {
    const volume = world.volumes.get(name)
    return volume === undefined ? { volumesGone: [name] } : { volumes: [tellVolume(volume, home)] }
  }

  function answer({ step, post, failure, isItsWord, result }: UnderWay): void {
    const takenBootMs = clock.now().bootMs
    const refused = failure ?? result?.refused ?? null
    if (step.kind === 'observe-engine') {
      if (refused !== null || result?.look == null) post({ kind: 'engine-observe-failed', ...(refused ?? noAnswer) })
      else post(result.look)
      return
    }
    if (step.kind === 'signal') {
      answerSignal(step, refused, post)
      return
    }
    const about = { resource: step.resource, step: step.kind, takenBootMs }
    // Whoever got no answer saw nothing.
    const news = failure === null || isItsWord ? newsOf(step) : {}
    if (refused !== null) post({ kind: 'engine-failed', ...about, news, ...refused })
    else post({ kind: 'engine-done', ...about, news })
    if (step.kind === 'pull' && refused === null) references.add(step.image)
  }

  function answerSignal(step: SignalStep, refused: Failure | null, post: Post): void {
    const { unit, run, signal } = step
    const isGone = refused !== null && (refused.code === 'NOT_FOUND' || refused.code === 'CONFLICT')
    if (refused !== null && !isGone) post({ kind: 'signal-failed', unit, run, signal, ...refused })
    else post({ kind: 'signalled', unit, run, signal, outcome: isGone ? 'gone' : 'sent' })
    if (refused !== null && !isGone) return
    // Of some ends the engine tells nobody: of one that it was about to start again, of one that is gone.
    post({ kind: 'engine-news', takenBootMs: clock.now().bootMs, news: newsOf(step) })
  }

  // ---- time ------------------------------------------------------------------------------------------------------

  function tell(): void {
    const { bootMs } = clock.now()
    world.elapse(bootMs)
    tellStream()
    for (const one of [...underWay]) {
      if (one.step.kind === 'pull') tellProgress(one, bootMs)
      if (!isAnswered(one, bootMs)) continue
      underWay.delete(one)
      answer(one)
    }
    // What the answers brought about is told at once.
    tellStream()
    rearm()
  }

  function isAnswered(one: UnderWay, bootMs: number): boolean {
    const { step, answerBootMs, result } = one
    if (answerBootMs === null && step.kind === 'await-file') return isAwaited(one, step, bootMs)
    if (answerBootMs === null || answerBootMs > bootMs) return false
    // Without a failure of the way to it, an answer follows the effect.
    return one.failure !== null || result !== null
  }

  function isAwaited(one: UnderWay, step: Extract<EngineStep, { kind: 'await-file' }>, bootMs: number): boolean {
    const made = step.files.filter((file) => world.files.ownerOf(file) !== null)
    for (const file of made) world.files.remove(file)
    const isOver = bootMs >= one.beganBootMs + step.timeoutMs
    if (made.length === 0 && !isOver) return false
    const message = `none of ${step.files.join(', ')} was made in time`
    one.result = { refused: made.length > 0 ? null : { code: 'TIMEOUT', message, retry: false }, look: null }
    return true
  }

  function tellProgress(one: UnderWay, bootMs: number): void {
    const { step, answerBootMs, beganBootMs } = one
    if (step.kind !== 'pull' || answerBootMs === null || answerBootMs <= bootMs) return
    const quarter = Math.floor((4 * (bootMs - beganBootMs)) / Math.max(1, answerBootMs - beganBootMs))
    if (quarter <= one.progressTold) return
    one.progressTold = quarter
    const bytesTotal = world.registry.find(step.image)?.sizeBytes ?? null
    const bytesDone = Math.round(((bytesTotal ?? 0) * quarter) / 4)
    one.post({
      kind: 'pull-progress',
      resource: step.resource,
      progress: { percent: quarter * 25, bytesDone, bytesTotal },
    })
  }

  function tellStream(): void {
    if (hint === null) return
    if (world.isDown) {
      if (!isCut) hint({ kind: 'engine-doubt', why: 'the container engine closed the stream of its events' })
      isCut = true
      return
    }
    if (isCut || generation !== world.generation) {
      isCut = false
      generation = world.generation
      hint({ kind: 'engine-doubt', why: 'the container engine is there again: what it told meanwhile was not heard' })
    }
    const notes = world.takeNotes()
    if (notes.length === 0) return
    for (const note of notes) if (note.kind === 'died' && isKnown(note.key)) hint(died(note))
    const news = newsOfNotes(notes)
    if (Object.keys(news).length > 0) hint({ kind: 'engine-news', takenBootMs: clock.now().bootMs, news })
  }

  function isKnown(id: string): boolean {
    const container = world.containers.get(id)
    return container === undefined ? told.has(id) : isShown(container)
  }

  function died({ key, at, exitCode, isOutOfMemory }: Extract<EngineNote, { kind: 'died' }>): Event {
    return { kind: 'container-died', id: key, at, exitCode, isOutOfMemory }
  }

  /** Each thing once, as it is now. */
  function newsOfNotes(notes: readonly EngineNote[]): EngineNews {
    const keys = (kinds: readonly EngineNote['kind'][]) => [
      ...new Set(notes.flatMap(({ kind, key }) => (kinds.includes(kind) ? [key] : []))),
    ]
    const containers = containerNews(keys(['container', 'died']).filter(isKnown))
    const networks = keys(['network']).map(networkNews)
    const volumes = keys(['volume']).map(volumeNews)
    const images = keys(['image']).length > 0 ? [...references] : []
    const named = images.map((reference) => ({ reference, image: world.images.inspect(reference) }))
    const told = named.length > 0 ? { images: named } : {}
    return [containers, ...networks, ...volumes, told].reduce(joined)
  }

  function rearm(): void {
    const { bootMs } = clock.now()
    let next = world.nextBootMs()
    const consider = (atBootMs: number) => {
      if (next === null || atBootMs < next) next = atBootMs
    }
    const isNews = world.hasNotes() || isCut !== world.isDown || generation !== world.generation
    if (hint !== null && isNews) consider(bootMs)
    for (const { step, answerBootMs, result, failure, beganBootMs, progressTold } of underWay) {
      if (answerBootMs !== null && (failure !== null || result !== null)) consider(answerBootMs)
      if (step.kind === 'await-file' && answerBootMs === null) {
        consider(step.files.some((file) => world.files.ownerOf(file) !== null) ? bootMs : beganBootMs + step.timeoutMs)
      }
      if (step.kind === 'pull' && answerBootMs !== null && progressTold < 3) {
        consider(beganBootMs + Math.ceil(((answerBootMs - beganBootMs) * (progressTold + 1)) / 4))
      }
    }
    clock.arm(next, tell)
  }

  function events(post: Post, signal: AbortSignal): void {
    hint = post
    // What was told before anybody listened is not heard.
    world.elapse(clock.now().bootMs)
    world.takeNotes()
    rearm()
    signal.addEventListener('abort', () => {
      hint = null
      underWay.clear()
      clock.arm(null, tell)
    })
  }

  return { perform, events }
}

const noAnswer: Failure = { code: 'ETIMEDOUT', message: 'the container engine did not answer', retry: true }

/** The engine does not change by itself what it chose by itself. */
function withSwap(settings: Partial<ContainerSettings>): Partial<ContainerSettings> {
  return settings.memorySwapBytes === null ? { ...settings, memorySwapBytes: swapOf(settings) } : settings
}

function unlessGone(effect: () => void): void {
  try {
    effect()
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.status !== 404) throw error
  }
}

function joined(a: EngineNews, b: EngineNews): EngineNews {
  const both: Record<string, readonly unknown[]> = { ...a }
  for (const [key, values] of Object.entries(b)) both[key] = [...(both[key] ?? []), ...(values as readonly unknown[])]
  return both as EngineNews
}
