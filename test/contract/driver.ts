import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Event, Exit, Identity, Run, Step, UnitSpec } from '../../src/core/model.ts'
import type { Driver, RunHandle } from '../../src/engine/ports.ts'

/** What a unit of the contract does once it is started. */
export type Behaviour =
  /** Lives until a signal that it does not handle ends it, which every signal but CHLD, CONT, STOP does. */
  | { readonly kind: 'lives' }
  /** The same; its script for TERM deals with that, its script for HUP does not. */
  | { readonly kind: 'has-scripts' }
  /** Reads what another unit prints, to the end. */
  | { readonly kind: 'reads'; readonly unit: string }
  /** Prints to another unit. */
  | { readonly kind: 'prints'; readonly logger: string }
  | { readonly kind: 'exits'; readonly code: number }
  /** No process comes of it. */
  | { readonly kind: 'cannot-start' }

/** A world for one test. */
export interface DriverHarness {
  /** The driver in charge; another one after `restart`. */
  driver(): Driver
  spec(behaviour: Behaviour): UnitSpec
  /** As if the daemon had died: from now on a new driver is in charge of the same world, with nothing recovered yet. */
  restart(): void
  /** Lets what is due happen until `isDone` holds: a real world only waits, a simulated one moves its time on. */
  settle(isDone: () => boolean): Promise<void>
  close(): void
}

const limit = { timeout: 20_000 }

