import { setTimeout as sleep } from 'node:timers/promises'
import { createEngineApi, type EngineJson } from '../../test/real/docker/engine-api.ts'

/** Follows what happens to the containers of an engine, by its own events and its own clock. */
export interface Watch {
  /** Forgets what happened so far. */
  forget(): void
  /** When the last of so many containers had been started and so many removed, in ms since 1970. */
  until(expected: { readonly starts: number; readonly removals: number }): Promise<number>
  close(): void
}

export async function watchContainers(socketPath: string): Promise<Watch> {
  const filters = JSON.stringify({ type: ['container'], event: ['start', 'destroy'] })
  const stream = await createEngineApi(socketPath).stream({
    method: 'GET',
    path: `/events?${new URLSearchParams({ filters })}`,
  })
  let events: { readonly action: string; readonly atMs: number }[] = []
  let wake = (): void => {}
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines.filter((each) => each.trim() !== '')) {
      const event: EngineJson = JSON.parse(line)
      events.push({ action: event.Action, atMs: event.timeNano / 1e6 })
    }
    wake()
  })
  // Destroyed by `close` only.
  stream.on('error', () => {})
  const first = (action: string, count: number) => events.filter((event) => event.action === action).slice(0, count)
  return {
    forget() {
      events = []
    },
    async until({ starts, removals }) {
      const deadline = performance.now() + 120_000
      for (;;) {
        const found = [...first('start', starts), ...first('destroy', removals)]
        if (found.length === starts + removals) return Math.max(...found.map((event) => event.atMs))
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        const left = deadline - performance.now()
        if (left <= 0) throw new Error(`of ${starts} starts and ${removals} removals there were ${found.length}`)
        await Promise.race([woken, sleep(left, undefined, { ref: false })])
      }
    },
    close: () => stream.destroy(),
  }
}
