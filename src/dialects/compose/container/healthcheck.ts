import type { ContainerHealthcheck } from '../../../core/containers/model.ts'
import { readWords } from '../command.ts'
import { restartsMaxLimit } from '../defaults.ts'
import { healthcheckMap } from '../keys-checks.ts'
import {
  type Context,
  error,
  isNothing,
  optional,
  readBoolean,
  readDuration,
  readInteger,
  readKeys,
  readText,
  type Setting,
} from '../values.ts'

/** The check that the engine does in the container. What is not said of it is as the image says. */
export function decodeEngineCheck(context: Context, setting: Setting): ContainerHealthcheck | 'none' | null {
  const keys = readKeys(context, setting, healthcheckMap)
  if (keys === null) return null
  const testSetting = keys.get('test')
  const test = testSetting === null || isNothing(testSetting.node) ? null : decodeTest(context, testSetting)
  // For the engine no time at all is one that nothing is said of.
  const time = (key: 'interval' | 'timeout' | 'start_period' | 'start_interval') =>
    optional(keys.get(key), (one) => readDuration(context, one)) || null
  const check: ContainerHealthcheck = {
    test: test === 'none' ? null : test,
    intervalMs: time('interval'),
    timeoutMs: time('timeout'),
    startPeriodMs: time('start_period'),
    startIntervalMs: time('start_interval'),
    retries: optional(keys.get('retries'), (one) => readInteger(context, one, { min: 1, max: restartsMaxLimit })),
  }
  const isDisabled = optional(keys.get('disable'), (one) => readBoolean(context, one)) ?? false
  if (isDisabled || test === 'none') return 'none'
  return Object.values(check).every((value) => value === null) ? null : check
}

function decodeTest(context: Context, setting: Setting): readonly string[] | 'none' | null {
  if (setting.node.kind !== 'list') {
    const text = readText(context, setting)
    if (text === null) return null
    if (text.trim() !== '') return ['CMD-SHELL', text]
    return error(context, setting, 'the command is empty', "write a command for the shell, or 'disable: true'")
  }
  const words = readWords(context, setting)
  if (words === null) return null
  const [kind, ...rest] = words
  if (kind === 'NONE' && rest.length === 0) return 'none'
  if (kind === 'CMD' && rest.length > 0) return words
  if (kind === 'CMD-SHELL' && rest.length === 1) return words
  const hint = 'write ["CMD", "program", "argument"], or ["CMD-SHELL", "a command for the shell"]'
  return error(context, setting, 'a list begins with CMD, CMD-SHELL or NONE, and has a command behind CMD', hint)
}
