import type { ContainerHealthcheck } from '../../core/containers/model.ts'
import {
  fail,
  optional,
  type Reading,
  readBoolean,
  readDuration,
  readFields,
  readInteger,
  readWord,
  readWords,
  type Setting,
} from './reading.ts'

/** What it does not say is what the image says. null: all of it. */
export function readHealthcheck(reading: Reading, setting: Setting): ContainerHealthcheck | 'none' | null {
  const fields = readFields(reading, setting, '{"test": "curl -f http://localhost", "interval": "30s"}')
  if (fields === null) return null
  const duration = (key: string) => {
    return optional(fields.get(key), (one) => readDuration(reading, one))
  }
  const isDisabled = optional(fields.get('disable'), (one) => readBoolean(reading, one)) ?? false
  const test = optional(fields.get('test'), (one) => readTest(reading, one))
  if (isDisabled || test === 'none') return 'none'
  return {
    test,
    intervalMs: duration('interval'),
    timeoutMs: duration('timeout'),
    startPeriodMs: duration('start_period'),
    startIntervalMs: duration('start_interval'),
    retries: optional(fields.get('retries'), (one) => readInteger(reading, one, { min: 0 })),
  }
}

/** A text is for a shell. */
function readTest(reading: Reading, setting: Setting): readonly string[] | 'none' | null {
  if (setting.node.kind !== 'list') {
    const text = readWord(reading, setting, 'a command')
    return text === null ? null : ['CMD-SHELL', text]
  }
  const words = readWords(reading, setting, 'words')
  const [first] = words
  if (first === 'NONE') return 'none'
  if ((first === 'CMD' || first === 'CMD-SHELL') && words.length > 1) return words
  return fail(
    reading,
    setting,
    'this test says not how it is run',
    'write ["CMD", "program", "argument"] or ["CMD-SHELL", "line"]',
  )
}
