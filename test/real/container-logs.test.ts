import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, type TestContext, test } from 'node:test'
import type { LogSpec } from '../../src/core/model.ts'
import { createEngineClient, type EngineClient } from '../../src/drivers/docker/client.ts'
import { demux } from '../../src/drivers/docker/demux.ts'
import type { StreamRef } from '../../src/engine/ports.ts'
import { createLogFiles } from '../../src/logs/log-files.ts'
import { type DockerHost, noDocker, startDockerHost } from './docker/host.ts'
import { root } from './harness.ts'
import { pause } from './until.ts'

let host: DockerHost
let client: EngineClient

before(async () => {
  if (noDocker !== false) return
  host = await startDockerHost({ isLiveRestore: true })
  await host.importImage('printer:1')
  client = createEngineClient({ socketPath: host.socketPath })
})

after(async () => {
  client?.close()
  await host?.close()
})

const small: LogSpec = { path: null, bytesMax: 40_000, backupsMax: 500, ageMaxMs: 0, compress: true }

interface Specs {
  readonly stdout: LogSpec
  readonly stderr: LogSpec | 'stdout'
}

const manyLines = 60_000

/**
 * Prints numbered lines while that holds, some of them longer than what the engine keeps as one message, with pauses; many
 * lines later slowly, so that the log has room for all of them.
 */
function printing(condition: string): string {
  return `
    long=$(head -c 20000 /dev/zero | tr '\\0' x)
    i=0
    while ${condition}; do
      i=$((i+1))
      echo "out $i"
      [ $((i % 3)) = 0 ] && echo "err $i" >&2
      [ $((i % 997)) = 0 ] && echo "long $i $long"
      [ $((i % 200)) = 0 ] && usleep $((i < ${manyLines} ? 20000 : 500000))
    done
    printf 'the end'`
}

function expected(lines: number): { readonly stdout: readonly string[]; readonly stderr: readonly string[] } {
  const numbers = Array.from({ length: lines }, (_, index) => index + 1)
  const long = 'x'.repeat(20_000)
  const stdout = numbers.flatMap((i) => (i % 997 === 0 ? [`out ${i}`, `long ${i} ${long}`] : [`out ${i}`]))
  return { stdout: [...stdout, 'the end'], stderr: numbers.filter((i) => i % 3 === 0).map((i) => `err ${i}`) }
}

async function startPrinter(name: string, script: string, body: object = {}): Promise<string> {
  const { id } = await client.containers.create({
    ...{ name, platform: null },
    body: { Image: 'printer:1', Cmd: ['sh', '-c', script], ...body },
  })
  await client.containers.start(id)
  return id
}

function homeFor(context: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'hf-container-logs-'))
  context.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

