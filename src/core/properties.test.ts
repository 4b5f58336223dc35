import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { nextWake } from './advance.ts'
import { begin } from './begin.ts'
import { explain } from './explain.ts'
import { ann, asked, at, needs, play, policy, service, targetOf } from './fixture.ts'
import type { Command, Service, State, Target } from './model.ts'
import { observe } from './observe.ts'
import { plan } from './plan.ts'
import { predict } from './predict.ts'
import { revive } from './revive.ts'

/** Services that depend only on earlier ones. */
const services: fc.Arbitrary<readonly Service[]> = fc
  .array(
    fc.record({
      earlier: fc.array(fc.nat(20), { maxLength: 3 }),
      replicas: fc.integer({ min: 1, max: 3 }),
      priority: fc.integer({ min: 1, max: 3 }),
      autostart: fc.boolean(),
      isKilled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map((drawn) =>
    drawn.map(({ earlier, replicas, priority, autostart, isKilled }, index) =>
      service(`s${index}`, {
        dependsOn: index === 0 ? [] : [...new Set(earlier.map((one) => one % index))].map((one) => needs(`s${one}`)),
        instances: Array.from({ length: replicas }, (_, n) => ({ n: n + 1 })),
        priority,
        autostart,
        restart: policy,
        ...(isKilled ? { stop: [{ signal: 'KILL', scope: 'tree', waitMs: 10 }] } : {}),
      }),
    ),
  )

const commands = fc.array(
  fc.record({ kind: fc.constantFrom('start', 'stop', 'restart'), unit: fc.nat(30) }) as fc.Arbitrary<{
    kind: 'start' | 'stop' | 'restart'
    unit: number
  }>,
  { maxLength: 8 },
)

function declared(target: Target): State {
  const event = asked({ kind: 'set-target', target, by: { kind: 'daemon' }, why: 'up' })
  return observe(revive(null, at(0)), [event], at(0)).state
}

/** Every step does what it should, at once, until nothing is left to do. Returns how many steps it took. */
function converge(from: State, bootMs: number): { readonly state: State; readonly steps: number } {
  let state = from
  for (let steps = 0; steps < 1_000; ) {
    const planned = plan(state, at(bootMs))
    if (planned.length === 0) return { state, steps }
    state = begin(state, planned, at(bootMs)).state
    for (const step of planned) state = predict(state, step, at(bootMs))
    steps += planned.length
  }
  throw new Error('there is always another step')
}

function told(state: State): readonly string[] {
  return [...state.units.values()].map(({ id, phase, want }) => `${id} ${phase} ${want.kind}`)
}

function commandOf(state: State, drawn: { kind: 'start' | 'stop' | 'restart'; unit: number }): Command {
  const ids = [...state.units.keys()]
  return { kind: drawn.kind, units: [ids[drawn.unit % ids.length]!], by: ann }
}

it('if every step works, everything that can be is where it belongs, and the rest waits for what is down', () => {
  fc.assert(
    fc.property(services, (drawn) => {
      const { state } = converge(declared(targetOf(...drawn)), 1)
      for (const { isAtTarget, state: shown, why } of explain(state, at(1))) {
        assert(isAtTarget || (shown === 'waiting' && why.endsWith(' is not started by itself')), `${shown}: ${why}`)
      }
    }),
  )
})

it('after commands it converges again, to what was wished, and stays quiet', () => {
  fc.assert(
    fc.property(services, commands, (drawn, asks) => {
      let { state } = converge(declared(targetOf(...drawn)), 1)
      for (const ask of asks) state = converge(observe(state, [asked(commandOf(state, ask))], at(2)).state, 2).state
      for (const unit of state.units.values()) {
        if (unit.want.kind === 'down') assert.equal(unit.run, null)
        else assert(unit.phase === 'up' || unit.phase === 'idle', `${unit.id} is ${unit.phase}`)
      }
      assert.deepEqual(converge(state, 2).steps, 0)
    }),
  )
})

it('no oscillation: after convergence fifty turns, at any time, emit no step', () => {
  fc.assert(
    fc.property(services, (drawn) => {
      const scene = play(converge(declared(targetOf(...drawn)), 1).state)
      for (let turn = 0; turn < 50; turn++) {
        const bootMs = nextWake(scene.state, at(turn)) ?? turn * 1_000
        assert.deepEqual(scene.turn(bootMs), [])
      }
    }),
  )
})

it('quiet at target: declaring the same again does nothing', () => {
  fc.assert(
    fc.property(services, (drawn) => {
      const { state } = converge(declared(targetOf(...drawn)), 1)
      const again = asked({
        kind: 'set-target',
        target: structuredClone(state.target),
        by: { kind: 'daemon' },
        why: 'up',
      })
      const { state: after, transitions } = observe(state, [again], at(2))
      assert.deepEqual(transitions, [])
      assert.deepEqual(after.units, state.units)
      assert.deepEqual(plan(after, at(2)), plan(state, at(2)))
    }),
  )
})

it('untouched stays untouched: a changed service replaces its own runs and no others', () => {
  fc.assert(
    fc.property(services, fc.nat(8), (drawn, chosen) => {
      const changed = drawn[chosen % drawn.length]!
      const { state } = converge(declared(targetOf(...drawn)), 1)
      const replaced = drawn.map((one) =>
        one === changed ? { ...one, process: { ...one.process, command: ['new'] } } : one,
      )
      const event = asked({ kind: 'set-target', target: targetOf(...replaced), by: { kind: 'daemon' }, why: 'up' })
      const { state: after } = converge(observe(state, [event], at(2)).state, 2)
      for (const unit of after.units.values()) {
        const before = state.units.get(unit.id)!
        const isReplaced = unit.service === changed.name && before.run !== null
        assert.equal(unit.run?.n !== before.run?.n, isReplaced, unit.id)
      }
    }),
  )
})

it('commands about different services give the same in any order', () => {
  fc.assert(
    fc.property(services, commands, (drawn, asks) => {
      const { state } = converge(declared(targetOf(...drawn)), 1)
      const seen = new Set<string>()
      const disjoint = asks
        .map((ask) => commandOf(state, ask))
        .filter((command) => {
          const [unit = ''] = 'units' in command ? command.units : []
          return !seen.has(unit) && seen.add(unit)
        })
      const forward = observe(state, disjoint.map(asked), at(2)).state
      const backward = observe(state, disjoint.toReversed().map(asked), at(2)).state
      assert.deepEqual(forward.units, backward.units)
      assert.deepEqual(plan(forward, at(2)), plan(backward, at(2)))
      assert.deepEqual(told(converge(forward, 2).state), told(converge(backward, 2).state))
    }),
  )
})

it('the end of the daemon takes everything down, whatever the priorities and dependencies', () => {
  fc.assert(
    fc.property(services, (drawn) => {
      const { state } = converge(declared(targetOf(...drawn)), 1)
      const event = asked({ kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM' })
      const { state: after } = converge(observe(state, [event], at(2)).state, 2)
      for (const unit of after.units.values()) assert.equal(unit.run, null)
    }),
  )
})
