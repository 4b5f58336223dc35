import type { ReleasePolicy } from '../../core/release/model.ts'
import { releaseMap } from './keys-project.ts'
import {
  type Context,
  optional,
  readBoolean,
  readDuration,
  readKeys,
  readPause,
  readText,
  type Setting,
} from './values.ts'

/** What holds for an app with containers of which nothing is said. */
export const releaseDefault: ReleasePolicy = { id: null, minHealthyMs: 10_000, deadlineMs: 300_000, isReverted: true }

/** `x-holdfast.release` of an app. null: its changes count at once. */
export function decodeRelease(context: Context, setting: Setting): ReleasePolicy | null {
  const { node } = setting
  if (node.kind === 'scalar' && node.value === false) return null
  const keys = readKeys(context, setting, releaseMap)
  if (keys === null) return releaseDefault
  return {
    id: optional(keys.get('id'), (one) => readText(context, one)) || null,
    minHealthyMs: optional(keys.get('healthy_for'), (one) => readDuration(context, one)) ?? releaseDefault.minHealthyMs,
    deadlineMs: optional(keys.get('deadline'), (one) => readPause(context, one)) ?? releaseDefault.deadlineMs,
    isReverted: optional(keys.get('revert'), (one) => readBoolean(context, one)) ?? releaseDefault.isReverted,
  }
}
