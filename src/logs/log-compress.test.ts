import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Bench, createBench, streamOf } from './test-bench.ts'

const bytesMax = 200_000
const squeezed = streamOf('a/web/1', { bytesMax, backupsMax: 4, compress: true })

/** Lines of twenty bytes, numbered, as many as fill so many files. */
function lines(first: number, files: number): string {
  const count = (files * bytesMax) / 20
  return Array.from({ length: count }, (_, n) => `line ${String(first + n).padStart(14, '.')}\n`).join('')
}

function fill(bench: Bench, text: string, options: { atMs?: number; attempt?: number } = {}): void {
  for (let at = 0; at < text.length; at += 60_000) bench.print(squeezed, text.slice(at, at + 60_000), options)
}

/** Equal, without printing megabytes where not. */
function same(got: string, expected: string): void {
  let at = 0
  while (at < got.length && got[at] === expected[at]) at++
  const around = (text: string) => text.slice(Math.max(0, at - 30), at + 30)
  assert.ok(got === expected, `at ${at}: ${JSON.stringify(around(got))}, not ${JSON.stringify(around(expected))}`)
}

describe('compression', () => {
  test('makes .gz of all rotated parts but the newest one, with their time, mode and index', async () => {
    using bench = createBench()
    const text = lines(0, 3)
    fill(bench, text, { atMs: 0, attempt: 5 })
    bench.print(squeezed, 'last\n', { atMs: 100 })
    const modified = statSync(bench.path('a/web-1.log.3')).mtime
    await bench.logs.idle()
    assert.deepEqual(
      bench.names('a').filter((name) => !name.endsWith('.idx')),
      ['web-1.log', 'web-1.log.1', 'web-1.log.2.gz', 'web-1.log.3.gz'],
    )
    const parts = ['.3.gz', '.2.gz'].map((part) => gunzipSync(readFileSync(bench.path(`a/web-1.log${part}`))))
    same(Buffer.concat(parts).toString(), text.slice(0, 2 * bytesMax))
    const found = statSync(bench.path('a/web-1.log.3.gz'))
    assert.equal(found.mode & 0o777, 0o640)
    assert.deepEqual(found.mtime, modified)
    assert.equal(bench.index('a/web-1.log.3.idx')[0]!.attempt, 5)
    same(await bench.text([squeezed]), `${text}last\n`)
  })

  test('leaves nothing half: what a death left behind is removed, and both of a pair count once', async () => {
    using bench = createBench()
    const text = lines(0, 3)
    fill(bench, text)
    bench.print(squeezed, 'last\n')
    await bench.logs.idle()
    const oldest = gunzipSync(readFileSync(bench.path('a/web-1.log.3.gz')))
    writeFileSync(bench.path('a/web-1.log.3'), oldest)
    writeFileSync(bench.path('a/web-1.log.gz.part'), 'half')
    same(await bench.text([squeezed]), `${text}last\n`)
    bench.restart('crash')
    bench.print(squeezed, 'next\n')
    await bench.logs.idle()
    assert.deepEqual(
      bench.names('a').filter((name) => !name.endsWith('.idx')),
      ['web-1.log', 'web-1.log.1', 'web-1.log.2.gz', 'web-1.log.3.gz'],
    )
    same(await bench.text([squeezed]), `${text}last\nnext\n`)
  })

  test('loses and doubles nothing of a part that is rotated on meanwhile', async () => {
    using bench = createBench()
    fill(bench, lines(0, 2))
    // The oldest is being read now; these move it on to .4.
    fill(bench, lines(20_000, 2))
    await bench.logs.idle()
    assert.deepEqual(
      bench.names('a').filter((name) => !name.endsWith('.idx')),
      ['web-1.log', 'web-1.log.1', 'web-1.log.2.gz', 'web-1.log.3.gz', 'web-1.log.4.gz'],
    )
    same(await bench.text([squeezed]), lines(0, 4))
  })

  test('of a part that falls off the end meanwhile leaves nothing', async () => {
    using bench = createBench()
    fill(bench, lines(0, 12))
    await bench.logs.idle()
    assert.equal((await bench.text([squeezed])).length, 4 * bytesMax)
    assert.deepEqual(
      bench.names('a').filter((name) => name.includes('part') || name.includes('.5')),
      [],
    )
    assert.deepEqual(bench.warnings, [])
  })

  test('that fails is told once, and the parts stay as they are', async () => {
    using bench = createBench()
    mkdirSync(bench.path('a/web-1.log.gz.part/occupied'), { recursive: true })
    fill(bench, lines(0, 2))
    await bench.logs.idle()
    fill(bench, lines(20_000, 1))
    await bench.logs.idle()
    assert.equal(bench.warnings.length, 1)
    assert.match(bench.warnings[0]!, /web-1\.log: rotated files cannot be compressed \(E\w+\); they stay as they are$/)
    same(await bench.text([squeezed]), lines(0, 3))
  })
})

