import { assert } from '../../base/assert.ts'
import type { End, Exit, ProcessSpec, Step, UnitSpec } from '../../core/model.ts'
import { signalNumber } from '../../sys/signals.ts'

export type SpawnStep = Extract<Step, { kind: 'spawn' }>

/** What a step starts: the unit's own command, or one of its hooks in the same settings. */
export function specOfRole({ role, spec, end }: SpawnStep): ProcessSpec {
  switch (role) {
    case 'main':
      return spec.process
    case 'pre':
      return hooked(spec.process, spec.hooks.preStart?.command, isRunit(spec) ? {} : { HOLDFAST_HOOK: 'pre_start' })
    case 'post':
      return isRunit(spec) ? finish(spec, end) : postStop(spec, end)
  }
}

/** Its hooks find the environment that runit gives them, which is that of the process. */
function isRunit({ hooks }: UnitSpec): boolean {
  return hooks.postStop?.isFinish === true
}

function postStop({ process, hooks }: UnitSpec, end: End | null): ProcessSpec {
  return hooked(process, hooks.postStop?.command, { HOLDFAST_HOOK: 'post_stop', ...endOf(end) })
}

function finish({ process, hooks }: UnitSpec, end: End | null): ProcessSpec {
  return hooked(process, [...(hooks.postStop?.command ?? []), ...finishArguments(end)], {})
}

/**
 * Exit code and low byte of the wait status, as runsv gives them to `./finish`. What could not be started is reported as by the
 * child that runsv forks for it, which exits with 111. An end that nobody saw is no exit, and has no signal: `-1 0`, which
 * runsv never says.
 */
function finishArguments(end: End | null): readonly [string, string] {
  if (end !== null && end.exit === null) return ['111', '0']
  const exit: Exit = end?.exit ?? { kind: 'unknown' }
  switch (exit.kind) {
    case 'code':
      return [String(exit.code), '0']
    case 'signal':
      return ['-1', String((signalNumber(exit.signal) ?? 0) + (exit.core ? coreFlag : 0))]
    case 'unknown':
      return ['-1', '0']
  }
}

const coreFlag = 128

function hooked(
  process: ProcessSpec,
  command: readonly string[] | undefined,
  variables: Readonly<Record<string, string>>,
): ProcessSpec {
  assert(command !== undefined, 'a hook that is started is declared')
  return { ...process, command, commandError: null, environment: { ...process.environment, ...variables } }
}

/** Each is there, also where there is nothing to tell: a script need not ask first. */
function endOf(end: End | null): Readonly<Record<string, string>> {
  const exit: Exit = end?.exit ?? { kind: 'unknown' }
  return {
    HOLDFAST_EXIT_KIND: end?.kind ?? '',
    HOLDFAST_EXIT_CODE: exit.kind === 'code' ? String(exit.code) : '',
    HOLDFAST_EXIT_SIGNAL: exit.kind === 'signal' ? exit.signal : '',
  }
}