/** Registers the promises of the `Driver` port as tests over one driver. */
export function driverContract(name: string, makeHarness: () => DriverHarness): void {
  describe(`driver contract: ${name}`, () => {
    it('a spawned run is told once, and its end once and later', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'exits', code: 3 })])
        await world.until('exited', 1)
        assert.deepEqual(world.kinds(1), ['spawned', 'exited'])
        assert.deepEqual(exitOf(world, 1), { kind: 'code', code: 3 })
        await world.observed()
        assert.deepEqual(world.kinds(1), ['spawned', 'exited'])
      }),
    )

    it('a run ended by a signal says which', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'lives' })])
        await world.until('spawned', 1)
        world.perform([signal('a/b/1', 1, 'TERM')])
        await world.until('exited', 1)
        assert.deepEqual(world.kinds(1), ['spawned', 'signalled', 'exited'])
        assert.deepEqual(exitOf(world, 1), { kind: 'signal', signal: 'TERM', core: false })
      }),
    )

    it('a run that cannot start fails once, with a code and a message, and never exits', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'cannot-start' })])
        const event = await world.until('spawn-failed', 1)
        assert(event.kind === 'spawn-failed' && event.code !== '' && event.message !== '')
        await world.observed()
        assert.deepEqual(world.kinds(1), ['spawn-failed'])
      }),
    )

    it('each step of a turn has one outcome', limit, () =>
      inWorld(makeHarness, async (world) => {
        const runs = Array.from({ length: 20 }, (_, index) => index + 1)
        world.perform(runs.map((run) => world.spawn(`a/b/${run}`, run, { kind: 'lives' })))
        for (const run of runs) await world.until('spawned', run)
        world.perform(runs.map((run) => signal(`a/b/${run}`, run, 'KILL')))
        for (const run of runs) await world.until('exited', run)
        for (const run of runs) assert.deepEqual(world.kinds(run).toSorted(), ['exited', 'signalled', 'spawned'])
      }),
    )

    it('a signal to a run that is not alive finds it gone', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'exits', code: 0 })])
        await world.until('exited', 1)
        world.perform([signal('a/b/1', 1, 'TERM'), signal('never/was/1', 9, 'TERM')])
        for (const run of [1, 9]) {
          const event = await world.until('signalled', run)
          assert(event.kind === 'signalled')
          assert.equal(event.outcome, 'gone')
        }
      }),
    )

    it('a signal for an older run does not reach the newer one', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'exits', code: 0 })])
        await world.until('exited', 1)
        world.perform([world.spawn('a/b/1', 2, { kind: 'lives' }), signal('a/b/1', 1, 'KILL')])
        await world.until('signalled', 1)
        assert.deepEqual(await world.observed(), [{ unit: 'a/b/1', run: 2 }])
      }),
    )

    it('an observation lists exactly what lives', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([
          world.spawn('a/b/1', 1, { kind: 'lives' }),
          world.spawn('a/b/2', 2, { kind: 'exits', code: 0 }),
          world.spawn('a/b/3', 3, { kind: 'lives' }),
        ])
        await world.until('exited', 2)
        const alive = await world.observed()
        assert.deepEqual(
          alive.map((ref) => ref.run).toSorted((a, b) => a - b),
          [1, 3],
        )
      }),
    )

    it('pausing and continuing a run is told', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'lives' })])
        await world.until('spawned', 1)
        world.perform([signal('a/b/1', 1, 'STOP')])
        await world.until('paused', 1)
        world.perform([signal('a/b/1', 1, 'CONT')])
        await world.until('continued', 1)
      }),
    )

    it('the signal 0 sends nothing, and is sent where the run lives', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'lives' })])
        await world.until('spawned', 1)
        world.perform([signal('a/b/1', 1, '0'), signal('a/b/1', 2, '0')])
        assert.deepEqual(await outcomesOf(world, 1, 1), [['0', 'sent']])
        assert.deepEqual(await outcomesOf(world, 2, 1), [['0', 'gone']])
        assert.deepEqual(await world.observed(), [{ unit: 'a/b/1', run: 1 }])
      }),
    )

    it('a run whose input ends reads the rest and ends well, and can be started again', limit, () =>
      inWorld(makeHarness, async (world) => {
        const start = async (first: number) => {
          const reader = world.spawn('a/log/1', first, { kind: 'reads', unit: 'a/b/1' })
          const writer = world.spawn('a/b/1', first + 1, { kind: 'prints', logger: 'a/log/1' })
          world.perform([reader, writer])
          await world.until('spawned', first + 1)
          return { reader, identity: await identityOf(world, first) }
        }
        const end = async (first: number) => {
          world.perform([signal('a/b/1', first + 1, 'KILL')])
          await world.until('exited', first + 1)
          world.perform([signal('a/log/1', first, 'EOF')])
          await world.until('exited', first)
          assert.deepEqual(await outcomesOf(world, first, 1), [['EOF', 'sent']])
          assert.deepEqual(exitOf(world, first), { kind: 'code', code: 0 })
        }
        await start(1)
        await end(1)
        const { reader, identity } = await start(3)
        world.restart()
        // Its writer is found by its mark.
        await world.driver().recover([handle(reader, identity)])
        await end(3)
      }),
    )

    it('a signal with a script is sent only where that does not deal with it', limit, () =>
      inWorld(makeHarness, async (world) => {
        const step = world.spawn('a/b/1', 1, { kind: 'has-scripts' })
        world.perform([step])
        await world.until('spawned', 1)
        world.perform([withScript(step, 'TERM')])
        assert.deepEqual(await outcomesOf(world, 1, 1), [['TERM', 'handled']])
        assert.deepEqual(await world.observed(), [{ unit: 'a/b/1', run: 1 }])
        world.perform([withScript(step, 'HUP')])
        await world.until('exited', 1)
        assert.deepEqual((await outcomesOf(world, 1, 2))[1], ['HUP', 'sent'])
        assert.deepEqual(exitOf(world, 1), { kind: 'signal', signal: 'HUP', core: false })
        world.perform([withScript(step, 'TERM')])
        assert.deepEqual((await outcomesOf(world, 1, 3))[2], ['TERM', 'gone'])
      }),
    )

    it('signals of one run are answered in order, also behind a script', limit, () =>
      inWorld(makeHarness, async (world) => {
        const step = world.spawn('a/b/1', 1, { kind: 'has-scripts' })
        world.perform([step])
        await world.until('spawned', 1)
        world.perform([withScript(step, 'TERM'), signal('a/b/1', 1, '0'), withScript(step, 'TERM')])
        world.perform([signal('a/b/1', 1, 'CONT')])
        const answers = await outcomesOf(world, 1, 4)
        assert.deepEqual(
          answers.map(([name]) => name),
          ['TERM', '0', 'TERM', 'CONT'],
        )
        assert.deepEqual(
          answers.map(([, outcome]) => outcome),
          ['handled', 'sent', 'handled', 'sent'],
        )
      }),
    )

    it('a finish follows a start that failed', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'cannot-start' })])
        const failed = await world.until('spawn-failed', 1)
        assert(failed.kind === 'spawn-failed')
        const step = world.spawn('a/b/1', 2, { kind: 'exits', code: 0 })
        const { command } = step.spec.process
        const postStop = { command, timeoutMs: null, ignoreFailure: true, isFinish: true } as const
        const end = { kind: 'spawn-failed', run: 1, exit: null, message: failed.message, atWallMs: 0 } as const
        world.perform([
          { ...step, role: 'post', attempt: 1, end, spec: { ...step.spec, hooks: { preStart: null, postStop } } },
        ])
        await world.until('exited', 2)
        assert.deepEqual(world.kinds(2), ['spawned', 'exited'])
      }),
    )

    it('hooks are runs like any other', limit, () =>
      inWorld(makeHarness, async (world) => {
        for (const [run, role] of (['pre', 'post'] as const).entries()) {
          const step = world.spawn('a/b/1', run + 1, { kind: 'exits', code: run })
          const { command } = step.spec.process
          const hook = { command, timeoutMs: 1_000, ignoreFailure: false }
          world.perform([
            { ...step, role, attempt: 1, spec: { ...step.spec, hooks: { preStart: hook, postStop: hook } } },
          ])
          await world.until('exited', run + 1)
          assert.deepEqual(world.kinds(run + 1), ['spawned', 'exited'])
          assert.deepEqual(exitOf(world, run + 1), { kind: 'code', code: run })
        }
      }),
    )

    it('each probe is answered once, also when its run has ended meanwhile', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'lives' })])
        const run = storedRun(1, await identityOf(world, 1))
        const { spec } = world.spawn('a/b/1', 1, { kind: 'lives' })
        const probes = ([1, 2, 3] as const).map(
          (seq): Step => ({
            ...{ kind: 'probe', unit: 'a/b/1', run, attempt: 1, check: 'readiness', seq, spec, why: 'contract' },
            ...{ probe: { kind: 'exec', command: ['true'] }, timeoutMs: 10_000 },
          }),
        )
        world.perform([...probes.slice(0, 2), signal('a/b/1', 1, 'KILL')])
        await world.until('exited', 1)
        world.perform(probes.slice(2))
        for (const seq of [1, 2, 3]) await world.probed(seq)
        await world.observed()
        assert.equal(world.kinds(1).filter((kind) => kind === 'probed').length, 3)
      }),
    )

    it('how a recorded run ended is known after a restart', limit, () =>
      inWorld(makeHarness, async (world) => {
        const step = { ...world.spawn('a/b/1', 1, { kind: 'exits', code: 7 }), isRecorded: true }
        world.perform([step])
        const identity = await identityOf(world, 1)
        await world.until('exited', 1)
        assert.deepEqual(exitOf(world, 1), { kind: 'code', code: 7 })
        for (const known of [identity, null]) {
          world.restart()
          const [answer] = await world.driver().recover([handle(step, known)])
          assert(answer?.kind === 'exited')
          assert.deepEqual(answer.exit, { kind: 'code', code: 7 })
        }
      }),
    )

    it('facts are of live runs only', limit, () =>
      inWorld(makeHarness, async (world) => {
        world.perform([world.spawn('a/b/1', 1, { kind: 'lives' })])
        const run = storedRun(1, await identityOf(world, 1))
        assert((world.driver().facts(run, 'a/b/1')?.processes ?? 0) >= 1)
        world.perform([signal('a/b/1', 1, 'KILL')])
        await world.until('exited', 1)
        assert.equal(world.driver().facts(run, 'a/b/1'), null)
        assert.equal(world.driver().facts(storedRun(2, null), 'a/b/2'), null)
      }),
    )

    it('facts of many runs are those of each that lives', limit, () =>
      inWorld(makeHarness, async (world) => {
        const units = [1, 2, 3].map((n) => `a/b/${n}`)
        world.perform(units.map((unit, index) => world.spawn(unit, index + 1, { kind: 'lives' })))
        const runs: { readonly unit: string; readonly run: Run }[] = []
        for (const [index, unit] of units.entries()) {
          runs.push({ unit, run: storedRun(index + 1, await identityOf(world, index + 1)) })
        }
        world.perform([signal('a/b/2', 2, 'KILL')])
        await world.until('exited', 2)
        const never = { unit: 'a/b/4', run: storedRun(4, null) }
        const all = world.driver().factsOfAll([...runs, never])
        assert.deepEqual([...all.keys()], ['a/b/1', 'a/b/3'])
        for (const { unit, run } of runs) {
          const alone = world.driver().facts(run, unit)
          const { processes, pids } = all.get(unit) ?? { processes: 0, pids: [] }
          assert.deepEqual([processes, pids], [alone?.processes ?? 0, alone?.pids ?? []])
        }
      }),
    )

    it('after a restart each handle is answered once, and adopted runs report their end', limit, () =>
      inWorld(makeHarness, async (world) => {
        const lives = world.spawn('a/b/1', 1, { kind: 'lives' })
        const exits = world.spawn('a/b/2', 2, { kind: 'exits', code: 0 })
        const intended = world.spawn('a/b/3', 3, { kind: 'lives' })
        world.perform([lives, exits])
        await world.until('exited', 2)
        const identities = [await identityOf(world, 1), await identityOf(world, 2)]
        world.restart()
        const answers = await world
          .driver()
          .recover([handle(lives, identities[0] ?? null), handle(exits, identities[1] ?? null), handle(intended, null)])
        assert.deepEqual(
          answers.map((event) => [event.kind, 'run' in event ? event.run : null]),
          [
            ['adopted', 1],
            ['exited', 2],
            ['not-started', 3],
          ],
        )
        assert.deepEqual(answers[0]?.kind === 'adopted' && answers[0].identity, identities[0])
        assert.deepEqual(await world.observed(), [{ unit: 'a/b/1', run: 1 }])
        world.perform([signal('a/b/1', 1, 'TERM')])
        await world.until('exited', 1)
        assert.deepEqual(world.kinds(1), ['signalled', 'exited'])
      }),
    )

    it('what runs and is in no store is found as what it was started as', limit, () =>
      inWorld(makeHarness, async (world) => {
        for (const [index, role] of (['main', 'pre', 'post'] as const).entries()) {
          const [unit, run] = [`a/b/${index}`, index + 5]
          const step = world.spawn(unit, run, { kind: 'lives' })
          const { command } = step.spec.process
          const hook = { command, timeoutMs: 60_000, ignoreFailure: false }
          const spec = { ...step.spec, hooks: { preStart: hook, postStop: hook } }
          world.perform([{ ...step, role, attempt: index + 3, spec }])
          await identityOf(world, run)
        }
        const identities = [await identityOf(world, 5), await identityOf(world, 6), await identityOf(world, 7)]
        world.restart()
        const answers = await world.driver().recover([])
        const found = answers.flatMap((event) => (event.kind === 'found' ? [event] : []))
        assert.deepEqual(
          found.toSorted((a, b) => a.run - b.run).map(({ isChild: _isChild, ...rest }) => rest),
          (['main', 'pre', 'post'] as const).map((role, index) => ({
            ...{ kind: 'found', unit: `a/b/${index}`, run: index + 5, role, attempt: index + 3 },
            identity: identities[index],
          })),
        )
        world.perform([signal('a/b/1', 6, 'TERM')])
        await world.until('exited', 6)
      }),
    )

    for (const isRecorded of [false, true]) {
      const which = isRecorded ? 'a recorded run' : 'a run'
      it(`the number of ${which} of which nothing was stored says nothing of the run that gets it later`, limit, () =>
        inWorld(makeHarness, async (world) => {
          const step = { ...world.spawn('a/b/1', 1, { kind: 'exits', code: 7 }), isRecorded }
          world.perform([step])
          await world.until('exited', 1)
          world.restart()
          assert.deepEqual(await world.driver().recover([]), [])
          // The number is given out once more, and we die before its process is begun.
          world.restart()
          const [answer] = await world.driver().recover([handle(step, null)])
          assert.deepEqual(answer, { kind: 'not-started', unit: 'a/b/1', run: 1 })
        }),
      )
    }

    it('a run is over where a later one of its unit began, also for who asks again', limit, () =>
      inWorld(makeHarness, async (world) => {
        const steps = [1, 2].map((run) => world.spawn('a/b/1', run, { kind: 'exits', code: 7 }))
        for (const step of steps) {
          world.perform([step])
          await world.until('exited', step.run)
        }
        for (let round = 0; round < 2; round++) {
          world.restart()
          const answers = await world.driver().recover([handle(steps[0]!, null)])
          assert.deepEqual(answers, [{ kind: 'exited', unit: 'a/b/1', run: 1, exit: { kind: 'unknown' } }])
        }
        // The number of the later one is given out once more.
        world.restart()
        const answers = await world.driver().recover([handle(steps[1]!, null)])
        assert.deepEqual(answers, [{ kind: 'not-started', unit: 'a/b/1', run: 2 }])
      }),
    )

    it('an intent whose identity was never stored finds its live process', limit, () =>
      inWorld(makeHarness, async (world) => {
        const lives = world.spawn('a/b/1', 1, { kind: 'lives' })
        world.perform([lives])
        const identity = await identityOf(world, 1)
        world.restart()
        const [answer] = await world.driver().recover([handle(lives, null)])
        assert(answer?.kind === 'adopted')
        assert.deepEqual([answer.unit, answer.run, answer.identity], ['a/b/1', 1, identity])
      }),
    )
  })
}