describe('a reader of compressed parts', () => {
  test('has the last lines, also where they begin in a compressed part', async () => {
    using bench = createBench()
    const text = lines(0, 3)
    fill(bench, text)
    bench.print(squeezed, 'last\n')
    await bench.logs.idle()
    for (const count of [1, 2, 10_001, 10_002, 15_000, 20_001, 29_999, 30_001, 99_999]) {
      const expected = `${text}last\n`.split('\n').slice(0, -1).slice(-count)
      const got = await bench.text([squeezed], { from: { kind: 'lines', lines: count } })
      same(got, `${expected.join('\n')}\n`)
    }
    same(await bench.text([squeezed], { from: { kind: 'bytes', bytes: 450_000 } }), `${text}last\n`.slice(-450_000))
  })

  test('goes on in the compressed one when it held a part that was replaced', async () => {
    using bench = createBench()
    const text = lines(0, 4)
    fill(bench, text)
    bench.print(squeezed, 'last\n')
    const reading = bench.logs.read([squeezed], { from: { kind: 'all' }, follow: false })[Symbol.asyncIterator]()
    const first = await reading.next()
    let got = Buffer.from(first.value!.bytes).toString()
    await bench.logs.idle()
    for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
      got += Buffer.from(next.value.bytes).toString()
    }
    same(got, `${text}last\n`)
  })

  test('follows through rotation and compression without losing or repeating a byte', async () => {
    using bench = createBench()
    const small = streamOf('a/small/1', { bytesMax: 2_000, backupsMax: 500, compress: true })
    const control = new AbortController()
    const reading = bench.logs.read([small], { from: { kind: 'all' }, follow: true, signal: control.signal })
    const all = lines(0, 1).slice(0, 60_000)
    const isRead = (async () => {
      let got = ''
      for await (const { bytes } of reading) {
        got += Buffer.from(bytes).toString()
        assert.ok(all.startsWith(got), `at ${got.length}: ${JSON.stringify(got.slice(-50))}`)
        if (got.length === all.length) return
      }
    })()
    for (let at = 0; at < all.length; at += 700) {
      bench.print(small, all.slice(at, at + 700))
      if (at % 2_100 === 0) await bench.logs.idle()
    }
    await isRead
    control.abort()
  })

  test('reads what another program compressed, and a damaged file as far as it goes', async () => {
    using bench = createBench()
    const path = bench.path('theirs.log')
    const theirs = streamOf('a/web/1', { path })
    writeFileSync(`${path}.3.gz`, gzipSync(lines(0, 1)))
    const [compressed, kept] = [gzipSync(lines(10_000, 1)), lines(20_000, 1)]
    writeFileSync(`${path}.2.gz`, compressed)
    writeFileSync(`${path}.1`, kept)
    writeFileSync(path, 'last\n')
    same(await bench.text([theirs]), `${lines(0, 3)}last\n`)
    same(await bench.text([theirs], { from: { kind: 'lines', lines: 20_001 } }), `${lines(10_000, 2)}last\n`)
    truncateSync(`${path}.2.gz`, Math.floor(compressed.length / 2))
    const damaged = await bench.text([theirs])
    assert.ok(damaged.startsWith(lines(0, 1)) && damaged.endsWith(`${kept}last\n`))
    assert.ok(`${lines(0, 3)}last\n`.startsWith(damaged.slice(0, -kept.length - 5)))
  })
})
