import type { StdinSpec } from '../../core/model.ts'
import { nullStdin } from '../../core/target/plain.ts'
import { stdinMap } from './keys-extras.ts'
import { type Context, error, optional, readBoolean, readChoice, readKeys, readPath, type Setting } from './values.ts'

/** Merges Compose's `stdin_open` with what x-holdfast says. */
export function decodeStdin(context: Context, open: Setting | null, own: Setting | null): StdinSpec {
  const isOpen = optional(open, (one) => readBoolean(context, one)) ?? false
  const spec = optional(own, (one) => decodeOwn(context, one))
  if (open !== null && own !== null)
    error(context, open, 'x-holdfast.stdin says already what stdin is', 'write only one of the two')
  return spec ?? (isOpen ? { kind: 'pipe' } : nullStdin)
}

function decodeOwn(context: Context, setting: Setting): StdinSpec | null {
  const { node } = setting
  if (node.kind !== 'map') {
    // Without quotes YAML reads the word null as nothing.
    const isNull = node.kind === 'scalar' && node.value === null && node.source === 'null'
    const kind = isNull ? 'null' : readChoice(context, setting, ['null', 'pipe'])
    return kind === null ? null : { kind }
  }
  const keys = readKeys(context, setting, stdinMap)
  if (keys === null) return null
  const file = keys.get('file')
  if (file === null) return error(context, setting, 'stdin has no file', "write 'file: ./input', or 'stdin: pipe'")
  const path = readPath(context, file)
  return path === null ? null : { kind: 'file', path }
}
