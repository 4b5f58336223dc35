import type { FoundRun, Hook, Run, Step, Unit, UnitId } from '../../src/core/model.ts'
import type { Process } from '../../src/drivers/fake/world.ts'
import type { Scene, Watch } from './scene.ts'
import { hold } from './violation.ts'

export interface HookWatch extends Watch {
  /** Nothing is left to do. */
  atRest(): void
  /** A post_stop hook of it is due. */
  isOwed(unit: UnitId): boolean
}

interface Past {
  /** Whether a post_stop hook is due for the last main run; unsure: it was declared, or undeclared, in that very turn. */
  owed: 'yes' | 'no' | 'unsure'
  /** The pre_start hook of the start under way. */
  pre: number | null
  /** Of what was done before nothing is known. */
  isUnknown: boolean
}

interface Living {
  readonly run: number
  readonly role: 'pre' | 'post'
  readonly atBootMs: number
  isTold: boolean
  isSignalled: boolean
}

type SpawnStep = Extract<Step, { kind: 'spawn' }>

/** Hooks: in their order, once, and not for ever. */
export function createHookWatch(): HookWatch {
  const pasts = new Map<UnitId, Past>()
  const living = new Map<UnitId, Living>()

  function pastOf(unit: UnitId): Past {
    const past = pasts.get(unit) ?? { owed: 'unsure', pre: null, isUnknown: true }
    pasts.set(unit, past)
    return past
  }

  function spawn(step: SpawnStep, scene: Scene): void {
    const past = pastOf(step.unit)
    // Numbers used while nothing could be stored may be used again.
    living.delete(step.unit)
    if (step.role !== 'main') {
      const { run, role } = step
      living.set(step.unit, { run, role, atBootMs: scene.now.bootMs, isTold: false, isSignalled: false })
    }
    if (step.role === 'post') {
      postStopOnce(step, past)
      past.owed = isReal(step, scene) ? 'no' : 'unsure'
      return
    }
    postStopBeforeTheNextStart(step, past)
    if (step.run === step.attempt) {
      past.isUnknown = false
      past.pre = null
    }
    if (step.role === 'pre') past.pre = step.run
    else preStartFirst(step, past, scene)
    past.owed = 'no'
  }

  /** What nothing is stored of goes on as what it was started as. */
  function found({ unit, run, role }: FoundRun, atBootMs: number): void {
    pasts.set(unit, { owed: 'no', pre: role === 'pre' ? run : null, isUnknown: false })
    if (role === 'main') living.delete(unit)
    else living.set(unit, { run, role, atBootMs, isTold: true, isSignalled: false })
  }

  return {
    news({ events, before, units, world, now }) {
      for (const event of events) {
        const hook = 'unit' in event ? living.get(event.unit) : undefined
        const isStart = event.kind === 'spawned' || event.kind === 'adopted'
        if (hook !== undefined && isStart && event.run === hook.run) hook.isTold = true
      }
      for (const [id, { run, spec }] of before) {
        const unit = units.get(id)
        if (run === null || run.role !== 'main' || unit?.run?.n === run.n) continue
        const process = world.ended(id, run.n)
        // The number may have been used before, while nothing could be stored.
        const isIt =
          process !== null && (process.startedBootMs >= run.startedBootMs || process.identity.pid === run.identity?.pid)
        const wasThere = isIt && process.role === 'main'
        const isFailed = events.some(
          (event) => event.kind === 'spawn-failed' && event.unit === id && event.run === run.n,
        )
        const isDue = [spec, unit?.spec ?? spec].map(
          ({ hooks: { postStop } }) => postStop !== null && (wasThere || (isFailed && postStop.isFinish === true)),
        )
        const past = pastOf(id)
        if (past.isUnknown && past.owed === 'unsure') continue
        past.owed = !isDue.includes(true) ? 'no' : isDue.includes(false) ? 'unsure' : 'yes'
      }
      for (const event of events) {
        if (event.kind === 'found' && units.get(event.unit)?.run?.n === event.run) found(event, now.bootMs)
      }
    },
    step(step, scene) {
      if (step.kind === 'spawn') spawn(step, scene)
      else if (step.kind === 'forget') {
        hold(pasts.get(step.unit)?.owed !== 'yes', onceName, () => `${step.unit} is forgotten before its hook ran`)
        pasts.delete(step.unit)
      } else if (step.kind === 'signal' && step.purpose === 'ladder') {
        const hook = living.get(step.unit)
        if (hook?.run === step.run) hook.isSignalled = true
      }
    },
    after({ units, now, isCut }) {
      for (const [id, hook] of living) {
        const unit = units.get(id)
        if (unit?.run?.n !== hook.run) living.delete(id)
        else if (!isCut) hookEndsInTime(unit, hook, now.bootMs)
      }
    },
    lifeBegins({ isStateLost, isReboot }) {
      for (const hook of living.values()) hook.isSignalled = hook.isTold = false
      if (isStateLost || isReboot) pasts.clear()
      if (isReboot) living.clear()
    },
    isOwed: (unit) => pasts.get(unit)?.owed === 'yes',
    atRest() {
      for (const [unit, { owed }] of pasts) hold(owed !== 'yes', onceName, () => `${unit}: it never ran`)
    },
  }
}

