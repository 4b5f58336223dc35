import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { rpcLogBytesMax } from '../../../core/limits.ts'
import { makeFifo } from '../../../sys/fifo.ts'
import { RpcFault } from '../contract.ts'
import { readLogFile, tailLogFile } from './log-files.ts'

let folder = ''
let path = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-rpc-'))
  path = join(folder, 'log')
  await writeFile(path, '0123456789éabc\n')
})

after(() => rm(folder, { recursive: true }))

async function read(offset: number, length: number, of: string | null = path): Promise<string> {
  try {
    return await readLogFile(of, offset, length)
  } catch (error) {
    if (error instanceof RpcFault) return `${error.code} ${error.message}`
    throw error
  }
}

async function tail(offset: number, length: number, of: string | null = path): Promise<readonly unknown[]> {
  const { text, offset: next, isOverflow } = await tailLogFile(of, offset, length)
  return [text, next, isOverflow]
}

test('a part of a log is read from its beginning or its end', async () => {
  assert.equal(await read(0, 0), '0123456789éabc\n')
  assert.equal(await read(2, 3), '234')
  assert.equal(await read(13, 100), 'bc\n')
  assert.equal(await read(-3, 0), 'bc\n')
  assert.equal(await read(-100, 0), '0123456789éabc\n')
  assert.equal(await read(1_000_000, 0), '')
  assert.equal(await read(1_000_000, 5), '')
})

test('a read that makes no sense is refused, as is one of nothing', async () => {
  assert.equal(await read(5, -1), '3 BAD_ARGUMENTS')
  assert.equal(await read(-5, 3), '3 BAD_ARGUMENTS')
  assert.equal(await read(0, 0, null), '20 NO_FILE')
  assert.equal(await read(0, 0, join(folder, 'none')), `20 NO_FILE: ${folder}/none`)
  assert.equal(await read(0, 0, folder), '30 FAILED')
})

test('what is no UTF-8 is replaced', async () => {
  assert.equal(await read(11, 0), '\ufffdabc\n')
})

test('nothing is in the null device', async () => {
  assert.equal(await read(-1600, 0, '/dev/null'), '')
  assert.deepEqual(await tail(0, 5, '/dev/null'), ['', 0, false])
})

test('a pipe is not waited for', async () => {
  const pipe = join(folder, 'pipe')
  assert.equal(makeFifo(pipe, 0o600), null)
  assert.equal(await read(0, 0, pipe), '30 FAILED')
  assert.deepEqual(await tail(7, 5, pipe), ['', 7, false])
})

// Recorded from supervisor 4.2.5 with the same file.
const tails: readonly (readonly [number, number, string, boolean])[] = [
  ...([
    [0, 0, '', true],
    [0, 17, '0123456789éabc\n', false],
    [0, 100, '0123456789éabc\n', false],
  ] as const),
  ...([
    [5, 12, '456789éabc\n', false],
    [5, 13, '3456789éabc\n', false],
    [17, 5, '', false],
  ] as const),
  ...([
    [100, 5, '', false],
    [-5, 10, '6789éabc\n', true],
    [0, -5, '', true],
    [5, -5, '', true],
  ] as const),
  ...([
    [3, 0, '', true],
    [20, -10, '', true],
    [16, 2, '', false],
    [10, 3, 'bc\n', true],
  ] as const),
]

test('a tail is what supervisord makes of odd offsets and lengths', async () => {
  for (const [offset, length, text, isOverflow] of tails) {
    assert.deepEqual(await tail(offset, length), [text, 16, isOverflow], `${offset} ${length}`)
  }
  assert.deepEqual(await tail(0, 5, null), ['', 0, false])
  assert.deepEqual(await tail(7, 5, join(folder, 'none')), ['', 0, false])
})

test('of a large log a part is answered, at the side that was asked for', async () => {
  const large = join(folder, 'large')
  await writeFile(large, 'begin')
  await truncate(large, rpcLogBytesMax + 10)
  assert.equal((await read(0, 0, large)).length, rpcLogBytesMax)
  assert.ok((await read(0, 0, large)).startsWith('begin'))
  assert.ok(!(await read(-rpcLogBytesMax - 10, 0, large)).startsWith('begin'))
  assert.equal((await tail(0, rpcLogBytesMax * 2, large))[1], rpcLogBytesMax + 10)
})
