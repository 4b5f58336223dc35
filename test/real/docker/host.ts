import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { until } from '../until.ts'
import { createEngineApi, type EngineApi, type EngineJson, progressOf } from './engine-api.ts'
import { type TarEntry, tarOf } from './tar.ts'

/**
 * A real dockerd of its own: own directory, socket, containerd, network and mount namespaces. Nothing of it is seen by
 * another engine on this host, and nothing of it is left after `close()`, nor when the test is killed.
 */
export interface DockerHost extends ImageMaker {
  readonly directory: string
  readonly socketPath: string
  /** What DOCKER_HOST has to be. */
  readonly url: string
  readonly dataRoot: string
  readonly api: EngineApi
  /** An address of this host that the engine and its containers reach; registries listen here. */
  readonly address: string
  /** The engine's side: published ports are at this address, as seen from here. */
  readonly engineAddress: string
  pid(): number
  /** What dockerd has written so far. */
  log(): string
  /** Starts it where it was stopped or killed, and resolves when it answers. */
  start(): Promise<void>
  /** SIGTERM, and resolves when it is gone. Without live restore that stops its containers. */
  stop(): Promise<void>
  /** SIGKILL, and resolves when it is gone. Its containers run on. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** What happened since a moment (seconds since 1970), oldest first; of the last 256 events, which is all it remembers. */
  events(since: number, type?: 'container' | 'image' | 'network' | 'volume'): Promise<readonly EngineJson[]>
  /** The engine's clock now, for `events`. */
  now(): Promise<number>
  /** Runs a program where the engine's network is, and gives what it prints. */
  inNetwork(command: readonly string[]): string
  /** Removes every container, network and volume, so that the next test finds no other's. Images stay. */
  clear(): Promise<void>
  /** The same with all images. */
  empty(): Promise<void>
  /** What has to be closed before the engine is. */
  closeFirst(close: () => Promise<void>): void
  close(): Promise<void>
}

export interface ImageMaker {
  /** Makes an image of busybox and what is given; gives its id. Each call makes a new id, also for the same name. */
  importImage(name: string, content?: ImageContent): Promise<string>
}

export interface ImageContent {
  readonly cmd?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
  /** As in a Dockerfile, behind HEALTHCHECK: `--interval=1s CMD true`. */
  readonly healthcheck?: string
  readonly volumes?: readonly string[]
  readonly expose?: readonly string[]
  readonly user?: string
  readonly workingDir?: string
  readonly stopSignal?: string
  readonly files?: readonly TarEntry[]
  /** Bytes that cannot be compressed, in a file of their own, so that a pull takes as long. */
  readonly sizeBytes?: number
}

export interface DockerHostOptions {
  /** Containers live on while dockerd is away. */
  readonly isLiveRestore?: boolean
  /** The data root is a file system of this size. */
  readonly diskBytes?: number
  /** Further keys of daemon.json. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** Why there can be no engine here; false: there can. */
export const noDocker: string | false = whyNot()

function whyNot(): string | false {
  if (process.geteuid?.() !== 0) return 'only root can start an engine'
  const missing = ['dockerd', 'docker-registry', 'busybox', 'unshare', 'nsenter', 'ip'].filter((name) => !has(name))
  return missing.length === 0 ? false : `not installed: ${missing.join(', ')}; scripts/test-deps`
}

function has(program: string): boolean {
  return `${process.env.PATH}:/usr/sbin:/sbin`.split(delimiter).some((folder) => existsSync(join(folder, program)))
}

export async function startDockerHost(options: DockerHostOptions = {}): Promise<DockerHost> {
  const directory = mkdtempSync(join(tmpdir(), 'hf-docker-'))
  const dataRoot = join(directory, 'data')
  mkdirSync(dataRoot)
  // Before the namespaces, which have what was mounted until then.
  if (options.diskBytes !== undefined) mountDisk(dataRoot, join(directory, 'disk'), options.diskBytes)
  const guardian = await startGuardian(directory)
  try {
    const link = connect(guardian.holder)
    writeFileSync(join(directory, 'daemon.json'), JSON.stringify(configOf(options)))
    const host = createHost({ directory, dataRoot, guardian, ...link })
    await host.start()
    return host
  } catch (error) {
    await guardian.close()
    throw error
  }
}

function configOf({ isLiveRestore = false, config = {} }: DockerHostOptions): Readonly<Record<string, unknown>> {
  return {
    'live-restore': isLiveRestore,
    'insecure-registries': ['198.18.0.0/15'],
    // A container that ignores its signal must not hold up the end of the engine.
    'shutdown-timeout': 2,
    // Nor a registry that cannot be reached a pull: by itself the engine tries for a minute.
    'max-download-attempts': 1,
    ...config,
  }
}

// ---- the namespaces and what ends with them ------------------------------------------------------------------

interface Guardian {
  /** A process in the namespaces of the engine. */
  readonly holder: number
  /** Ends everything; resolves when nothing is left. */
  close(): Promise<void>
}

async function startGuardian(directory: string): Promise<Guardian> {
  const script = join(import.meta.dirname, 'guardian.sh')
  // A group of its own: Ctrl-C goes to the test, and the end of the test to the guardian.
  const child = spawn('sh', [script, directory], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  const ended = once(child, 'exit')
  const said = await linesOf(child, 2)
  const holder = Number(said.find((line) => line !== 'ready'))
  assert.ok(said.includes('ready') && holder > 0, `no namespaces for an engine: ${said}`)
  child.unref()
  child.stdout.destroy()
  let closing: Promise<unknown> | null = null
  return {
    holder,
    async close() {
      if (closing === null) child.stdin.end()
      closing ??= ended
      child.ref()
      await closing
      assert.ok(!existsSync(directory), `the engine's directory could not be removed: ${directory}`)
    },
  }
}

async function linesOf(child: ChildProcess, count: number): Promise<readonly string[]> {
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout! })
  for await (const line of reader) if (lines.push(line) === count) break
  return lines
}

