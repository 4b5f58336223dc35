import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareContainer } from '../../src/core/containers/compare.ts'
import type {
  ContainerSettings,
  ContainerSpec,
  EngineContainer,
  EngineEvent,
  EngineImage,
  EngineLook,
  EngineNews,
  EngineStep,
  NetworkSpec,
  VolumeSpec,
} from '../../src/core/containers/model.ts'
import type { Event, Step } from '../../src/core/model.ts'
import { plainSettings } from '../../src/core/target/plain-container.ts'
import type { Post } from '../../src/engine/ports.ts'

/** What a container of the contract does once it is started. */
export type ContainerBehaviour =
  /** Lives until SIGTERM ends it with `stopCode`. */
  | 'lives'
  /** Ends by itself soon, with code 3. */
  | 'exits'
  /** Its image has a healthcheck, which passes at once. */
  | 'is-healthy'
  /** Its command is not there. */
  | 'cannot-start'

/** One engine, empty but for the image `there`, and one driver of it. */
export interface ContainerEngineHarness {
  /** The driver's outcomes and news go to `post`. */
  open(post: Post): void
  perform(steps: readonly Step[], post: Post): void
  readonly images: {
    /** The engine has it. */
    readonly there: string
    /** Only a registry has it. */
    readonly published: string
    /** Nobody has it. */
    readonly nowhere: string
  }
  /** The image of those that behave so; the engine has it. */
  imageOf(behaviour: ContainerBehaviour): string
  settingsOf(behaviour: ContainerBehaviour): Partial<ContainerSettings>
  /** The exit code of `lives` after SIGTERM. */
  readonly stopCode: number
  /** Resolves when `lives` acts on SIGTERM: it may have started before it does. */
  untilItListens(id: string): Promise<void>
  /** A path on the host that nothing is at. */
  file(name: string): string
  /** What a person does, or sees, past the driver. */
  readonly byHand: {
    /** A running container that nobody marked; its id. */
    run(name: string, labels: Readonly<Record<string, string>>): Promise<string>
    start(id: string): Promise<void>
    /** With SIGKILL. */
    kill(id: string): Promise<void>
    pause(id: string): Promise<void>
    unpause(id: string): Promise<void>
    rename(id: string, name: string): Promise<void>
    remove(id: string): Promise<void>
    /** `running` …; null: there is none of that id or name. */
    stateOf(container: string): Promise<string | null>
    /** The id of what the reference means; null: nothing. */
    imageId(reference: string): Promise<string | null>
    networks(): Promise<readonly string[]>
    volumes(): Promise<readonly string[]>
    makeFile(file: string): Promise<void>
    hasFile(file: string): Promise<boolean>
    stopEngine(): Promise<void>
    startEngine(): Promise<void>
  }
  /** Lets what is due happen until `isDone` holds: a real world only waits, a simulated one moves its time on. */
  settle(isDone: () => boolean): Promise<void>
  close(): Promise<void>
}

type Make = () => Promise<ContainerEngineHarness>
type Outcome = Extract<EngineEvent, { kind: 'engine-done' | 'engine-failed' }>
type OutcomeStep = Exclude<EngineStep, { kind: 'observe-engine' }>
type Look = Extract<EngineEvent, { kind: 'engine-observed' }>

const limit = { timeout: 60_000 }

/** Registers the promises of container drivers as tests over one of them. */
export function containerEngineContract(name: string, make: Make): void {
  const test = (promise: string, body: (world: World) => Promise<void>): void => {
    it(promise, limit, async () => {
      const world = await openWorld(make)
      try {
        await body(world)
      } finally {
        await world.harness.close()
      }
    })
  }
  describe(`container engine contract: ${name}`, () => {
    containers(test)
    runs(test)
    resources(test)
    looks(test)
    files(test)
  })
}

type Test = (promise: string, body: (world: World) => Promise<void>) => void

// ---- containers -------------------------------------------------------------------------------------------------

