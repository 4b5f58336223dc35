import type { Random } from '../../src/base/prng.ts'
import type { Step, UnitId } from '../../src/core/model.ts'
import type { Script } from '../../src/drivers/fake/world.ts'
import type { FaultKind } from './faults.ts'
import { roleOf } from './generate.ts'

/** How a process behaves when nothing goes wrong: a server lives, a job ends well. */
export function goodScript(random: Random, spawn: Extract<Step, { kind: 'spawn' }>): Script {
  const isJob = roleOf(spawn.spec.process.command) === 'job'
  return {
    spawnFailure: null,
    spawnMs: 0,
    livesMs: isJob ? random.whole(1, 400) : null,
    exit: { kind: 'code', code: 0 },
    ignores: [],
    stopMs: random.whole(0, 40),
    stopExit: null,
    isForbidden: false,
  }
}

/** The same with the faults of this scenario; `looping` units die at every start. */
export function drawScript(
  random: Random,
  spawn: Extract<Step, { kind: 'spawn' }>,
  faults: { readonly has: (kind: FaultKind) => boolean; readonly looping: ReadonlySet<UnitId> },
): Script {
  let script = goodScript(random, spawn)
  const { stableMs } = spawn.spec.restart
  const on = (kind: FaultKind, probability: number) => faults.has(kind) && random.chance(probability)
  const code = () => ({ kind: 'code' as const, code: random.pick([0, 1, 1, 7, 127]) })
  if (random.chance(0.2)) script = { ...script, livesMs: stableMs + random.whole(1, 4_000), exit: code() }
  if (on('early-crash', 0.4)) script = { ...script, livesMs: random.whole(0, Math.max(1, stableMs)), exit: code() }
  if (faults.has('crash-loop') && faults.looping.has(spawn.unit)) {
    script = { ...script, livesMs: random.whole(0, 30), exit: { kind: 'signal', signal: 'SEGV', core: true } }
  }
  if (on('spawn-slow', 0.4)) script = { ...script, spawnMs: random.whole(1, 2_500) }
  if (on('ignores-signal', 0.4))
    script = { ...script, ignores: random.pick([['TERM'], ['INT'], ['TERM', 'INT', 'HUP']]) }
  if (on('exits-while-stopping', 0.5)) script = { ...script, stopMs: random.whole(0, 4_000), stopExit: code() }
  if (on('signal-refused', 0.3)) script = { ...script, isForbidden: true }
  if (on('spawn-fails', 0.3)) {
    const failure = { code: 'ENOENT', message: 'no such file', retry: false }
    script = { ...script, spawnFailure: failure }
  }
  if (on('spawn-refused-by-host', 0.3)) {
    const failure = { code: 'EAGAIN', message: 'too many processes', retry: true }
    script = { ...script, spawnFailure: failure }
  }
  return script
}
