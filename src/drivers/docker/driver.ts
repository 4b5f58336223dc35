import type { EngineEvent, EngineStep } from '../../core/containers/model.ts'
import type { Event, Failure } from '../../core/model.ts'
import type { Post } from '../../engine/ports.ts'
import { awaitFile } from './await-file.ts'
import { createEngineClient, type EngineClient } from './client.ts'
import {
  createContainer,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
  updateContainer,
} from './container-steps.ts'
import { engineError, failureOf } from './engine-error.ts'
import { type EventStream, listenToEngine } from './event-stream.ts'
import { removeImage } from './image-steps.ts'
import { fileError, releaseLocks, takeLocks } from './lock-files.ts'
import { lookAtEngine, newsOfContainer } from './look.ts'
import { emptyMemory } from './memory.ts'
import { createNetwork, removeNetwork } from './network-steps.ts'
import { createNewsOfEvents } from './news-of-events.ts'
import { pullImage } from './pull.ts'
import { type SignalStep, signalContainer } from './signal-step.ts'
import { doneWith, lookedAt, type StepContext, type StepOutcome } from './step-context.ts'
import { createVolume, removeVolume } from './volume-steps.ts'

/** Does what is asked of the container engine, and tells what happens in it. */
export interface DockerDriver {
  /** Starts a step and returns. Exactly one outcome is posted (see EngineStep; of a signal as of any driver's). */
  perform(step: EngineStep | SignalStep, post: Post): void
  /** News that no step asked for go to `post` from now on, once a step needed the engine; until `signal` aborts. */
  events(post: Post, signal: AbortSignal): void
  /** For logs and execs. */
  readonly client: EngineClient
  /** Calls under way are aborted, and nothing is posted any more. */
  close(): void
}

export interface DockerDriverSetting {
  readonly address: { readonly socketPath: string }
  /** What the marks of our things name. */
  readonly homeId: string
  readonly clock: { now(): { readonly bootMs: number; readonly wallMs: number } }
  readonly warn: (text: string) => void
  /** Where HOME and DOCKER_CONFIG are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export function createDockerDriver(setting: DockerDriverSetting): DockerDriver {
  const { homeId, clock, warn, environment } = setting
  const client = createEngineClient(setting.address)
  const closing = new AbortController()
  const nowBootMs = (): number => clock.now().bootMs
  const context: StepContext = { client, homeId, memory: emptyMemory(), nowBootMs, warn, signal: closing.signal }
  let listener: { readonly post: Post; readonly signal: AbortSignal } | null = null
  let neededSinceNano: bigint | null = null
  let stream: EventStream | null = null

  function tell(event: Event): void {
    if (!closing.signal.aborted && !listener?.signal.aborted) listener?.post(event)
  }

  /** From the first step on: what happens meanwhile is told by the events. */
  function need(): void {
    neededSinceNano ??= BigInt(clock.now().wallMs) * 1_000_000n
    if (listener === null || stream !== null) return
    const news = createNewsOfEvents(context, tell)
    const signal = AbortSignal.any([closing.signal, listener.signal])
    signal.addEventListener('abort', news.close)
    stream = listenToEngine(client, {
      sinceNano: neededSinceNano,
      happened: news.take,
      doubt: (why) => tell({ kind: 'engine-doubt', why }),
      signal,
    })
  }

  async function observe(step: Extract<EngineStep, { kind: 'observe-engine' }>): Promise<EngineEvent> {
    const takenBootMs = nowBootMs()
    try {
      const { name, apiVersion } = await client.about({ signal: closing.signal })
      return { kind: 'engine-observed', takenBootMs, name, apiVersion, ...(await lookAtEngine(context, step.look)) }
    } catch (error) {
      return { kind: 'engine-observe-failed', ...failureOf(engineError(error)) }
    }
  }

  function outcomeOf(step: WorkStep, post: Post): Promise<StepOutcome> {
    switch (step.kind) {
      case 'pull':
        return pullImage(context, step, {
          environment,
          tell: (progress) => post({ kind: 'pull-progress', resource: step.resource, progress }),
        })
      case 'remove-image':
        return removeImage(context, step)
      case 'create-network':
        return createNetwork(context, step)
      case 'remove-network':
        return removeNetwork(context, step)
      case 'create-volume':
        return createVolume(context, step)
      case 'remove-volume':
        return removeVolume(context, step)
      case 'create-container':
        return createContainer(context, step)
      case 'rename-container':
        return renameContainer(context, step)
      case 'update-container':
        return updateContainer(context, step)
      case 'start-container':
        return startContainer(context, step)
      case 'stop-container':
        return stopContainer(context, step)
      case 'remove-container':
        return removeContainer(context, step)
      case 'take-lock':
        return withFiles(takeLocks(step.files, step.isForced))
      case 'release-lock':
        return withFiles(releaseLocks(step.files))
      case 'await-file':
        return withFiles(awaitFile(step.files, { timeoutMs: step.timeoutMs, nowBootMs, signal: closing.signal }))
    }
  }

  async function withFiles(work: Promise<void>): Promise<StepOutcome> {
    await work
    return doneWith(context, {})
  }

  async function work(step: WorkStep, post: Post): Promise<EngineEvent> {
    const { resource, kind } = step
    try {
      const { failure, ...told } = await outcomeOf(step, post)
      if (failure === undefined) return { kind: 'engine-done', resource, step: kind, ...told }
      return { kind: 'engine-failed', resource, step: kind, ...told, ...failure }
    } catch (error) {
      const failure: Failure = failureOf(fileError(error))
      return { kind: 'engine-failed', resource, step: kind, takenBootMs: nowBootMs(), news: {}, ...failure }
    }
  }

  async function run(step: EngineStep | SignalStep, post: Post): Promise<void> {
    const outcome = await performed(step, post)
    if (!isFailed(outcome) && !isOfFiles(step)) stream?.wake()
    post(outcome)
    if (outcome.kind === 'signalled' && step.kind === 'signal') await newsOfSignalled(step, post)
  }

  /** Of some ends the engine tells nobody: of one that it was about to start again, of one that was gone. */
  async function newsOfSignalled({ container, signal }: SignalStep, post: Post): Promise<void> {
    if (signal === '0' || signal === 'EOF') return
    try {
      const { takenBootMs, news } = await lookedAt(context, () => newsOfContainer(context, container))
      post({ kind: 'engine-news', takenBootMs, news })
    } catch (error) {
      // The events tell as well, and their end is told when the engine has gone.
      engineError(error)
    }
  }

  function performed(step: EngineStep | SignalStep, post: Post): Promise<Event> {
    if (step.kind === 'signal') return signalContainer(context, step)
    return step.kind === 'observe-engine' ? observe(step) : work(step, post)
  }

  return {
    client,
    perform(step, post) {
      if (!isOfFiles(step)) need()
      // A rejection is a bug of ours, and ends the daemon.
      void run(step, (event) => {
        if (!closing.signal.aborted) post(event)
      })
    },
    events(post, signal) {
      listener = { post, signal }
      if (neededSinceNano !== null) need()
    },
    close() {
      closing.abort()
      client.close()
    },
  }
}

type WorkStep = Exclude<EngineStep, { kind: 'observe-engine' }>

/** Needs no engine. */
function isOfFiles(step: EngineStep | SignalStep): boolean {
  return step.kind === 'take-lock' || step.kind === 'release-lock' || step.kind === 'await-file'
}

function isFailed(event: Event): boolean {
  return event.kind === 'engine-failed' || event.kind === 'engine-observe-failed' || event.kind === 'signal-failed'
}