function containers(test: Test): void {
  test('a container is made once, with the marks of its unit, and is not started', async (world) => {
    const container = await world.create('web', 'lives')
    assert.deepEqual([container.name, container.unit, container.state], ['web', 'a/web/1', 'created'])
    assert.deepEqual([container.pid, container.startedAt], [0, ''])
    assert.equal(await world.harness.byHand.stateOf('web'), 'created')
  })

  test('what was made is told back as it was declared', async (world) => {
    const settings: Partial<ContainerSettings> = {
      environment: { LEVEL: 'high' },
      labels: { tier: 'front' },
      hostname: 'host',
      restart: { name: 'on-failure', retriesMax: 3 },
      capAdd: ['NET_ADMIN'],
      sysctls: { 'net.core.somaxconn': '100' },
      memoryBytes: 64 * 1024 * 1024,
      stopSignal: 'SIGINT',
      stopGraceMs: 2_000,
      mounts: [{ kind: 'tmpfs', target: '/scratch', sizeBytes: 1_048_576, mode: null, options: '' }],
    }
    const spec = world.spec('web', 'lives', settings)
    const image = await world.image(spec.image)
    const outcome = await world.outcome(world.createStep(spec))
    const container = theContainer(outcome)
    const same = compareContainer({ spec, container, image, madeFrom: image, containers: {} })
    assert.deepEqual(same, [])
    assert.equal(container.settings.environment.LEVEL, 'high')
    assert.equal(container.settings.labels.tier, 'front')
    assert.equal(container.settings.memoryBytes, 64 * 1024 * 1024)
  })

  test('without its image none is made', async (world) => {
    const spec = { ...world.spec('web', 'lives'), image: world.harness.images.nowhere }
    const step = { ...world.createStep(spec), imageId: `sha256:${'0'.repeat(64)}` }
    assert.equal(failed(await world.outcome(step)).code, 'NOT_FOUND')
    assert.equal(await world.harness.byHand.stateOf('web'), null)
  })

  test('a creation whose answer was lost is done by the one that was made', async (world) => {
    const spec = world.spec('web', 'lives')
    const first = theContainer(await world.outcome(world.createStep(spec)))
    const again = await world.outcome(world.createStep(spec))
    assert.equal(again.kind, 'engine-done')
    assert.equal(theContainer(again).id, first.id)
  })

  test("a name that somebody else's container has is refused, and that one is let be", async (world) => {
    const other = await world.harness.byHand.run('web', {})
    assert.equal(failed(await world.outcome(world.createStep(world.spec('web', 'lives')))).code, 'CONFLICT')
    assert.equal(await world.harness.byHand.stateOf(other), 'running')
  })

  test('a container is renamed, also twice, but not to a name that is taken', async (world) => {
    const { id } = await world.create('web', 'lives')
    await world.create('other', 'lives')
    for (let times = 0; times < 2; times++) {
      assert.equal(
        theContainer(await world.done({ kind: 'rename-container', ...about('web'), id, name: 'web2' })).name,
        'web2',
      )
    }
    const refused = await world.outcome({ kind: 'rename-container', ...about('web'), id, name: 'other' })
    assert.equal(failed(refused).code, 'CONFLICT')
    assert.equal(await world.harness.byHand.stateOf('web2'), 'created')
  })

  test('what the engine can change in place is changed', async (world) => {
    const { id } = await world.create('web', 'lives')
    const settings = {
      restart: { name: 'always', retriesMax: 0 },
      memoryBytes: 32 * 1024 * 1024,
      memorySwapBytes: -1,
    } as const
    const container = theContainer(await world.done({ kind: 'update-container', ...about('web'), id, settings }))
    assert.deepEqual([container.settings.restart.name, container.settings.memoryBytes], ['always', 32 * 1024 * 1024])
  })

  test('what runs is not removed unless it is forced, and what is gone is removed', async (world) => {
    const { id } = await world.run('web', 'lives')
    const remove = (isForced: boolean) => ({ kind: 'remove-container', ...about('web'), id, isForced }) as const
    assert.equal(failed(await world.outcome(remove(false))).code, 'CONFLICT')
    assert.equal(await world.harness.byHand.stateOf(id), 'running')
    for (let times = 0; times < 2; times++) {
      assert.deepEqual((await world.done(remove(true))).news.containersGone, [id])
    }
    assert.equal(await world.harness.byHand.stateOf(id), null)
  })

  test('each of many steps has one outcome', async (world) => {
    const names = Array.from({ length: 12 }, (_, index) => `c${index}`)
    const outcomes = await world.outcomes(names.map((name) => world.createStep(world.spec(name, 'lives'))))
    assert.equal(outcomes.filter(({ kind }) => kind === 'engine-done').length, 12)
    const removals = outcomes.map((outcome, index): OutcomeStep => {
      const { id } = theContainer(outcome)
      return { kind: 'remove-container', ...about(names[index]!), id, isForced: false }
    })
    await world.outcomes(removals)
    for (const name of names) assert.equal(world.outcomesOf(about(name).resource).length, 2)
  })
}

