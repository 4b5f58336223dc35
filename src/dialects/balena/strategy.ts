import type { UpdateStrategy } from '../../core/containers/model.ts'
import { warn } from './reading.ts'
import { lockDirectory, type Scene } from './scene.ts'

/** What the labels say of replacing a container. What they say wrongly counts for nothing, and is told. */
export function decodeStrategy(scene: Scene, labels: Readonly<Record<string, string>>): UpdateStrategy {
  const { reading, service } = scene
  const name = labels[strategyLabel] ?? 'download-then-kill'
  switch (name) {
    case 'download-then-kill':
    case 'kill-then-download':
    case 'delete-then-download':
      return { kind: name }
    case 'hand-over':
      return { kind: name, timeoutMs: readTimeout(scene, labels[timeoutLabel]), doneFiles: doneFiles(scene) }
    default:
      warn(
        reading,
        service.setting,
        `the label ${strategyLabel} says '${name}', which is no strategy: download-then-kill is taken`,
        'write download-then-kill, kill-then-download, delete-then-download or hand-over',
      )
      return { kind: 'download-then-kill' }
  }
}

const strategyLabel = 'io.balena.update.strategy'
const timeoutLabel = 'io.balena.update.handover-timeout'

const timeoutMsDefault = 60_000

/** A day: a longer one is a slip. */
const timeoutMsMax = 86_400_000

function readTimeout({ reading, service }: Scene, text: string | undefined): number {
  if (text === undefined || text.trim() === '') return timeoutMsDefault
  const timeoutMs = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (timeoutMs > 0 && timeoutMs <= timeoutMsMax) return timeoutMs
  warn(
    reading,
    service.setting,
    `the label ${timeoutLabel} says '${text}', which is no number of milliseconds: ${timeoutMsDefault} is taken`,
    `write a number from 1 to ${timeoutMsMax}`,
  )
  return timeoutMsDefault
}

/** What the new container writes when it has taken over; the second name is the older one. */
function doneFiles({ facts, app, service }: Scene): readonly string[] {
  const directory = lockDirectory(facts, app, service.name)
  return [`${directory}/handover-complete`, `${directory}/resin-kill-me`]
}