/** Resolves when it follows. */
async function startDaemon(home: string, id: string, specs: Specs) {
  const words = ['--disable-warning=ExperimentalWarning', join(root, 'test/real/container-logs-daemon.ts')]
  const child: ChildProcess = spawn(
    join(root, 'scripts/node'),
    [...words, host.socketPath, home, id, JSON.stringify(specs)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  assert.equal((await lines.next()).value, 'following')
  return {
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async drained() {
      assert.equal((await lines.next()).value, 'drained')
      await once(child, 'exit')
    },
  }
}

async function toldByEngine(id: string, stream: 'stdout' | 'stderr'): Promise<readonly string[]> {
  const query = { stdout: stream === 'stdout', stderr: stream === 'stderr', follow: false, timestamps: false }
  const answer = await client.containers.logs(id, { ...query, since: null, until: null, tail: null })
  const parts: Buffer[] = []
  for await (const { bytes } of demux(answer.chunks)) parts.push(bytes)
  return linesOf(parts)
}

function linesOf(parts: readonly Uint8Array[]): readonly string[] {
  const lines = Buffer.concat(parts).toString().split('\n')
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

async function stored(home: string, ref: StreamRef): Promise<readonly string[]> {
  const files = createLogFiles({ directory: join(home, 'log'), warn: assert.fail })
  const parts: Uint8Array[] = []
  for await (const { bytes } of files.read([ref], { from: { kind: 'all' }, follow: false })) parts.push(bytes)
  return linesOf(parts)
}

test('a container that prints all the time: over many kill -9, rotations and a death of the engine no line is missing and none double', {
  skip: noDocker,
}, async (context) => {
  const home = homeFor(context)
  const specs = { stdout: small, stderr: small }
  // On a slow machine it goes on until there were enough deaths.
  const id = await startPrinter('apart', printing(`[ $i -lt ${manyLines} ] || [ ! -e /tmp/enough ]`))
  let kills = 0
  while (((await client.containers.inspect(id)) as { State: { Running: boolean } }).State.Running) {
    const daemon = await startDaemon(home, id, specs)
    // The moments are random, and so is where each death strikes.
    await pause(Math.random() * 250)
    await daemon.kill()
    kills += 1
    if (kills === 4) {
      await host.kill()
      await host.start()
    }
    if (kills === 5) {
      const { Id } = await host.api.post(`/containers/${id}/exec`, { Cmd: ['touch', '/tmp/enough'] })
      await host.api.post(`/exec/${Id}/start`, { Detach: true })
    }
  }
  const last = await startDaemon(home, id, specs)
  await last.drained()
  context.diagnostic(`${kills} kills`)
  const lines = Number(/\d+/.exec((await toldByEngine(id, 'stdout')).findLast((line) => line.startsWith('out '))!)![0])
  for (const stream of ['stdout', 'stderr'] as const) {
    const told = await toldByEngine(id, stream)
    assertSame(await stored(home, { unit: 'a/web/1', stream, spec: small }), told)
    // What an engine had taken and not yet written is lost with it, and with nobody else.
    const lost = expected(lines)[stream].length - told.length
    context.diagnostic(`${told.length} lines of ${stream}, and ${lost} were lost by the engine`)
    assert.ok(lost < 2_000, 'the engine has lost too much to be believed')
  }
  assert.ok(readdirSync(join(home, 'log/a')).length > 10, 'the log was not rotated')
  await client.containers.remove(id, { isForced: true, withAnonymousVolumes: true })
})

test('with both streams in one log, or with a terminal, nothing is missing or double either', {
  skip: noDocker,
}, async (context) => {
  const lines = 8_000
  for (const body of [{}, { Tty: true }]) {
    const home = homeFor(context)
    const specs = { stdout: small, stderr: 'stdout' } as const
    const id = await startPrinter(`together-${'Tty' in body}`, printing(`[ $i -lt ${lines} ]`), body)
    for (let kills = 0; kills < 6; kills += 1) {
      const daemon = await startDaemon(home, id, specs)
      await pause(Math.random() * 200)
      await daemon.kill()
    }
    await (await startDaemon(home, id, specs)).drained()
    const found = await stored(home, { unit: 'a/web/1', stream: 'stdout', spec: small })
    const { stdout, stderr } = expected(lines)
    // Only within each stream there is an order; the end of a terminal's lines is its own.
    const own = found.map((line) => line.replace(/\r$/, ''))
    assertSame(
      own.filter((line) => line.startsWith('err')),
      stderr,
    )
    assertSame(
      own.filter((line) => !line.startsWith('err')),
      stdout,
    )
    await client.containers.remove(id, { isForced: true, withAnonymousVolumes: true })
  }
})

test('what a container printed while nobody was there, over two runs, is stored afterwards', {
  skip: noDocker,
}, async (context) => {
  const home = homeFor(context)
  const specs = { stdout: small, stderr: 'stdout' } as const
  const id = await startPrinter('short', 'echo run; printf end')
  await client.containers.wait(id, 'not-running')
  await (await startDaemon(home, id, specs)).drained()
  await client.containers.start(id)
  await client.containers.wait(id, 'not-running')
  await (await startDaemon(home, id, specs)).drained()
  await (await startDaemon(home, id, specs)).drained()
  const ref = { unit: 'a/web/1', stream: 'stdout', spec: small } as const
  assert.deepEqual(await stored(home, ref), ['run', 'endrun', 'end'])
})

test('of a container whose log cannot be read the log says so, once', { skip: noDocker }, async (context) => {
  const home = homeFor(context)
  const specs = { stdout: small, stderr: 'stdout' } as const
  const id = await startPrinter('silent', 'echo run', { HostConfig: { LogConfig: { Type: 'none' } } })
  await client.containers.wait(id, 'not-running')
  for (let daemons = 0; daemons < 2; daemons += 1) await (await startDaemon(home, id, specs)).drained()
  const lines = await stored(home, { unit: 'a/web/1', stream: 'stdout', spec: small })
  assert.deepEqual(lines, [
    'holdfast: what the container prints is not kept here: configured logging driver does not support reading',
  ])
})

/** Tells where they differ first, of lists too long to be shown. */
function assertSame(found: readonly string[], wanted: readonly string[]): void {
  const at = wanted.findIndex((line, index) => line !== found[index])
  if (at !== -1) {
    const around = found.slice(Math.max(0, at - 2), at + 3).map((line) => line.slice(0, 60))
    assert.fail(`line ${at}: '${wanted[at]!.slice(0, 60)}' is expected between ${JSON.stringify(around)}`)
  }
  assert.equal(found.length, wanted.length)
}