// ---- their runs -------------------------------------------------------------------------------------------------

function runs(test: Test): void {
  test('a container is started once, and a later start tells a later time', async (world) => {
    const first = await world.run('web', 'exits')
    assert(first.startedAt !== '' && first.pid > 0)
    await world.until(() => world.known(first.id)?.state === 'exited')
    const second = theContainer(await world.done(startStep('web', first.id)))
    assert(Date.parse(second.startedAt) >= Date.parse(first.startedAt) && second.startedAt !== first.startedAt)
  })

  test('starting what runs changes nothing', async (world) => {
    const { id, startedAt } = await world.run('web', 'lives')
    assert.equal(theContainer(await world.done(startStep('web', id))).startedAt, startedAt)
  })

  test('a start that fails leaves the container, with the reason', async (world) => {
    const { id } = await world.create('web', 'cannot-start')
    const outcome = await world.outcome(startStep('web', id))
    assert.notEqual(failed(outcome).message, '')
    const { state, error, exitCode } = theContainer(outcome)
    assert(state === 'created' && error !== '' && exitCode !== 0)
  })

  test('an end is told with its code and its time, and then what the container is like', async (world) => {
    const { id, startedAt } = await world.run('web', 'exits')
    const death = await world.death(id)
    assert.equal(death.exitCode, 3)
    await world.until(() => world.known(id)?.state === 'exited')
    const { exitCode, finishedAt } = world.known(id)!
    assert.equal(exitCode, 3)
    assert(Date.parse(finishedAt) >= Date.parse(startedAt) && Date.parse(death.at) >= Date.parse(startedAt))
  })

  test('a signal ends a container, and the engine does not start it again', async (world) => {
    const { id } = await world.run('web', 'lives', { restart: { name: 'always', retriesMax: 0 } })
    await world.harness.untilItListens(id)
    assert.equal(await world.signal('web', id, 'TERM'), 'sent')
    assert.equal((await world.death(id)).exitCode, world.harness.stopCode)
    await world.until(() => world.known(id)?.state === 'exited')
  })

  test('a kill is told as 137', async (world) => {
    const { id } = await world.run('web', 'lives')
    assert.equal(await world.signal('web', id, 'KILL'), 'sent')
    assert.equal((await world.death(id)).exitCode, 137)
  })

  test('a signal finds nobody where nothing runs, or nothing is', async (world) => {
    const { id } = await world.create('web', 'lives')
    assert.equal(await world.signal('web', id, 'TERM'), 'gone')
    assert.equal(await world.signal('web', 'f'.repeat(64), 'TERM'), 'gone')
  })

  test('the engine starts again by its policy, and each end of it is told', async (world) => {
    const { id, startedAt } = await world.run('web', 'exits', { restart: { name: 'always', retriesMax: 0 } })
    await world.until(() => world.deaths(id).length >= 2)
    await world.until(() => world.known(id)!.restartCount >= 1 && world.known(id)!.startedAt !== startedAt)
  })

  test('between two runs of its own the engine is kept from the next one', async (world) => {
    const { id } = await world.run('web', 'exits', { restart: { name: 'always', retriesMax: 0 } })
    await world.until(() => world.known(id)?.state === 'restarting')
    const container = theContainer(await world.done({ kind: 'stop-container', ...about('web'), id }))
    // It may have begun just before: then it ends, and does not come back.
    if (container.state !== 'exited') await world.until(() => world.known(id)?.state === 'exited')
    assert.equal(await world.harness.byHand.stateOf(id), 'exited')
  })

  test('what a person does to a container is told', async (world) => {
    const { id, startedAt } = await world.run('web', 'lives')
    const { byHand } = world.harness
    await byHand.pause(id)
    await world.until(() => world.known(id)?.state === 'paused')
    await byHand.unpause(id)
    await world.until(() => world.known(id)?.state === 'running')
    await byHand.rename(id, 'renamed')
    await world.until(() => world.known(id)?.name === 'renamed')
    await byHand.kill(id)
    await world.until(() => world.known(id)?.state === 'exited' && world.deaths(id).length === 1)
    await byHand.start(id)
    await world.until(() => world.known(id)?.state === 'running' && world.known(id)?.startedAt !== startedAt)
    await byHand.remove(id)
    await world.until(() => world.isGone(id))
  })

  test('what the healthcheck says is told', async (world) => {
    const { id } = await world.run('web', 'is-healthy')
    await world.until(() => world.known(id)?.health?.status === 'healthy')
    assert.equal(world.known(id)!.health!.failures, 0)
  })
}

