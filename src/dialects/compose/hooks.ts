import type { Hook, Hooks } from '../../core/model.ts'
import { noHooks } from '../../core/target/plain.ts'
import { readCommand } from './command.ts'
import { hookMap, hooksMap } from './keys-checks.ts'
import { type Context, error, optional, readBoolean, readKeys, readPause, type Setting } from './values.ts'

export function decodeHooks(context: Context, setting: Setting): Hooks | null {
  const keys = readKeys(context, setting, hooksMap)
  if (keys === null) return null
  const preStart = optional(keys.get('pre_start'), (one) => decodeHook(context, one))
  const postStop = optional(keys.get('post_stop'), (one) => decodeHook(context, one))
  return preStart === null && postStop === null ? noHooks : { preStart, postStop }
}

/** As long as systemd gives a start. */
export const hookTimeoutMs = 90_000

function decodeHook(context: Context, setting: Setting): Hook | null {
  if (setting.node.kind !== 'map') {
    const command = readCommand(context, setting)
    return command === null ? null : { command, timeoutMs: hookTimeoutMs, ignoreFailure: false }
  }
  const keys = readKeys(context, setting, hookMap)
  if (keys === null) return null
  const commandSetting = keys.get('command')
  const timeoutSetting = keys.get('timeout')
  const timeoutMs = timeoutSetting === null ? hookTimeoutMs : decodeTimeout(context, timeoutSetting)
  const ignoreFailure = optional(keys.get('ignore_failure'), (one) => readBoolean(context, one)) ?? false
  if (commandSetting === null)
    return error(context, setting, 'the hook has no command', "write 'command:' with the program and its arguments")
  const command = readCommand(context, commandSetting)
  return command === null ? null : { command, timeoutMs, ignoreFailure }
}

/** null: none. */
function decodeTimeout(context: Context, setting: Setting): number | null {
  const { node } = setting
  if (node.kind === 'scalar' && node.value === 'none') return null
  return readPause(context, setting) ?? hookTimeoutMs
}