function mountDisk(place: string, image: string, sizeBytes: number): void {
  closeSync(openSync(image, 'w'))
  execFileSync('truncate', ['-s', String(sizeBytes), image])
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image], { stdio: 'pipe' })
  execFileSync('mount', ['-o', 'loop', image, place], { stdio: 'pipe' })
}

/** A cable between this host and the engine's network. It goes with the namespace. */
function connect(holder: number): { readonly address: string; readonly engineAddress: string } {
  // 198.18.0.0/15 is for measurements of networks (RFC 2544), so it is nobody's; each process number has its own four.
  const base = (holder % 32_768) * 4
  const addressOf = (host: number): string =>
    `198.${18 + Math.floor((base + host) / 65_536)}.${Math.floor((base + host) / 256) % 256}.${(base + host) % 256}`
  const [address, engineAddress] = [addressOf(1), addressOf(2)]
  const name = `hft${holder}`
  const run = (program: string, ...words: string[]): void => void execFileSync(program, words, { stdio: 'pipe' })
  run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(holder))
  run('ip', 'address', 'add', `${address}/30`, 'dev', name)
  run('ip', 'link', 'set', name, 'up')
  const inside = ['-t', String(holder), '--net', 'ip']
  run('nsenter', ...inside, 'address', 'add', `${engineAddress}/30`, 'dev', 'cable')
  run('nsenter', ...inside, 'link', 'set', 'cable', 'up')
  return { address, engineAddress }
}

// ---- dockerd ---------------------------------------------------------------------------------------------------

interface Place {
  readonly directory: string
  readonly dataRoot: string
  readonly guardian: Guardian
  readonly address: string
  readonly engineAddress: string
}

function createHost({ directory, dataRoot, guardian, address, engineAddress }: Place): DockerHost {
  const socketPath = join(directory, 'docker.sock')
  const logPath = join(directory, 'dockerd.log')
  const api = createEngineApi(socketPath)
  const others: (() => Promise<void>)[] = []
  let child: ChildProcess | null = null
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (child === null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    child = null
  }
  const host: DockerHost = {
    directory,
    dataRoot,
    socketPath,
    url: `unix://${socketPath}`,
    api,
    address,
    engineAddress,
    pid() {
      assert.ok(child !== null, 'dockerd is not running')
      return child.pid!
    },
    log: () => readFileSync(logPath, 'utf8'),
    async start() {
      assert.equal(child, null, 'dockerd is running already')
      const started = launch({ directory, dataRoot, socketPath, logPath, holder: guardian.holder })
      child = started
      await until('dockerd to answer', async () => {
        assert.equal(started.exitCode ?? started.signalCode, null, `dockerd ended:\n${host.log().slice(-4_000)}`)
        return (await api.get('/_ping').catch(() => null)) === 'OK'
      })
    },
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL')
      // containerd died of it, but one that nobody has buried yet would be taken for a living one.
      rmSync(join(directory, 'exec/containerd/containerd.pid'), { force: true })
    },
    async restart() {
      await host.stop()
      await host.start()
    },
    async now() {
      return Date.parse((await api.get('/info')).SystemTime) / 1000
    },
    async events(since, type) {
      const filters = type === undefined ? {} : { type: [type] }
      const query = new URLSearchParams({
        since: since.toFixed(9),
        until: (await host.now()).toFixed(9),
        filters: JSON.stringify(filters),
      })
      return await progressOf(await api.stream({ method: 'GET', path: `/events?${query}` }))
    },
    inNetwork: ([program, ...words]) =>
      execFileSync('nsenter', ['-t', String(guardian.holder), '--net', program!, ...words], { encoding: 'utf8' }),
    importImage: (name, content) => importImage(api, name, content),
    clear: () => clear(api),
    async empty() {
      await clear(api)
      const images: EngineJson[] = await api.get('/images/json')
      for (const { Id } of images) await api.remove(`/images/${Id}?force=1`)
    },
    closeFirst: (close) => void others.push(close),
    async close() {
      child = null
      await Promise.all(others.map((close) => close()))
      await guardian.close()
    },
  }
  return host
}

