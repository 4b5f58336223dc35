import { type IncomingMessage, request } from 'node:http'
import type { ExplanationItem, ExplanationList, Info, UnitItem, UnitList } from '../../src/wire/api.ts'
import { routes } from '../../src/wire/routes.ts'

/** The cheap way to look often: the same answers as `holdfast ps -o json`, over the socket. */
export interface Api {
  info(): Promise<Info>
  units(): Promise<readonly UnitItem[]>
  explain(name: string): Promise<ExplanationItem>
  /** Says a wish and does not wait for it to come about. */
  wish(wish: 'start' | 'stop' | 'restart', names: readonly string[]): Promise<void>
}

export function createApi(socketPath: string): Api {
  const get = async (path: string): Promise<unknown> => JSON.parse(await ask(socketPath, { method: 'GET', path }))
  return {
    info: async () => (await get(routes.info.path)) as Info,
    units: async () => ((await get(routes.units.path)) as UnitList).items,
    async explain(name) {
      const list = (await get(`${routes.explain.path}?name=${encodeURIComponent(name)}`)) as ExplanationList
      const [item] = list.items
      if (item === undefined || list.items.length > 1) throw new Error(`${list.items.length} explanations of ${name}`)
      return item
    },
    async wish(wish, names) {
      const body = JSON.stringify({ names, wait: false })
      await ask(socketPath, { method: 'POST', path: routes[wish].path, body })
    },
  }
}

interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
}

function ask(socketPath: string, { method, path, body = '' }: Asked): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const answered = (response: IncomingMessage): void => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      if (response.statusCode === 200) resolve(text)
      else reject(new Error(`${path} answered ${response.statusCode}: ${text}`))
    })
  }
  const headers = method === 'POST' ? { 'content-type': 'application/json' } : {}
  const asking = request({ socketPath, path, method, headers, agent: false, timeout: 10_000 }, answered)
  asking.on('error', reject)
  asking.on('timeout', () => asking.destroy(new Error(`${path}: no answer within 10 s`)))
  asking.end(body)
  return promise
}