// ---- images, networks, volumes ------------------------------------------------------------------------------------

function resources(test: Test): void {
  const networkSpec = (engineName: string): NetworkSpec => ({
    ...{ engineName, isExternal: false, driver: null, driverOpts: {}, isInternal: false, isAttachable: false },
    ...{ enableIpv6: false, isConfigOnly: false, ipam: null, labels: { of: 'contract' } },
  })
  const volumeSpec = (engineName: string): VolumeSpec => ({
    ...{ engineName, isExternal: false, driver: null, driverOpts: {}, labels: { of: 'contract' } },
  })

  test('an image is pulled, and told with what its containers have from it', async (world) => {
    const { published } = world.harness.images
    const step = {
      kind: 'pull',
      resource: `image:${published}`,
      image: published,
      platform: null,
      bytesExpected: 0,
    } as const
    const { news } = await world.done({ ...step, why: 'contract' })
    const image = news.images?.find(({ reference }) => reference === published)?.image
    assert(image != null, 'it was told of')
    assert(image.tags.includes(published) && image.sizeBytes > 0)
    assert.equal(image.id, await world.harness.byHand.imageId(published))
  })

  test('what nobody has cannot be pulled', async (world) => {
    const { nowhere } = world.harness.images
    const step = {
      kind: 'pull',
      resource: `image:${nowhere}`,
      image: nowhere,
      platform: null,
      bytesExpected: 0,
    } as const
    assert.equal(failed(await world.outcome({ ...step, why: 'contract' })).code, 'NOT_FOUND')
  })

  test('an image is removed by its reference, unless that means another by now or a container is made from it', async (world) => {
    const { there } = world.harness.images
    const { id: imageId } = await world.image(there)
    const remove = { kind: 'remove-image', resource: `image:${there}`, image: there, imageId, why: 'contract' } as const
    await world.done({ ...remove, imageId: `sha256:${'0'.repeat(64)}` })
    assert.equal(await world.harness.byHand.imageId(there), imageId)
    const spec = { ...world.spec('web', 'lives'), image: there }
    const { id } = theContainer(await world.done({ ...world.createStep(spec), imageId }))
    assert.equal(failed(await world.outcome(remove)).code, 'CONFLICT')
    await world.done({ kind: 'remove-container', ...about('web'), id, isForced: false })
    for (let times = 0; times < 2; times++) {
      assert.deepEqual((await world.done(remove)).news.images, [{ reference: there, image: null }])
    }
  })

  test('a network is made once and is ours, and goes once', async (world) => {
    const create: OutcomeStep = {
      kind: 'create-network',
      resource: 'network:net',
      spec: networkSpec('net'),
      why: 'contract',
    }
    const ids = [await world.done(create), await world.done(create)].map(({ news }) => news.networks?.[0]?.id)
    assert(ids[0] !== undefined && ids[0] === ids[1])
    const { networks } = await world.look({})
    const net = networks?.find(({ name }) => name === 'net')
    assert.deepEqual([net?.isOurs, net?.labels.of], [true, 'contract'])
    const remove: OutcomeStep = {
      kind: 'remove-network',
      resource: 'network:net',
      id: ids[0],
      name: 'net',
      why: 'contract',
    }
    for (let times = 0; times < 2; times++) assert.deepEqual((await world.done(remove)).news.networksGone, ['net'])
    assert(!(await world.harness.byHand.networks()).includes('net'))
  })

  test('a network that a running container has joined stays', async (world) => {
    const { news } = await world.done({
      kind: 'create-network',
      resource: 'network:net',
      spec: networkSpec('net'),
      why: '',
    })
    const id = news.networks![0]!.id
    const joined = { network: 'net', engineName: 'net', aliases: ['web'], ipv4: null, ipv6: null, linkLocalIps: [] }
    await world.run('web', 'lives', { networks: [{ ...joined, macAddress: null, driverOpts: {} }] })
    const outcome = await world.outcome({
      kind: 'remove-network',
      resource: 'network:net',
      id,
      name: 'net',
      why: 'contract',
    })
    failed(outcome)
    assert((await world.harness.byHand.networks()).includes('net'))
  })

  test('without its network no container is left behind', async (world) => {
    const joined = { network: 'net', engineName: 'missing', aliases: [], ipv4: null, ipv6: null, linkLocalIps: [] }
    const spec = world.spec('web', 'lives', { networks: [{ ...joined, macAddress: null, driverOpts: {} }] })
    const outcome = await world.outcome(world.createStep(spec))
    // Some engines look for it when the container is started.
    if (outcome.kind === 'engine-failed') {
      assert.equal(await world.harness.byHand.stateOf('web'), null)
      return
    }
    failed(await world.outcome(startStep('web', theContainer(outcome).id)))
    assert.equal(await world.harness.byHand.stateOf('web'), 'created')
  })

  test('a volume is made once and is ours, stays while a container has it, and goes once', async (world) => {
    const create: OutcomeStep = {
      kind: 'create-volume',
      resource: 'volume:data',
      spec: volumeSpec('data'),
      why: 'contract',
    }
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(
        (await world.done(create)).news.volumes?.map(({ name, isOurs }) => [name, isOurs]),
        [['data', true]],
      )
    }
    const mount = { kind: 'volume', volume: 'data', engineName: 'data', target: '/data', isReadOnly: false } as const
    const { id } = await world.create('web', 'lives', { mounts: [{ ...mount, isCopied: true, subpath: null }] })
    const remove: OutcomeStep = { kind: 'remove-volume', resource: 'volume:data', name: 'data', why: 'contract' }
    assert.equal(failed(await world.outcome(remove)).code, 'CONFLICT')
    assert((await world.harness.byHand.volumes()).includes('data'))
    await world.done({ kind: 'remove-container', ...about('web'), id, isForced: false })
    for (let times = 0; times < 2; times++) assert.deepEqual((await world.done(remove)).news.volumesGone, ['data'])
    assert(!(await world.harness.byHand.volumes()).includes('data'))
  })
}

