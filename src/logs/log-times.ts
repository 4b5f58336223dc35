import type { FileHandle } from 'node:fs/promises'
import { decodeRecord, type IndexRecord, recordBytes } from './log-index.ts'
import { type LogPart, type LogSource, openIndex } from './log-parts.ts'

/** What the index of a part says of `from` up to `to`: the record that holds there, if any, and those in between. */
export async function recordsBetween(
  source: LogSource,
  part: LogPart,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<IndexRecord[]> {
  if (part.index.isMissing) return []
  const found: IndexRecord[] = []
  await useIndex(source, part, async (index) => {
    for (let number = await numberAt(part, index, from); ; ) {
      const block = await readRecords(index, number)
      if (block.length === 0) return
      for (const record of block) {
        if (record.offset >= to) return
        if (record.offset <= from) {
          found.length = 0
          part.index.number = number
          part.index.offset = from
        }
        found.push(record)
        number++
      }
    }
  })
  return found
}

/** All records of a part, in blocks. */
export async function* allRecords(source: LogSource, part: LogPart): AsyncGenerator<readonly IndexRecord[]> {
  for (let number = 0; !part.index.isMissing; ) {
    const block = await useIndex(source, part, (index) => readRecords(index, number))
    if (block === null || block.length === 0) return
    number += block.length
    yield block
  }
}

function useIndex<T>(source: LogSource, part: LogPart, work: (index: FileHandle) => Promise<T>): Promise<T | null> {
  return source.handles.use(part.index, () => openIndex(source, part), work)
}

/** A record to begin with. Reading goes on mostly where it was: else its place is searched for. */
async function numberAt(part: LogPart, index: FileHandle, from: number): Promise<number> {
  const { number, offset } = part.index
  if (from >= offset && from - offset <= nearBytes) return number
  let low = 0
  let high = Math.floor((await index.stat()).size / recordBytes)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const [record] = await readRecords(index, middle, 1)
    if (record !== undefined && record.offset <= from) low = middle
    else high = middle
  }
  return low
}

const nearBytes = 256 * 1024

/** What is torn at the end is none. */
async function readRecords(index: FileHandle, number: number, count = blockRecords): Promise<IndexRecord[]> {
  const bytes = Buffer.allocUnsafe(count * recordBytes)
  const { bytesRead } = await index.read(bytes, 0, bytes.length, number * recordBytes)
  return Array.from({ length: Math.floor(bytesRead / recordBytes) }, (_, at) => decodeRecord(bytes, at * recordBytes))
}

const blockRecords = 256
