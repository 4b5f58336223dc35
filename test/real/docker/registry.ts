import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pause, until } from '../until.ts'
import { progressOf } from './engine-api.ts'
import { type DockerHost, type ImageContent, splitReference } from './host.ts'

/**
 * Debian's docker-registry behind a relay that can be cut and slowed down. Images are pushed through the engine that it
 * belongs to; it ends with that engine at the latest.
 */
export interface Registry {
  /** `198.18.1.5:33221`: what stands before the name of an image. */
  readonly address: string
  /** The name of an image in this registry. */
  nameOf(name: string): string
  /** Makes an image that the registry has and the engine has not. Gives its name. */
  hold(name: string, content?: ImageContent): Promise<string>
  /** Tags an image of the engine with its name here, pushes it and takes the tag away again. Gives that name. */
  push(image: string, name?: string): Promise<string>
  /** After so many bytes towards the engine from now on all connections break, and every new one, until `mend()`. */
  cut(afterBytes?: number): void
  mend(): void
  /** Towards the engine, over all connections; null: as fast as it goes. */
  slow(bytesPerSecond: number | null): void
  /** What went towards the engine since the start. */
  bytesSent(): number
  /** Resolves when so many bytes have been sent since the start. */
  untilSent(bytes: number): Promise<void>
  kill(): Promise<void>
  restart(): Promise<void>
  close(): Promise<void>
}

export async function startRegistry(
  host: DockerHost,
  options: { readonly directory?: string } = {},
): Promise<Registry> {
  const directory = options.directory ?? join(host.directory, `registry-${process.hrtime.bigint()}`)
  mkdirSync(join(directory, 'images'), { recursive: true })
  let program = await startProgram(directory)
  const relay = await startRelay(host.address, () => program.port)
  const address = `${host.address}:${relay.port}`
  let closing: Promise<unknown> | null = null
  const registry: Registry = {
    address,
    nameOf: (name) => `${address}/${name}`,
    async hold(name, content) {
      await host.importImage(name, content)
      const full = await registry.push(name)
      await host.api.remove(`/images/${name}?force=1`)
      return full
    },
    async push(image, name = image) {
      const full = registry.nameOf(name)
      const [repo, tag = 'latest'] = splitReference(full)
      await host.api.post(`/images/${image}/tag?${new URLSearchParams({ repo, tag })}`)
      const headers = { 'x-registry-auth': Buffer.from('{}').toString('base64') }
      await progressOf(
        await host.api.stream({
          method: 'POST',
          path: `/images/${repo}/push?${new URLSearchParams({ tag })}`,
          headers,
        }),
      )
      await host.api.remove(`/images/${repo}:${tag}`)
      return `${repo}:${tag}`
    },
    cut: relay.cut,
    mend: relay.mend,
    slow: relay.slow,
    bytesSent: relay.bytesSent,
    untilSent: (bytes) =>
      until(`${bytes} bytes from the registry`, () => relay.bytesSent() >= bytes).then(() => undefined),
    kill: () => program.kill(),
    async restart() {
      await program.kill()
      program = await startProgram(directory)
    },
    async close() {
      closing ??= Promise.all([relay.close(), program.kill()])
      await closing
    },
  }
  host.closeFirst(() => registry.close())
  return registry
}

// ---- the program -----------------------------------------------------------------------------------------------

interface Program {
  readonly port: number
  kill(): Promise<void>
}

async function startProgram(directory: string): Promise<Program> {
  const config = join(directory, 'config.yml')
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'info', formatter: 'json' },
      storage: { filesystem: { rootdirectory: join(directory, 'images') }, delete: { enabled: true } },
      http: { addr: '127.0.0.1:0' },
    }),
  )
  const logPath = join(directory, `log-${process.hrtime.bigint()}`)
  const output = openSync(logPath, 'w')
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', output, output], detached: true })
  closeSync(output)
  const port = await until('the registry to listen', () => {
    const log = readFileSync(logPath, 'utf8')
    assert.ok(child.exitCode === null && child.signalCode === null, `the registry ended: ${log}`)
    const found = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1]
    return found === undefined ? null : Number(found)
  })
  return { port, kill: () => kill(child) }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

// ---- the relay in front of it ----------------------------------------------------------------------------------

interface Relay extends Pick<Registry, 'cut' | 'mend' | 'slow' | 'bytesSent' | 'close'> {
  readonly port: number
}

async function startRelay(address: string, portOf: () => number): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let bytesSent = 0
  let bytesLeft = Number.POSITIVE_INFINITY
  let bytesPerSecond: number | null = null
  // Not `resetAndDestroy`: in Node 24 a socket that is just ending then stays open, and the process spins at its end for ever.
  const breakAll = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  const server: Server = createServer((client) => {
    if (bytesLeft <= 0) {
      client.destroy()
      return
    }
    const upstream = connect(portOf(), '127.0.0.1')
    const pair = [client, upstream] as const
    pairs.add(pair)
    for (const socket of pair) {
      // Broken connections are what this is for: both ends learn it by the end of theirs.
      socket.on('error', () => {})
      socket.on('close', () => {
        pairs.delete(pair)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    // Where one end breaks, its 'close' breaks the other one.
    pipeline(upstream, limited, client).catch(() => {})
  })
  async function* limited(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const passed = chunk.subarray(0, bytesLeft)
      bytesSent += passed.length
      bytesLeft -= passed.length
      yield passed
      if (bytesLeft <= 0) breakAll()
      if (bytesPerSecond !== null) await pause((passed.length / bytesPerSecond) * 1000)
    }
  }
  server.listen(0, address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut(afterBytes = 0) {
      bytesLeft = afterBytes
      if (bytesLeft <= 0) breakAll()
    },
    mend() {
      bytesLeft = Number.POSITIVE_INFINITY
    },
    slow(rate) {
      bytesPerSecond = rate
    },
    bytesSent: () => bytesSent,
    async close() {
      bytesLeft = 0
      breakAll()
      server.close()
      await once(server, 'close')
    },
  }
}
