import { until } from '../until.ts'
import { type EngineApi, type EngineJson, progressOf } from './engine-api.ts'

/** What is changed in an engine from a moment on. The engine itself remembers no more than its last 256 events. */
export interface EventRecord {
  /** All until now, oldest first. */
  events(): Promise<readonly EngineJson[]>
  close(): void
}

const actions: Readonly<Record<string, readonly string[]>> = {
  container: ['create', 'start', 'die', 'stop', 'restart', 'rename', 'update', 'destroy', 'pause', 'unpause'],
  image: ['pull', 'tag', 'untag', 'delete', 'import', 'load'],
  network: ['create', 'destroy', 'connect', 'disconnect'],
  volume: ['create', 'destroy'],
}

const filters = JSON.stringify({ type: Object.keys(actions), event: [...new Set(Object.values(actions).flat())] })

export async function recordEvents(api: EngineApi): Promise<EventRecord> {
  const since = await engineSeconds(api)
  const stream = await api.stream({ method: 'GET', path: `/events?${new URLSearchParams({ since, filters })}` })
  const seen: EngineJson[] = []
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.trim() !== '') seen.push(JSON.parse(line))
  })
  // It breaks off with the engine, and with `close`.
  stream.on('error', () => {})
  return {
    async events() {
      const query = new URLSearchParams({ since, until: await engineSeconds(api), filters })
      const last = (await progressOf(await api.stream({ method: 'GET', path: `/events?${query}` }))).at(-1)
      await until('the last event', () => last === undefined || seen.some((each) => each.timeNano >= last.timeNano))
      return [...seen]
    },
    close: () => stream.destroy(),
  }
}

/** By the clock of the engine, as its queries take it. */
async function engineSeconds(api: EngineApi): Promise<string> {
  return (Date.parse((await api.get('/info')).SystemTime) / 1000).toFixed(9)
}
