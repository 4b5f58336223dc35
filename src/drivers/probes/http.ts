import type { IncomingMessage, RequestOptions } from 'node:http'
import type { LookupFunction } from 'node:net'
import { probeBytesMax } from '../../core/limits.ts'
import type { Probe } from '../../core/model.ts'
import type { Finding } from './outcome.ts'
import type { Patterns } from './patterns.ts'
import { troubleText } from './trouble.ts'

type HttpProbe = Extract<Probe, { kind: 'http' }>

interface Means {
  readonly signal: AbortSignal
  readonly lookup: LookupFunction
  readonly patterns: Patterns
}

/** More is no answer to a question after somebody's health. */
const headerBytesMax = 16 * 1024

/**
 * One GET on a connection of its own. Redirects are answers like others. The body is read only where something is looked
 * for in it.
 */
export async function probeHttp(probe: HttpProbe, means: Means): Promise<Finding> {
  const answered = await ask(probe, means)
  if ('trouble' in answered) return { isOk: false, output: answered.trouble }
  const { answer } = answered
  const status = answer.statusCode ?? 0
  const isInRange = status >= probe.statusMin && status <= probe.statusMax
  if (probe.bodyPattern === null) return { isOk: isInRange, output: `HTTP ${status}` }
  const body = (await readBody(answer)).toString('utf8')
  if (!isInRange) return { isOk: false, output: `HTTP ${status}: ${firstLine(body)}` }
  const match = await means.patterns.match(probe.bodyPattern, body, means.signal)
  if (match === 'found') return { isOk: true, output: `HTTP ${status}` }
  const why = match === 'none' ? `no line of the body matches ${probe.bodyPattern}` : match.trouble
  return { isOk: false, output: `HTTP ${status}, but ${why}: ${firstLine(body)}` }
}

function ask(
  probe: HttpProbe,
  { signal, lookup }: Means,
): Promise<{ readonly answer: IncomingMessage } | { readonly trouble: string }> {
  return new Promise((done) => {
    const url = new URL(probe.url)
    const options: RequestOptions = {
      headers: { 'user-agent': 'holdfast', accept: '*/*', ...probe.headers },
      // A connection of its own, closed afterwards.
      agent: false,
      maxHeaderSize: headerBytesMax,
      lookup,
    }
    const request =
      url.protocol === 'https:'
        ? process.getBuiltinModule('node:https').request(url, options)
        : process.getBuiltinModule('node:http').request(url, options)
    signal.addEventListener('abort', () => request.destroy())
    request.on('error', (error) => done({ trouble: troubleText(error) }))
    request.on('response', (answer) => done({ answer }))
    request.on('close', () => done({ trouble: 'the connection was closed without an answer' }))
    request.end()
  })
}

/** Its beginning, where it is long. Ends as well where the other side breaks off, or we do at the deadline. */
function readBody(answer: IncomingMessage): Promise<Buffer> {
  return new Promise((done) => {
    const parts: Buffer[] = []
    let bytes = 0
    const finish = (): void => done(Buffer.concat(parts).subarray(0, probeBytesMax))
    answer.on('data', (part: Buffer) => {
      parts.push(part)
      bytes += part.length
      if (bytes >= probeBytesMax) answer.destroy()
    })
    answer.on('end', finish)
    answer.on('error', finish)
    answer.on('close', finish)
  })
}

function firstLine(body: string): string {
  return body.trim().split('\n', 1)[0] || 'an empty body'
}