const onceName = 'post_stop runs once after each run, before the next start'

function postStopOnce(step: SpawnStep, past: Past): void {
  hold(past.owed !== 'no', onceName, () => `${step.unit}: run ${step.run} is one too many`)
}

function postStopBeforeTheNextStart(step: SpawnStep, past: Past): void {
  hold(past.owed !== 'yes', onceName, () => `${step.unit}: ${step.role} run ${step.run} comes first`)
}

function preStartFirst(step: SpawnStep, past: Past, { world, before }: Scene): void {
  const hook = step.spec.hooks.preStart
  if (hook === null || past.isUnknown) return
  // It may have been declared otherwise in the very turn in which it ended.
  const isTolerated = hook.ignoreFailure || before.get(step.unit)?.spec.hooks.preStart?.ignoreFailure === true
  const name = 'no main run before its pre_start hook succeeded'
  const isRun = past.pre !== null && past.pre === step.attempt
  hold(isRun, name, () => `${step.unit}: run ${step.run} of attempt ${step.attempt}, last hook ${past.pre}`)
  const exit = world.ended(step.unit, past.pre ?? 0)?.exit ?? null
  const isGood = exit?.kind === 'code' && step.spec.restart.successExits.includes(exit.code)
  hold(
    isGood || isTolerated,
    name,
    () => `${step.unit}: run ${step.run} after hook ${past.pre}, which ended with ${JSON.stringify(exit)}`,
  )
}

/** Longer than its time, and its end has begun; that a ladder goes on is judged of every run. */
function hookEndsInTime(unit: Unit, hook: Living, nowBootMs: number): void {
  if (!hook.isTold || hook.isSignalled || unit.phase === 'unresolved') return
  const declared: Hook | null = hook.role === 'pre' ? unit.spec.hooks.preStart : unit.spec.hooks.postStop
  const livedMs = nowBootMs - hook.atBootMs
  const timeoutMs = timeoutOf(declared)
  hold(
    livedMs < timeoutMs,
    'a hook does not outlive its timeout',
    () => `${unit.id}: run ${hook.run} lives for ${livedMs} ms of ${timeoutMs}, and is let be`,
  )
}

/** Whether a process came of it. */
function isReal({ unit, run }: SpawnStep, { world, now }: Scene): boolean {
  const isIt = (one: Process) => one.unit === unit && one.run === run && one.startedBootMs === now.bootMs
  const ended = world.ended(unit, run)
  return (ended !== null && isIt(ended)) || [...world.processes.values()].some(isIt)
}

/** Of a hook under way that is not declared any more. */
const undeclaredHookMs = 90_000

/** Whether that hook has a reason to be ended: its time is over. */
export function isHookOverdue({ spec }: Unit, run: Pick<Run, 'role' | 'startedBootMs'>, nowBootMs: number): boolean {
  if (run.role === 'main') return false
  const hook = run.role === 'pre' ? spec.hooks.preStart : spec.hooks.postStop
  return nowBootMs - run.startedBootMs >= timeoutOf(hook)
}

/** Without one it may take as long as it likes. */
function timeoutOf(hook: Hook | null): number {
  return hook === null ? undeclaredHookMs : (hook.timeoutMs ?? Number.POSITIVE_INFINITY)
}