// ---- looks ------------------------------------------------------------------------------------------------------

function looks(test: Test): void {
  test("a look at everything shows what is ours and what is to be taken over, and no other's containers", async (world) => {
    const { there, nowhere } = world.harness.images
    const { id } = await world.run('web', 'lives')
    const taken = await world.harness.byHand.run('theirs', { agent: 'old', of: 'web' })
    await world.harness.byHand.run('foreign', { agent: 'old' })
    const look = await world.look({ adopts: [{ agent: 'old', of: 'web' }], images: [there, nowhere] })
    assert.deepEqual(look.containers?.map((one) => one.id).toSorted(), [id, taken].toSorted())
    assert.equal(look.containers?.find((one) => one.id === taken)?.unit, null)
    assert.deepEqual(
      look.images.map(({ reference, image }) => [reference, image !== null]),
      [
        [there, true],
        [nowhere, false],
      ],
    )
    assert(look.networks !== null && look.volumes !== null && look.name !== '' && look.apiVersion !== '')
  })

  test('a look at images alone looks at nothing else', async (world) => {
    const { there } = world.harness.images
    const { containers, networks, volumes, images } = await world.look({ isEverything: false, images: [there] })
    assert.deepEqual([containers, networks, volumes, images.length], [null, null, null, 1])
  })

  test('while nobody answers steps fail and may be tried again, and it is told when somebody does', async (world) => {
    const { id } = await world.create('web', 'lives')
    await world.harness.byHand.stopEngine()
    await world.until(() => world.events.some(({ kind }) => kind === 'engine-doubt'))
    assert.equal(failed(await world.outcome(startStep('web', id))).retry, true)
    world.harness.perform([{ kind: 'observe-engine', look: everything, why: 'contract' }], world.post)
    await world.until(() => world.events.some(({ kind }) => kind === 'engine-observe-failed'))
    const before = world.events.length
    await world.harness.byHand.startEngine()
    await world.until(() => world.events.slice(before).some(({ kind }) => kind === 'engine-doubt'))
    assert.equal((await world.look({})).containers?.length, 1)
    assert.equal(theContainer(await world.done(startStep('web', id))).state, 'running')
  })
}

