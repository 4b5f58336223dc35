import assert from 'node:assert/strict'
import type { Target } from '../core/model.ts'
import { type Converted, convertTarget } from './convert.ts'
import { remarksOf } from './convert-remarks.ts'
import { originalAt } from './convert-supervisord.ts'
import { type DecodedWithOrigins, decodeWithOrigins } from './decode-sources.ts'
import { memorySourceReader } from './memory-source-reader.ts'

/** What a file came to, and what its holdfast.yaml says. */
export interface Conversion {
  readonly decoded: DecodedWithOrigins
  readonly converted: Converted
  readonly again: Target
}

const options = { lenient: false, descriptorsMax: null }

/** `more`: other files by their paths. null: the file has errors. */
export async function convertText(
  path: string,
  text: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Conversion | null> {
  const files = { ...more, [path]: text }
  const reader = memorySourceReader({
    files,
    environment: { HOME: '/root', PATH: '/bin' },
    directories: ['/tmp', '/var/log'],
  })
  const decoded = await decodeWithOrigins([path], reader, options)
  if (decoded.problems.some(({ severity }) => severity === 'error')) return null
  const linesOf = (file: string) => (file === path ? text.split('\n') : null)
  const converted = await convertTarget({
    target: decoded.target,
    origin: decoded.origin,
    createRemarks: (printed) => remarksOf(printed, decoded, { original: originalAt(path, reader, false), linesOf }),
  })
  const written = memorySourceReader({ files: { '/etc/holdfast.yaml': converted.text } })
  const { target: again, problems } = await decodeWithOrigins(['/etc/holdfast.yaml'], written, options)
  if (converted.services > 0) assert.deepEqual(problems, [], converted.text)
  return { decoded, converted, again }
}
