import type { Random } from '../../src/base/prng.ts'
import type { Step, UnitId } from '../../src/core/model.ts'
import type { Script } from '../../src/drivers/fake/world.ts'
import type { FaultKind } from './faults.ts'
import { roleOf, slowProbeMs } from './services.ts'

/** Checks of such a process pass, and pass at once. */
export const passing: Script['checked'] = { passesMs: 0, flapsMs: null, answerMs: 5 }

/** How a process behaves when nothing goes wrong: a server lives, a job ends well, and so does a hook. */
export function goodScript(random: Random, spawn: Extract<Step, { kind: 'spawn' }>): Script {
  const isSlow = spawn.spec.checks.readiness?.timeoutMs === slowProbeMs
  const isJob = spawn.role !== 'main' || roleOf(spawn.spec.process.command) === 'job'
  return {
    spawnFailure: null,
    spawnMs: 0,
    livesMs: isJob ? random.whole(1, 400) : null,
    exit: { kind: 'code', code: 0 },
    ignores: [],
    stopMs: random.whole(0, 40),
    stopExit: null,
    isForbidden: false,
    checked: {
      passesMs: random.whole(0, 500),
      flapsMs: null,
      answerMs: isSlow ? slowProbeMs / 2 : random.whole(0, 60),
    },
  }
}

/** The same with the faults of this scenario; `looping` units die at every start. */
export function drawScript(
  random: Random,
  spawn: Extract<Step, { kind: 'spawn' }>,
  faults: { readonly has: (kind: FaultKind) => boolean; readonly looping: ReadonlySet<UnitId> },
): Script {
  let script = goodScript(random, spawn)
  const isHook = spawn.role !== 'main'
  const { stableMs } = spawn.spec.restart
  const on = (kind: FaultKind, probability: number) => faults.has(kind) && random.chance(probability)
  const code = () => ({ kind: 'code' as const, code: random.pick([0, 1, 1, 7, 127]) })
  if (!isHook && random.chance(0.2)) script = { ...script, livesMs: stableMs + random.whole(1, 4_000), exit: code() }
  if (!isHook && on('early-crash', 0.4))
    script = { ...script, livesMs: random.whole(0, Math.max(1, stableMs)), exit: code() }
  if (isHook && on('hook-fails', 0.4)) script = { ...script, exit: { kind: 'code', code: 1 } }
  if (isHook && on('hook-hangs', 0.4)) script = { ...script, livesMs: null }
  if (on('probe-fails', 0.5)) script = { ...script, checked: drawChecked(random, script.checked) }
  if (!isHook && faults.has('crash-loop') && faults.looping.has(spawn.unit)) {
    script = { ...script, livesMs: random.whole(0, 30), exit: { kind: 'signal', signal: 'SEGV', core: true } }
  }
  if (on('spawn-slow', 0.4)) script = { ...script, spawnMs: random.whole(1, 2_500) }
  if (on('ignores-signal', 0.4))
    script = { ...script, ignores: random.pick([['TERM'], ['INT'], ['TERM', 'INT', 'HUP']]) }
  if (!spawn.spec.autostartAgain) script = ofDirectory(random, script, spawn, faults)
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

/** A program with scripts of its own, or one that reads to the end, and hooks that may take as long as they like. */
function ofDirectory(
  random: Random,
  script: Script,
  { role, spec }: Extract<Step, { kind: 'spawn' }>,
  { has }: { readonly has: (kind: FaultKind) => boolean },
): Script {
  const isReader = spec.process.stdin.kind === 'output'
  if (role !== 'main') {
    const isLong = script.livesMs === null && random.chance(0.7)
    return isLong ? { ...script, livesMs: random.whole(2_000, 20_000) } : script
  }
  const handles = random.chance(0.2) ? random.pick([['TERM'], ['HUP'], ['TERM', 'HUP']]) : []
  const isDeaf = isReader && has('ignores-signal') && random.chance(0.2)
  return { ...script, handles, ...(isDeaf ? { ignores: [...script.ignores, 'EOF'] } : {}) }
}

function drawChecked(random: Random, good: Script['checked']): Script['checked'] {
  return random.pick([
    { ...good, passesMs: null },
    { ...good, flapsMs: random.whole(100, 1_500) },
    { ...good, passesMs: random.whole(500, 4_000) },
    { ...good, answerMs: random.whole(50, 1_500) },
  ])
}