// ---- files ------------------------------------------------------------------------------------------------------

function files(test: Test): void {
  const lock = { resource: 'lock:a', app: 'a', why: 'contract' }

  test("locks are taken all or none, and somebody else's only by force", async (world) => {
    const { byHand } = world.harness
    const paths = [world.harness.file('first'), world.harness.file('second')]
    await byHand.makeFile(paths[1]!)
    const take = (isForced: boolean) => ({ kind: 'take-lock', ...lock, files: paths, isForced }) as const
    const { code, message } = failed(await world.outcome(take(false)))
    assert.deepEqual([code, message], ['LOCKED', paths[1]])
    assert.equal(await byHand.hasFile(paths[0]!), false)
    await world.done(take(true))
    await world.done(take(false))
    for (const path of paths) assert.equal(await byHand.hasFile(path), true)
    for (let times = 0; times < 2; times++) await world.done({ kind: 'release-lock', ...lock, files: paths })
    for (const path of paths) assert.equal(await byHand.hasFile(path), false)
  })

  test('a lock that somebody else made is not given back by us', async (world) => {
    const path = world.harness.file('theirs')
    await world.harness.byHand.makeFile(path)
    await world.done({ kind: 'release-lock', ...lock, files: [path] })
    assert.equal(await world.harness.byHand.hasFile(path), true)
  })

  test('a file is waited for and removed, but not for ever', async (world) => {
    const paths = [world.harness.file('done'), world.harness.file('also-done')]
    const wait = { kind: 'await-file', resource: 'hand-over:a/web/1', files: paths, why: 'contract' } as const
    assert.equal(failed(await world.outcome({ ...wait, timeoutMs: 50 })).code, 'TIMEOUT')
    world.harness.perform([{ ...wait, timeoutMs: 30_000 }], world.post)
    await world.harness.byHand.makeFile(paths[1]!)
    await world.until(() => world.outcomesOf(wait.resource).length === 2)
    assert.equal(world.outcomesOf(wait.resource)[1]?.kind, 'engine-done')
    assert.equal(await world.harness.byHand.hasFile(paths[1]!), false)
  })
}

// ---- the world of one test ----------------------------------------------------------------------------------------

const everything: EngineLook = { isEverything: true, adopts: [], images: [] }

interface World {
  readonly harness: ContainerEngineHarness
  /** All that was posted, in order. */
  readonly events: readonly Event[]
  readonly post: Post
  spec(name: string, behaviour: ContainerBehaviour, settings?: Partial<ContainerSettings>): ContainerSpec
  image(reference: string): Promise<EngineImage>
  createStep(spec: ContainerSpec): Extract<EngineStep, { kind: 'create-container' }>
  create(name: string, behaviour: ContainerBehaviour, settings?: Partial<ContainerSettings>): Promise<EngineContainer>
  run(name: string, behaviour: ContainerBehaviour, settings?: Partial<ContainerSettings>): Promise<EngineContainer>
  outcome(step: OutcomeStep): Promise<Outcome>
  outcomes(steps: readonly OutcomeStep[]): Promise<readonly Outcome[]>
  outcomesOf(resource: string): readonly Outcome[]
  /** It was not refused. */
  done(step: OutcomeStep): Promise<Outcome>
  signal(name: string, container: string, signal: string): Promise<string>
  look(look: Partial<EngineLook>): Promise<Look>
  /** As news told last. */
  known(id: string): EngineContainer | null
  isGone(id: string): boolean
  deaths(id: string): readonly Death[]
  death(id: string): Promise<Death>
  until(isDone: () => boolean): Promise<void>
}

type Death = Extract<EngineEvent, { kind: 'container-died' }>

