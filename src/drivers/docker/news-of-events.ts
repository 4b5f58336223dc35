import { homeLabel } from '../../core/containers/marks.ts'
import type { EngineEvent, EngineNews } from '../../core/containers/model.ts'
import { engineError } from './engine-error.ts'
import { type EngineHappening, timeText } from './happenings.ts'
import { lookAtImages, newsOfContainer, newsOfNetwork, newsOfVolume } from './look.ts'
import { hasLabels, lookedAt, type StepContext } from './step-context.ts'

/** What happens to one thing within this is looked at once. */
const togetherMs = 20
/** Of images more: a pull or a build names many. */
const imagesTogetherMs = 250

export interface NewsOfEvents {
  take(happening: EngineHappening): void
  close(): void
}

/** Makes news out of what the engine says has happened: it only tells what to look at. */
export function createNewsOfEvents(context: StepContext, tell: (event: EngineEvent) => void): NewsOfEvents {
  const { memory } = context
  const due = new Map<string, NodeJS.Timeout>()
  /** Containers in which the kernel has killed something for lack of memory, until they end. */
  const outOfMemory = new Set<string>()

  function soon(key: string, ms: number, look: () => Promise<EngineNews>): void {
    if (due.has(key)) return
    const task = async (): Promise<void> => {
      due.delete(key)
      try {
        const { takenBootMs, news } = await lookedAt(context, look)
        tell({ kind: 'engine-news', takenBootMs, news })
      } catch (error) {
        const { code, message } = engineError(error)
        if (code !== 'ABORTED')
          tell({
            kind: 'engine-doubt',
            why: `what happened in the container engine could not be looked at: ${message}`,
          })
      }
    }
    due.set(
      key,
      setTimeout(() => void task(), ms),
    )
  }

  function forget(key: string): void {
    clearTimeout(due.get(key))
    due.delete(key)
  }

  function isOfInterest({ id, attributes }: EngineHappening): boolean {
    if (memory.containers.has(id) || attributes[homeLabel] === context.homeId) return true
    if (!memory.adopts.some((labels) => hasLabels(attributes, labels))) return false
    memory.adopted.add(id)
    return true
  }

  function takeContainer(happening: EngineHappening): void {
    const { id, action, attributes, atNano } = happening
    if (!isOfInterest(happening)) return
    if (action === 'destroy' || action === 'remove') {
      forget(id)
      outOfMemory.delete(id)
      memory.containers.delete(id)
      memory.adopted.delete(id)
      tell({ kind: 'engine-news', takenBootMs: context.nowBootMs(), news: { containersGone: [id] } })
      return
    }
    if (action === 'oom') outOfMemory.add(id)
    if (action === 'die' || action === 'died') {
      const exitCode = Number(attributes.exitCode ?? attributes.containerExitCode ?? 0)
      tell({ kind: 'container-died', id, at: timeText(atNano), exitCode, isOutOfMemory: outOfMemory.delete(id) })
    }
    soon(id, togetherMs, () => newsOfContainer(context, id))
  }

  function takeNetwork({ id, action, attributes }: EngineHappening): void {
    const container = attributes.container
    if (action === 'connect' || action === 'disconnect') {
      if (container !== undefined && memory.containers.has(container)) {
        soon(container, togetherMs, () => newsOfContainer(context, container))
      }
      return
    }
    const name = attributes.name ?? id
    soon(`network ${name}`, togetherMs, () => newsOfNetwork(context, name))
  }

  return {
    take(happening) {
      switch (happening.type) {
        case 'container':
          return takeContainer(happening)
        case 'network':
          return takeNetwork(happening)
        case 'volume':
          // Anonymous ones come and go with their containers.
          if (/^[0-9a-f]{64}$/.test(happening.id)) return
          return soon(`volume ${happening.id}`, togetherMs, () => newsOfVolume(context, happening.id))
        case 'image':
          if (memory.references.size === 0) return
          return soon('images', imagesTogetherMs, async () => ({
            images: await lookAtImages(context, [...memory.references]),
          }))
      }
    },
    close() {
      for (const timer of due.values()) clearTimeout(timer)
      due.clear()
    },
  }
}