interface Launch {
  readonly directory: string
  readonly dataRoot: string
  readonly socketPath: string
  readonly logPath: string
  readonly holder: number
}

function launch({ directory, dataRoot, socketPath, logPath, holder }: Launch): ChildProcess {
  const output = openSync(logPath, 'a')
  const words = [
    ...['--config-file', join(directory, 'daemon.json'), '--host', `unix://${socketPath}`],
    ...['--data-root', dataRoot, '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'dockerd.pid')],
    // By this name the guardian finds what is left of the containers.
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', `/${directory.split('/').at(-1)}`],
  ]
  const child = spawn('nsenter', ['-t', String(holder), '--net', '--mount', '--', 'dockerd', ...words], {
    stdio: ['ignore', output, output],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    detached: true,
  })
  closeSync(output)
  return child
}

// ---- what is in it ---------------------------------------------------------------------------------------------

async function importImage(api: EngineApi, name: string, content: ImageContent = {}): Promise<string> {
  const [repo, tag = 'latest'] = splitReference(name)
  const query = new URLSearchParams({ fromSrc: '-', repo, tag })
  for (const change of changesOf(content)) query.append('changes', change)
  await progressOf(
    await api.stream({
      method: 'POST',
      path: `/images/create?${query}`,
      headers: { 'content-type': 'application/x-tar' },
      body: tarOf(filesOf(content)),
    }),
  )
  return (await api.get(`/images/${name}/json`)).Id
}

/** `host:5000/name:tag` to name and tag: a colon before the last slash belongs to the host. */
export function splitReference(name: string): readonly [repo: string, tag: string | undefined] {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  return colon === -1 ? [name, undefined] : [name.slice(0, colon), name.slice(colon + 1)]
}

/** The words of a Dockerfile, as the engine takes them with an import. */
function changesOf(content: ImageContent): readonly string[] {
  const { cmd = ['sh', '-c', 'trap exit TERM; while :; do sleep 3600 & wait; done'], env = {}, labels = {} } = content
  const { entrypoint, healthcheck, volumes = [], expose = [], user, workingDir, stopSignal } = content
  return [
    `CMD ${JSON.stringify(cmd)}`,
    'ENV PATH=/bin',
    ...(entrypoint === undefined ? [] : [`ENTRYPOINT ${JSON.stringify(entrypoint)}`]),
    ...Object.entries(env).map(([key, value]) => `ENV ${key}=${JSON.stringify(value)}`),
    ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`),
    ...(healthcheck === undefined ? [] : [`HEALTHCHECK ${healthcheck}`]),
    ...volumes.map((path) => `VOLUME ${path}`),
    ...expose.map((port) => `EXPOSE ${port}`),
    ...(user === undefined ? [] : [`USER ${user}`]),
    ...(workingDir === undefined ? [] : [`WORKDIR ${workingDir}`]),
    ...(stopSignal === undefined ? [] : [`STOPSIGNAL ${stopSignal}`]),
  ]
}

let busybox: readonly TarEntry[] | null = null

function filesOf({ files = [], sizeBytes = 0 }: ImageContent): readonly TarEntry[] {
  busybox ??= filesOfBusybox()
  const ballast = sizeBytes === 0 ? [] : [{ path: 'ballast', content: randomBytes(sizeBytes) }]
  return [...busybox, ...files, ...ballast]
}

function filesOfBusybox(): readonly TarEntry[] {
  const applets = execFileSync('busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')
  return [
    { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    ...applets.filter((name) => name !== 'busybox').map((name) => ({ path: `bin/${name}`, link: 'busybox' })),
    { path: 'etc/passwd', content: 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' },
    { path: 'etc/group', content: 'root:x:0:\nnogroup:x:65534:\n' },
    { path: 'tmp/.keep', content: '' },
  ]
}

async function clear(api: EngineApi): Promise<void> {
  const containers: EngineJson[] = await api.get('/containers/json?all=1')
  await Promise.all(containers.map(({ Id }) => api.remove(`/containers/${Id}?force=1&v=1`)))
  await api.post('/networks/prune')
  const { Volumes }: { Volumes: EngineJson[] | null } = await api.get('/volumes')
  await Promise.all((Volumes ?? []).map(({ Name }) => api.remove(`/volumes/${Name}?force=1`)))
}
