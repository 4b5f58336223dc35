import type { ContainerSpec, UpdateStrategy } from '../../../core/containers/model.ts'
import { updateMap } from '../keys-project.ts'
import {
  absolutePath,
  type Context,
  directoryAt,
  error,
  optional,
  readChoice,
  readKeys,
  readPause,
  readTexts,
  type Setting,
} from '../values.ts'

const strategies = ['download-then-kill', 'kill-then-download', 'delete-then-download', 'hand-over'] as const

/** How long the old container is kept beside the new one. */
export const handOverMs = 60_000

/** `x-holdfast.update` */
export function decodeUpdate(context: Context, setting: Setting): UpdateStrategy | null {
  if (setting.node.kind !== 'map') {
    const kind = readChoice(context, setting, strategies)
    return kind === null ? null : strategyOf(kind, { timeoutMs: null, doneFiles: null })
  }
  const keys = readKeys(context, setting, updateMap)
  if (keys === null) return null
  const strategy = keys.get('strategy')
  const kind = strategy === null ? 'download-then-kill' : readChoice(context, strategy, strategies)
  const timeoutMs = optional(keys.get('timeout'), (one) => readPause(context, one))
  const doneFiles = optional(keys.get('done_files'), (one) => readPaths(context, one))
  for (const key of ['timeout', 'done_files'] as const) {
    const one = keys.get(key)
    if (one !== null && kind !== 'hand-over')
      error(
        context,
        one,
        `'${key}' is of hand-over, where old and new run side by side`,
        'write strategy: hand-over, or remove it',
      )
  }
  return kind === null ? null : strategyOf(kind, { timeoutMs, doneFiles })
}

function strategyOf(
  kind: (typeof strategies)[number],
  { timeoutMs, doneFiles }: { readonly timeoutMs: number | null; readonly doneFiles: readonly string[] | null },
): UpdateStrategy {
  return kind === 'hand-over' ? { kind, timeoutMs: timeoutMs ?? handOverMs, doneFiles: doneFiles ?? [] } : { kind }
}

/** A path or a list of them, absolute. */
export function readPaths(context: Context, setting: Setting): readonly string[] {
  const texts = readTexts(context, setting, 'write a path, or a list of paths') ?? []
  return texts.map((text) => absolutePath(directoryAt(context, setting.node), text))
}

const policies = ['missing', 'if_not_present', 'always', 'never'] as const

export function decodePull(context: Context, setting: Setting): ContainerSpec['pull'] | null {
  const policy = readChoice(context, setting, policies)
  return policy === 'if_not_present' ? 'missing' : policy
}
