import { byteText } from '../formats/byte-text.ts'
import type { ResourceItem, ResourceList } from '../wire/api.ts'
import type { Context } from './command.ts'
import { formatOf } from './output.ts'
import { pullText } from './status-container.ts'
import { visible } from './terminal.ts'

/** Between two looks at what is being pulled. */
export const pullLookMs = 1_000

/** A line for each such step of a pull: a large image on a slow line has some twenty of them. */
const percentStep = 5

/**
 * Says what is new of images that somebody waits for, one line each: how far it is, why it failed and when it is tried again,
 * and that it is there. Called again and again with how they are.
 */
export function createPullTeller(): (items: readonly ResourceItem[]) => readonly string[] {
  const told = new Map<string, string>()
  return (items) =>
    items.flatMap((item) => {
      const { name, pull, state } = item
      const isNeeded = item.kind === 'image' && item.neededBy.length > 0
      if (isNeeded && pull !== null && (pull.isUnderWay || pull.why !== '')) {
        const key = keyOf(pull)
        if (told.get(name) === key) return []
        told.set(name, key)
        return [`image ${visible(name)}  ${visible(pullText(pull))}`]
      }
      if (!told.delete(name) || state !== 'present') return []
      return [`image ${visible(name)}  is there${item.sizeBytes === null ? '' : `, ${byteText(item.sizeBytes)}`}`]
    })
}

/** What is worth a line: not that a moment has passed. */
function keyOf({ isUnderWay, percent, why }: NonNullable<ResourceItem['pull']>): string {
  const step = percent === null ? '' : Math.floor(percent / percentStep)
  return `${isUnderWay} ${step} ${why.replace(/; [^;]*again[^;]*$/, '')}`
}

/** Waits for an answer of the daemon, and says meanwhile on stderr what is being pulled; for programs nothing. */
export async function tellingPulls<T>(context: Context, answer: Promise<T>): Promise<T> {
  if (formatOf(context.options) !== 'table') return answer
  const lines = createPullTeller()
  let timer: NodeJS.Timeout | null = null
  let isOver = false
  const look = async (): Promise<void> => {
    try {
      const { items } = await context.client.ask<ResourceList>('resources')
      if (!isOver) for (const line of lines(items)) context.talk(`${line}\n`)
    } catch {
      // An older daemon, or one that is too busy: what is waited for is told all the same.
      return
    }
    if (!isOver) timer = setTimeout(look, pullLookMs)
  }
  timer = setTimeout(look, pullLookMs)
  try {
    return await answer
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}
