import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ContainersHome, withContainers } from './docker/bed.ts'
import { type EngineJson, progressOf } from './docker/engine-api.ts'
import { type DockerHost, noDocker, startDockerHost } from './docker/host.ts'
import { startRegistry } from './docker/registry.ts'
import { built, type CliResult, holdfast, runCli, withHome } from './harness.ts'
import { until } from './until.ts'

/** One engine makes bundles, the other one loads them: it reaches no registry, and has nothing but what they bring. */
describe('bundles', { skip: noDocker }, () => {
  let source: DockerHost
  let device: DockerHost
  /** `repo@sha256:…` of an image that the source has pulled. */
  let byDigest = ''

  before(async () => {
    await built()
    ;[source, device] = await Promise.all([startDockerHost(), startDockerHost({ diskBytes: 200 * 1024 * 1024 })])
    await source.importImage('shop/base:1', { sizeBytes: 1_000_000 })
    await addLayer(source, { from: 'shop/base:1', name: 'shop/web:1', command: 'echo -n one > /text' })
    await addLayer(source, { from: 'shop/base:1', name: 'shop/web:2', command: 'echo -n two > /text' })
    const zeros = 'dd if=/dev/zero of=/zeros bs=1M count=160'
    await addLayer(source, { from: 'shop/base:1', name: 'shop/large:1', command: zeros })
    byDigest = await pullByDigest(source)
  })
  after(async () => {
    await Promise.all([source?.close(), device?.close()])
  })

  /** A device with a daemon, and nothing in its engine; everything of it is gone afterwards. */
  function onDevice(name: string, body: (home: ContainersHome) => Promise<void>): void {
    test(name, async () => {
      try {
        await withHome((home) => body(withContainers(home, device)))
      } finally {
        await device.empty()
      }
    })
  }

  /** `holdfast bundle create` where the images are. */
  function create(home: ContainersHome, ...words: readonly string[]): Promise<CliResult> {
    const env = { PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory, DOCKER_HOST: source.url }
    return runCli(['bundle', 'create', ...words], { cwd: home.directory, env })
  }

  async function created(home: ContainersHome, name: string, ...words: readonly string[]): Promise<string> {
    const path = join(home.directory, name)
    const { code, stderr } = await create(home, ...words, '-o', path)
    assert.equal(code, 0, stderr)
    return path
  }

  async function load(home: ContainersHome, ...words: readonly string[]): Promise<CliResult> {
    const result = await home.cli('bundle', 'load', ...words)
    assert.equal(result.code, 0, `${result.stdout}${result.stderr}`)
    return result
  }

  onDevice(
    'what one engine has runs on another one without a registry, and the next bundle brings only what is new',
    async (home) => {
      await begin(home)
      const first = await created(home, 'one.bundle', stateFile(home, 'shop/web:1'))
      await load(home, '--wait', first)
      const { Id } = await home.untilContainer('shop/main')
      assert.equal(await read(home, 'shop/main'), 'one')
      assert.deepEqual(await imageNames(), ['shop/web:1'])

      const inventory = join(home.directory, 'device.json')
      assert.equal((await home.cli('bundle', 'inventory', '-o', inventory)).code, 0)
      const state = stateFile(home, 'shop/web:2')
      const byInventory = await created(home, 'two.bundle', state, '--base', inventory)
      const byBundle = await created(home, 'three.bundle', state, '--base', first)
      const whole = await created(home, 'four.bundle', state)
      // The base has 1 MB that cannot be compressed.
      assert.ok(statSync(whole).size > 1_000_000)
      for (const path of [byInventory, byBundle])
        assert.ok(statSync(path).size < 50_000, `${statSync(path).size} bytes`)

      await load(home, '--wait', byInventory)
      await home.untilContainer('shop/main', (one) => one.Id !== Id)
      assert.equal(await read(home, 'shop/main'), 'two')
      // What came with the first bundle is ours to remove.
      await until('the image of before to be removed', async () => (await imageNames()).join() === 'shop/web:2')
    },
  )

  onDevice(
    'an image that the target names by its digest is found by it, though no registry was asked',
    async (home) => {
      await begin(home)
      const path = await created(home, 'digest.bundle', stateFile(home, byDigest))
      await load(home, '--wait', path)
      assert.equal(await read(home, 'shop/main'), 'one')
      const [repo, digest] = byDigest.split('@')
      assert.deepEqual(await imageNames(), [`${repo}:${digest!.replace(':', '-')}`])
      assert.match((await home.cli('bundle', 'load', path)).stdout, /nothing changed/)
      // And goes, when something else takes its place.
      await load(home, '--wait', await created(home, 'next.bundle', stateFile(home, 'shop/web:2')))
      await until('it to be removed', async () => (await imageNames()).join() === 'shop/web:2')
    },
  )

  onDevice('what is broken off, damaged or not for this device is refused, and nothing has changed', async (home) => {
    await begin(home)
    const inventory = home.write('device.json', (await home.cli('bundle', 'inventory')).stdout)
    const whole = await created(home, 'whole.bundle', stateFile(home, 'shop/web:1'))
    const part = await created(home, 'part.bundle', stateFile(home, 'shop/web:2'), '--base', whole)
    const bytes = readFileSync(whole)
    const damaged = Buffer.from(bytes)
    damaged[bytes.length - 200_000]! ^= 1
    const cases: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
      short: [bytes.subarray(0, bytes.length - 300_000), /breaks off in the middle of "layers\//],
      shortest: [bytes.subarray(0, 100), /breaks off/],
      endless: [bytes.subarray(0, bytes.length - 1024), /breaks off: the end/],
      damaged: [damaged, /is damaged: layers\/.* is not what it was; copy the bundle again/],
      none: [Buffer.alloc(4096, 'x'), /is no tar archive/],
      lacking: [
        readFileSync(part),
        /1 layers are neither in it nor on this device \(of shop\/web:2: .*made for a device that has whole\.bundle/,
      ],
    }
    for (const [name, [content, message]] of Object.entries(cases)) {
      const path = join(home.directory, `${name}.bundle`)
      writeFileSync(path, content)
      const result = await home.cli('bundle', 'load', path)
      assert.deepEqual([name, result.code, result.stdout], [name, 1, ''], result.stderr)
      assert.match(result.stderr, message, name)
    }
    assert.equal((await home.cli('bundle', 'inspect', join(home.directory, 'damaged.bundle'))).code, 1)
    assert.equal((await home.cli('bundle', 'inspect', part)).code, 0)
    assert.deepEqual([await imageNames(), await home.api.units()], [[], []])
    assert.deepEqual(readdirSync(join(device.dataRoot, 'tmp')), [])
    assert.equal(existsSync(join(home.directory, 'state/balena/target.json')), false)
    assert.deepEqual(JSON.parse(readFileSync(inventory, 'utf8')).images, [])
  })

  onDevice('an apply that the daemon refuses takes the images back', async (home) => {
    await begin(home)
    await device.importImage('shop/base:1')
    const [before] = await device.api.get('/images/json')
    const path = await created(home, 'one.bundle', stateFile(home, 'shop/base:1', 'd0d0'))
    // From here on this device is another one.
    const applied = await home.cli('apply', stateFile(home, 'shop/base:1'))
    assert.equal(applied.code, 0, applied.stderr)
    const result = await home.cli('bundle', 'load', path)
    assert.equal(result.code, 6, result.stderr)
    assert.match(result.stderr, /this state is for d0d0, and this device is f00d/)
    assert.deepEqual(await imageNames(), ['shop/base:1'])
    assert.equal((await device.api.get('/images/shop/base:1/json')).Id, before.Id)
  })

  onDevice('a dry run looks at everything, tells what would change and changes nothing', async (home) => {
    await begin(home)
    const path = await created(home, 'one.bundle', stateFile(home, 'shop/web:1'))
    const dry = await home.cli('bundle', 'load', '--dry-run', path)
    assert.equal(dry.code, 7, dry.stderr)
    assert.match(dry.stdout, /shop\/main {2}added/)
    assert.match(dry.stderr, /1 image, 2 of 2 layers \(.*\) would be loaded/)
    assert.deepEqual([await imageNames(), await home.api.units()], [[], []])
    truncateSync(path, statSync(path).size - 600)
    assert.equal((await home.cli('bundle', 'load', '--dry-run', path)).code, 1)
  })

  onDevice(
    'Compose files come with all that they read and mount, beside what else is declared, through a pipe',
    async (home) => {
      const other = home.declare('other', { p: { command: ['sleep', 'infinity'] } })
      await home.begin([other])
      composeProject(home, 'shop/web:$VERSION')
      const path = await created(home, 'compose.bundle', join(home.directory, 'shop/compose.yaml'))
      const inspected = await home.cli('bundle', 'inspect', '--json', path)
      const { files } = JSON.parse(inspected.stdout)
      assert.deepEqual(files.map((file: EngineJson) => file.path).toSorted(), [
        'shop/.env',
        'shop/compose.yaml',
        'shop/token.txt',
        'shop/web.env',
      ])
      assert.equal((await home.cli('bundle', 'load', '--dry-run', path)).code, 7)
      const piped = execFileSync(
        'sh',
        ['-c', `cat ${path} | ${holdfast} --home ${home.directory} bundle load --wait - 2>&1`],
        { encoding: 'utf8' },
      )
      assert.match(piped, /shop\/web {2}added/)
      const { Id, Config } = await home.untilContainer('shop/web')
      assert.ok(Config.Env.includes('LEVEL=high'))
      assert.equal(await read(home, 'shop/web', '/run/secrets/token'), 'secret')
      assert.deepEqual((await home.api.units()).map(({ unit }) => unit).toSorted(), ['other/p/1', 'shop/web/1'])
      // The next one has fewer files, and the same directory.
      rmSync(join(home.directory, 'shop/.env'))
      composeProject(home, 'shop/web:2')
      await load(home, '--wait', await created(home, 'next.bundle', join(home.directory, 'shop/compose.yaml')))
      await home.untilContainer('shop/web', (one) => one.Id !== Id)
      assert.equal(await read(home, 'shop/web'), 'two')
      assert.equal(existsSync(join(home.directory, 'state/bundles/shop/.env')), false)
      assert.deepEqual((await home.api.info()).sources, [
        other,
        join(home.directory, 'state/bundles/shop/compose.yaml'),
      ])
    },
  )

  onDevice('killed while it loads it leaves nothing, and a repeat loads everything', async (home) => {
    await begin(home)
    const path = await created(home, 'one.bundle', stateFile(home, 'shop/web:1'))
    const bytes = readFileSync(path)
    const child = spawn(holdfast, ['--home', home.directory, 'bundle', 'load', '-'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.stdin.on('error', () => {})
    child.stdin.write(bytes.subarray(0, bytes.length - 300_000))
    await until('the engine to put it aside', () => readdirSync(join(device.dataRoot, 'tmp')).length > 0)
    child.kill('SIGKILL')
    await ended
    child.stdin.destroy()
    await until('the engine to forget it', () => readdirSync(join(device.dataRoot, 'tmp')).length === 0)
    assert.deepEqual([await imageNames(), await home.api.units()], [[], []])
    await load(home, '--wait', path)
    assert.equal(await read(home, 'shop/main'), 'one')
  })

  onDevice(
    'killed between two changes of the engine it is finished by a repeat, and the images are ours then',
    async (home) => {
      await begin(home)
      const one = await created(home, 'one.bundle', stateFile(home, 'shop/web:1'))
      const other = await created(home, 'two.bundle', stateFile(home, 'shop/base:1'))
      // Loaded; named; applied; and one of the names for the way is gone.
      for (const [at, crossing] of [3, 6, 7, 9].entries()) {
        const [path, name] = at % 2 === 0 ? [one, 'shop/web:1'] : [other, 'shop/base:1']
        assert.ok(await dies(home, path, crossing), `${crossing}`)
        await load(home, path)
        // The image of the bundle before was ours, whatever happened to that.
        await until(`${name} to be the only image`, async () => (await imageNames()).join() === name)
      }
      assert.ok(!(await dies(home, one, 11)))
    },
  )

  onDevice('where the disk has no room nothing is begun', async (home) => {
    await begin(home)
    const path = await created(home, 'large.bundle', stateFile(home, 'shop/large:1'))
    assert.ok(statSync(path).size < 3_000_000)
    const result = await home.cli('bundle', 'load', path)
    assert.equal(result.code, 1)
    assert.match(result.stderr, /it needs about 2\d\d.* MiB below .*\/data, and there are .* left; make room there/)
    assert.deepEqual(await imageNames(), [])
  })

  test('an image that the engine lacks is pulled, or named where that is not wanted', async () => {
    await withHome(async (plain) => {
      const home = withContainers(plain, device)
      const state = stateFile(home, 'shop/nowhere:1')
      const result = await create(home, state, '--no-pull', '-o', join(home.directory, 'a.bundle'))
      assert.equal(result.code, 1)
      assert.match(result.stderr, /the container engine here has no shop\/nowhere:1; pull it, or leave out --no-pull/)
      assert.deepEqual(
        readdirSync(home.directory).filter((name) => name.includes('a.bundle')),
        [],
      )
    })
  })

  /** Whether it died at its n-th crossing of a boundary: without one it came to its end. */
  async function dies(home: ContainersHome, path: string, crossing: number): Promise<boolean> {
    const env = { PATH: process.env.PATH, HOME: home.directory, HOLDFAST_HOME: home.directory }
    const child = spawn(holdfast, ['bundle', 'load', path], {
      env: { ...env, HOLDFAST_DIE_AT: String(crossing) },
      stdio: 'ignore',
    })
    const [code, signal] = await once(child, 'exit')
    assert.ok(code === 0 || signal === 'SIGKILL' || code === 137, `exit code ${code}`)
    return code !== 0
  }

  async function begin(home: ContainersHome): Promise<void> {
    const daemon = home.launch([], {
      environment: { DOCKER_HOST: device.url },
      // By itself it is one directory for all daemons of this host, and what another one left there holds back every change.
      arguments: ['--allow-empty', '--balena-locks', join(home.directory, 'locks')],
    })
    await until('the daemon to answer', async () => {
      assert.equal(daemon.ended(), null, home.stderr())
      return (await home.cli('ps')).code === 0
    })
  }

  async function imageNames(): Promise<readonly string[]> {
    const images: EngineJson[] = await device.api.get('/images/json')
    return images.flatMap(({ Id, RepoTags }) => RepoTags ?? [Id]).toSorted()
  }
})

function stateFile(home: ContainersHome, image: string, uuid = 'f00d'): string {
  const main = { id: 11, image_id: 21, image, environment: {}, labels: {}, composition: { stop_grace_period: '1s' } }
  const apps = { aaaa: { id: 1234, name: 'shop', releases: { beef: { id: 7, services: { main } } } } }
  return home.write('target.json', JSON.stringify({ [uuid]: { name: 'dev', config: {}, apps } }))
}

function composeProject(home: ContainersHome, image: string): void {
  mkdirSync(join(home.directory, 'shop'), { recursive: true })
  if (image.includes('$')) home.write('shop/.env', 'VERSION=1\n')
  home.write('shop/web.env', 'LEVEL=high\n')
  home.write('shop/token.txt', 'secret')
  const web = { image, env_file: 'web.env', secrets: ['token'], stop_grace_period: '1s' }
  home.write('shop/compose.yaml', JSON.stringify({ services: { web }, secrets: { token: { file: './token.txt' } } }))
}

/** A layer with what a command leaves, on top of an image. */
async function addLayer(
  { api }: DockerHost,
  { from, name, command }: { readonly from: string; readonly name: string; readonly command: string },
): Promise<void> {
  const { Id } = await api.post('/containers/create', { Image: from, Cmd: ['sh', '-c', command] })
  await api.post(`/containers/${Id}/start`)
  await api.post(`/containers/${Id}/wait`)
  const [repo = '', tag = ''] = name.split(':')
  const changes = 'CMD ["sh", "-c", "trap exit TERM; while :; do sleep 3600 & wait; done"]'
  await api.post(`/commit?${new URLSearchParams({ container: Id, repo, tag, changes })}`)
  await api.remove(`/containers/${Id}?force=1`)
}

/** The source knows it by its digest afterwards, and by no tag. */
async function pullByDigest(host: DockerHost): Promise<string> {
  const registry = await startRegistry(host)
  const name = await registry.push('shop/web:1')
  const repo = name.slice(0, name.lastIndexOf(':'))
  const pull = async (tag: string): Promise<void> => {
    const query = new URLSearchParams({ fromImage: repo, tag })
    await progressOf(await host.api.stream({ method: 'POST', path: `/images/create?${query}` }))
  }
  await pull('1')
  const { RepoDigests } = await host.api.get(`/images/${name}/json`)
  const reference: string = RepoDigests.find((one: string) => one.startsWith(repo))
  // With its last tag the digest goes too.
  await host.api.remove(`/images/${name}`)
  await pull(reference.slice(repo.length + 1))
  await registry.close()
  return reference
}

/** What the file of its upper layer says, or another one. */
async function read(home: ContainersHome, service: string, path = '/text'): Promise<string> {
  const { code, stdout, stderr } = await home.cli('exec', service, 'cat', path)
  assert.equal(code, 0, stderr)
  return stdout
}