type SpawnStep = Extract<Step, { kind: 'spawn' }>

interface World {
  driver(): Driver
  spawn(unit: string, run: number, behaviour: Behaviour): SpawnStep
  perform(steps: readonly Step[]): void
  restart(): void
  /** The kinds of all events of a run since the last restart, in order. */
  kinds(run: number): readonly string[]
  event(kind: Event['kind'], run: number): Event | null
  until(kind: Event['kind'], run: number): Promise<Event>
  /** The first so many outcomes of signals to a run since the last restart, in order. */
  signalled(run: number, count: number): Promise<readonly Event[]>
  /** The answer of a probe. */
  probed(seq: number): Promise<Event>
  observed(): Promise<readonly { readonly unit: string; readonly run: number }[]>
}

async function inWorld(makeHarness: () => DriverHarness, test: (world: World) => Promise<void>): Promise<void> {
  const harness = makeHarness()
  let events: Event[] = []
  const post = (event: Event) => void events.push(event)
  const listen = () => harness.driver().events(post, new AbortController().signal)
  listen()

  async function found(predicate: (event: Event) => boolean): Promise<Event> {
    await harness.settle(() => events.some(predicate))
    const event = events.find(predicate)
    assert(event)
    return event
  }

  try {
    await test({
      driver: () => harness.driver(),
      spawn: (unit, run, behaviour) => ({
        ...{ kind: 'spawn', unit, run, spec: harness.spec(behaviour), why: 'contract' },
        ...{ role: 'main', attempt: run, end: null, isRecorded: false },
      }),
      perform: (steps) => harness.driver().perform(steps, post),
      restart() {
        harness.restart()
        events = []
        listen()
      },
      kinds: (run) => events.filter((event) => 'run' in event && event.run === run).map((event) => event.kind),
      event: (kind, run) => events.find(isOf(kind, run)) ?? null,
      until: (kind, run) => found(isOf(kind, run)),
      async signalled(run, count) {
        const all = () => events.filter(isOf('signalled', run))
        await harness.settle(() => all().length >= count)
        return all().slice(0, count)
      },
      probed: (seq) => found((event) => event.kind === 'probed' && event.seq === seq),
      async observed() {
        events = events.filter((event) => event.kind !== 'observed')
        harness.driver().perform([{ kind: 'observe', why: 'contract' }], post)
        const event = await found((one) => one.kind === 'observed')
        return event.kind === 'observed' ? event.alive : []
      },
    })
  } finally {
    harness.close()
  }
}

