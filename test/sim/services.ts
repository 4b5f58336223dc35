import type { Random } from '../../src/base/prng.ts'
import { service as plainService } from '../../src/core/fixture.ts'
import type {
  Check,
  Dependency,
  Hook,
  Instance,
  ProcessSpec,
  Schedule,
  Service,
  StopRung,
} from '../../src/core/model.ts'
import { noChecks, noHooks, noLabels, plainEnd } from '../../src/core/target/plain.ts'

/** Single services as they are drawn, whatever app they are of. */

/** What a drawn service is for: it says how its processes behave when nothing goes wrong. */
export type Role = 'server' | 'job'

/** What every drawn process has in common. */
const plainProcess: ProcessSpec = plainService('plain').process

/** A service that depends only on earlier ones. */
export function drawService(random: Random, name: string, earlier: readonly Service[]): Service {
  const role: Role = random.chance(0.3) ? 'job' : 'server'
  const schedule = role === 'job' && random.chance(0.4) ? drawSchedule(random) : null
  return {
    name,
    kind: 'process',
    ...plainEnd,
    process: { ...plainProcess, command: [role, name] },
    instances: instances(random.chance(0.3) ? random.whole(2, 3) : 1),
    autostart: schedule === null && !random.chance(0.12),
    restart: drawPolicy(random, role),
    stop: drawLadder(random),
    dependsOn: drawDependencies(random, earlier),
    priority: random.chance(0.6) ? 999 : random.whole(1, 4),
    manualStop: random.chance(0.5) ? 'until-started' : 'until-daemon-restart',
    checks: role === 'server' ? drawChecks(random) : noChecks,
    hooks: drawHooks(random),
    schedule,
    once: role === 'job' && schedule === null ? drawOnce(random) : null,
    labels: noLabels,
  }
}

export function drawChecks(random: Random, isSlow = false): Service['checks'] {
  const readiness = isSlow || random.chance(0.35) ? drawCheck(random, isSlow) : null
  const liveness = isSlow || random.chance(0.3) ? drawCheck(random, isSlow) : null
  return readiness === null && liveness === null ? noChecks : { readiness, liveness }
}

/** Whoever is given as much time takes it: many such probes are under way together. */
export const slowProbeMs = 6_000

function drawCheck(random: Random, isSlow: boolean): Check {
  return {
    probe: random.chance(0.5) ? { kind: 'exec', command: ['check'] } : { kind: 'tcp', host: '127.0.0.1', port: 80 },
    intervalMs: random.whole(80, 1_200),
    timeoutMs: isSlow ? slowProbeMs : random.whole(100, 800),
    retries: random.pick([1, 1, 2, 3]),
    startPeriodMs: random.pick([0, 0, random.whole(100, 2_000)]),
    startIntervalMs: random.whole(50, 600),
  }
}

export function drawHooks(random: Random): Service['hooks'] {
  const preStart = random.chance(0.25) ? drawHook(random, 'pre') : null
  const postStop = random.chance(0.25) ? drawHook(random, 'post') : null
  return preStart === null && postStop === null ? noHooks : { preStart, postStop }
}

function drawHook(random: Random, word: string): Hook {
  return { command: [word], timeoutMs: random.whole(450, 2_500), ignoreFailure: random.chance(0.3) }
}

export function drawSchedule(random: Random): Schedule {
  return {
    cron: `*/${random.pick([1, 2, 5, 20])} * * * * *`,
    timeZone: null,
    overlap: random.pick(['skip', 'queue', 'replace']),
    missed: random.pick(['skip', 'run-once']),
  }
}

export function drawOnce(random: Random): Service['once'] {
  return random.chance(0.4) ? random.pick(['each-boot', 'ever']) : null
}

export function instances(count: number): readonly Instance[] {
  return Array.from({ length: count }, (_, index) => ({ n: index + 1 }))
}

export function roleOf(command: readonly string[]): Role {
  return command[0] === 'job' ? 'job' : 'server'
}

export function drawPolicy(random: Random, role: Role): Service['restart'] {
  const firstMs = random.whole(50, 400)
  return {
    when:
      role === 'job'
        ? random.pick(['no', 'on-failure'])
        : random.pick(['always', 'unless-stopped', 'on-failure', 'always', 'no']),
    successExits: random.chance(0.2) ? [0, 7] : [0],
    stableMs: random.pick([0, 200, 1_000, 3_000]),
    early: role === 'server' && random.chance(0.25) ? 'always' : 'by-policy',
    backoff: {
      shape: random.pick(['exponential', 'linear']),
      firstMs,
      factor: random.pick([1.5, 2, 3]),
      maxMs: firstMs * random.whole(2, 20),
      jitter: random.pick([0, 0.2, 1]),
      freeRestarts: random.whole(0, 2),
    },
    budget: drawBudget(random),
  }
}

function drawBudget(random: Random): Service['restart']['budget'] {
  if (random.chance(0.4)) return null
  return { restartsMax: random.whole(0, 5), windowMs: random.chance(0.5) ? null : random.whole(500, 8_000) }
}

export function drawLadder(random: Random): readonly StopRung[] {
  const waitMs = () => random.whole(50, 3_000)
  const kill: StopRung = { signal: 'KILL', scope: 'tree', waitMs: waitMs() }
  const ladders: readonly (readonly StopRung[])[] = [
    [{ signal: 'TERM', scope: 'main', waitMs: waitMs() }, kill],
    [{ signal: 'TERM', scope: 'group', waitMs: waitMs() }, kill],
    [{ signal: 'INT', scope: 'main', waitMs: waitMs() }, { signal: 'TERM', scope: 'group', waitMs: waitMs() }, kill],
    [{ signal: 'TERM', scope: 'main', waitMs: waitMs() }],
    [kill],
  ]
  return random.pick([...ladders, ladders[0]!, ladders[1]!])
}

export function drawDependencies(random: Random, earlier: readonly Service[]): readonly Dependency[] {
  if (earlier.length === 0 || random.chance(0.3)) return []
  const chosen = random.shuffled(earlier).slice(0, random.whole(1, 2))
  return chosen.map((service) => ({
    service: service.name,
    condition: drawCondition(random, service),
    required: random.chance(0.8),
    restart: random.chance(0.3),
  }))
}

function drawCondition(random: Random, { process, checks }: Service): Dependency['condition'] {
  if (checks.readiness !== null && random.chance(0.6)) return 'healthy'
  return roleOf(process.command) === 'job' && random.chance(0.8) ? 'completed' : 'started'
}