async function openWorld(make: Make): Promise<World> {
  const harness = await make()
  const events: Event[] = []
  const post: Post = (event) => events.push(event)
  harness.open(post)
  const images = new Map<string, EngineImage>()
  const until = (isDone: () => boolean) => harness.settle(isDone)
  const outcomesOf = (resource: string) =>
    events.flatMap((event) => (isOutcome(event) && event.resource === resource ? [event] : []))

  const world: World = {
    harness,
    events,
    post,
    until,
    outcomesOf,
    spec(name, behaviour, settings = {}) {
      return {
        ...{ containerName: name, image: harness.imageOf(behaviour), platform: null, pull: 'missing', adopts: null },
        ...{ strategy: { kind: 'download-then-kill' }, lockFiles: [] },
        settings: { ...plainSettings, ...harness.settingsOf(behaviour), ...settings },
      }
    },
    async image(reference) {
      const { images: told } = await world.look({ isEverything: false, images: [reference] })
      const image = told[0]?.image
      assert(image != null, `${reference} is not there`)
      images.set(reference, image)
      return image
    },
    createStep(spec) {
      const imageId = images.get(spec.image)?.id ?? ''
      const unit = `a/${spec.containerName}/1`
      return {
        kind: 'create-container',
        ...about(spec.containerName),
        unit,
        spec,
        imageId,
        specHash: 'made',
        containers: {},
      }
    },
    async create(name, behaviour, settings) {
      const spec = world.spec(name, behaviour, settings)
      if (!images.has(spec.image)) await world.image(spec.image)
      return theContainer(await world.done(world.createStep(spec)))
    },
    async run(name, behaviour, settings) {
      const { id } = await world.create(name, behaviour, settings)
      return theContainer(await world.done(startStep(name, id)))
    },
    async outcomes(steps) {
      const before = events.length
      harness.perform(steps, post)
      const told = (step: OutcomeStep) =>
        events
          .slice(before)
          .filter(isOutcome)
          .find((one) => one.resource === step.resource)
      await until(() => steps.every((step) => told(step) !== undefined))
      return steps.map((step) => told(step)!)
    },
    outcome: async (step) => (await world.outcomes([step]))[0]!,
    async done(step) {
      const outcome = await world.outcome(step)
      assert.equal(outcome.kind, 'engine-done', outcome.kind === 'engine-failed' ? outcome.message : '')
      assert.equal(outcome.step, step.kind)
      return outcome
    },
    async signal(name, container, signal) {
      const before = events.length
      const step = {
        kind: 'signal',
        unit: `a/${name}/1`,
        run: 1,
        signal,
        scope: 'main',
        purpose: 'asked',
        container,
      } as const
      harness.perform([{ ...step, why: 'contract' }], post)
      const answer = () => events.slice(before).find(({ kind }) => kind === 'signalled' || kind === 'signal-failed')
      await until(() => answer() !== undefined)
      const told = answer()
      return told?.kind === 'signalled' ? told.outcome : `failed: ${told?.kind === 'signal-failed' ? told.message : ''}`
    },
    async look(look) {
      const before = events.length
      const find = () => events.slice(before).find((event) => event.kind === 'engine-observed')
      harness.perform([{ kind: 'observe-engine', look: { ...everything, ...look }, why: 'contract' }], post)
      await until(() => find() !== undefined)
      return find()!
    },
    known(id) {
      const told = events.flatMap((event) => newsOf(event)?.containers ?? []).filter((one) => one.id === id)
      return told.at(-1) ?? null
    },
    isGone: (id) => events.some((event) => newsOf(event)?.containersGone?.includes(id) === true),
    deaths: (id) => events.flatMap((event) => (event.kind === 'container-died' && event.id === id ? [event] : [])),
    async death(id) {
      await until(() => world.deaths(id).length > 0)
      return world.deaths(id)[0]!
    },
  }
  // The image of what is made most.
  for (const behaviour of ['lives', 'exits', 'is-healthy', 'cannot-start'] as const) {
    if (!images.has(harness.imageOf(behaviour))) await world.image(harness.imageOf(behaviour))
  }
  return world
}

function about(name: string): { readonly resource: string; readonly why: string } {
  return { resource: `container:a/${name}/1`, why: 'contract' }
}

function startStep(name: string, id: string): OutcomeStep {
  return { kind: 'start-container', ...about(name), unit: `a/${name}/1`, id }
}

function isOutcome(event: Event): event is Outcome {
  return event.kind === 'engine-done' || event.kind === 'engine-failed'
}

function newsOf(event: Event): EngineNews | null {
  return event.kind === 'engine-news' || isOutcome(event) ? event.news : null
}

function theContainer({ news }: Outcome): EngineContainer {
  const container = news.containers?.[0]
  assert(container !== undefined, `no container in ${JSON.stringify(news)}`)
  return container
}

function failed(outcome: Outcome): Extract<Outcome, { kind: 'engine-failed' }> {
  assert(outcome.kind === 'engine-failed', `${outcome.step} was done`)
  return outcome
}