function isOf(kind: Event['kind'], run: number): (event: Event) => boolean {
  return (event) => event.kind === kind && 'run' in event && event.run === run
}

function signal(unit: string, run: number, name: string): Extract<Step, { kind: 'signal' }> {
  return { kind: 'signal', unit, run, signal: name, scope: 'main', purpose: 'ladder', why: 'contract' }
}

function withScript({ unit, run, attempt, spec }: SpawnStep, name: string): Step {
  const command = spec.signalScripts[name]
  assert(command !== undefined)
  return { ...signal(unit, run, name), script: { command, attempt, spec } }
}

async function outcomesOf(world: World, run: number, count: number): Promise<readonly (readonly [string, string])[]> {
  const events = await world.signalled(run, count)
  return events.flatMap((event) => (event.kind === 'signalled' ? [[event.signal, event.outcome] as const] : []))
}

function exitOf(world: World, run: number): Exit | null {
  const event = world.event('exited', run)
  return event?.kind === 'exited' ? event.exit : null
}

/** Of a run whose `spawned` has come. */
async function identityOf(world: World, run: number): Promise<Identity> {
  const event = await world.until('spawned', run)
  assert(event.kind === 'spawned')
  return event.identity
}

function handle(step: SpawnStep, identity: Identity | null): RunHandle {
  return { unit: step.unit, run: storedRun(step.run, identity), attempt: step.attempt, spec: step.spec }
}

function storedRun(n: number, identity: Identity | null): Run {
  return {
    n,
    role: 'main',
    runHash: 'contract',
    startedBootMs: 0,
    identity,
    isAdopted: false,
    isPaused: false,
    isStable: false,
    gotTerm: false,
    shortfalls: [],
  }
}
