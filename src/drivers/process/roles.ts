import { assert } from '../../base/assert.ts'
import type { End, Exit, ProcessSpec, Step } from '../../core/model.ts'

export type SpawnStep = Extract<Step, { kind: 'spawn' }>

/** What a step starts: the unit's own command, or one of its hooks in the same settings. */
export function specOfRole({ role, spec, end }: SpawnStep): ProcessSpec {
  switch (role) {
    case 'main':
      return spec.process
    case 'pre':
      return hooked(spec.process, spec.hooks.preStart?.command, { HOLDFAST_HOOK: 'pre_start' })
    case 'post':
      return hooked(spec.process, spec.hooks.postStop?.command, { HOLDFAST_HOOK: 'post_stop', ...endOf(end) })
  }
}

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
