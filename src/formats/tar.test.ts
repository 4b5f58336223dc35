import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { readTar, TarError, tarEnd, tarHeader, tarPadding } from './tar.ts'

interface Read {
  readonly name: string
  readonly kind: string
  readonly mode: number
  readonly text: string
}

function archive(files: Readonly<Record<string, string>>, isExtended = false): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const bytes = Buffer.from(text)
    return [tarHeader({ name, sizeBytes: bytes.length, mode: 0o640, isExtended }), bytes, tarPadding(bytes.length)]
  })
  return Buffer.concat([...parts, tarEnd])
}

async function* pieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(bytes: Uint8Array, size?: number): Promise<readonly Read[]> {
  const read: Read[] = []
  for await (const { name, kind, mode, content } of readTar(pieces(bytes, size))) {
    const parts: Uint8Array[] = []
    for await (const part of content) parts.push(part)
    read.push({ name, kind, mode, text: Buffer.concat(parts).toString() })
  }
  return read
}

const files = {
  'a.json': '{}',
  empty: '',
  [`${'directory/'.repeat(15)}grüße.txt`]: 'x'.repeat(1000),
  block: 'y'.repeat(512),
}

test('what was written is read, however the bytes come', async () => {
  const expected = Object.entries(files).map(([name, text]) => ({ name, kind: 'file', mode: 0o640, text }))
  for (const size of [1, 7, 512, 100_000]) assert.deepEqual(await readAll(archive(files), size), expected)
  assert.deepEqual(await readAll(archive(files, true), 100), expected)
})

test('tar itself reads what was written', () => {
  const listed = execFileSync('tar', ['-tf', '-'], { input: archive(files), encoding: 'utf8' })
  assert.deepEqual(listed.trim().split('\n').length, 4)
  const text = execFileSync('tar', ['-xOf', '-', 'block'], { input: archive(files), encoding: 'utf8' })
  assert.equal(text, files.block)
})

test('what tar itself writes is read: directories, links, and long names in both of its formats', async () => {
  const long = `${'l'.repeat(90)}/${'m'.repeat(90)}`
  for (const format of ['gnu', 'pax', 'ustar']) {
    const bytes = execFileSync('sh', [
      '-c',
      `d=$(mktemp -d) && cd "$d" && mkdir ${'l'.repeat(90)} && echo hello > ${long} && ln -s x link && tar --format=${format} -cf - * && rm -r "$d"`,
    ])
    const read = await readAll(bytes, 333)
    assert.deepEqual(
      read.map(({ name, kind, text }) => [name, kind, text]),
      [
        ['link', 'other', ''],
        [`${'l'.repeat(90)}/`, 'directory', ''],
        [long, 'file', 'hello\n'],
      ],
      format,
    )
  }
})

test('a member of more than 8 GiB has its size in an extended header, which is as long as for a small one', async () => {
  const sizeBytes = 9 * 1024 ** 3
  const large = tarHeader({ name: 'large', sizeBytes })
  assert.equal(large.length, tarHeader({ name: 'large', sizeBytes: 10, isExtended: true }).length)
  const members = readTar(pieces(large))
  const { value } = await members.next()
  assert.equal(value.sizeBytes, sizeBytes)
  await assert.rejects(members.next(), /breaks off in the middle of "large"/)
})

test('content that nobody reads is passed over', async () => {
  const names: string[] = []
  for await (const { name } of readTar(pieces(archive(files), 100))) names.push(name)
  assert.deepEqual(names, Object.keys(files))
})

test('an archive that breaks off anywhere is told from a whole one', async () => {
  const whole = archive({ one: 'x'.repeat(700), two: 'y' }, true)
  for (let length = 0; length < whole.length; length += 64)
    await assert.rejects(readAll(whole.subarray(0, length), 100), TarError, `${length} of ${whole.length} bytes`)
})

test('what is damaged, is no archive, or goes on behind its end is refused', async () => {
  const good = archive({ one: 'x' })
  const changed = (at: number, byte: number): Buffer => {
    const copy = Buffer.from(good)
    copy[at] = byte
    return copy
  }
  await assert.rejects(readAll(changed(0, 0x7a)), /another checksum/)
  await assert.rejects(readAll(changed(150, 0x39)), /a number is none/)
  await assert.rejects(readAll(Buffer.alloc(2048, 'no archive at all ')), TarError)
  await assert.rejects(readAll(Buffer.concat([good, good])), /more behind the end/)
  assert.equal((await readAll(Buffer.concat([good, Buffer.alloc(8192)]))).length, 1)
})

test('extended headers that make no sense are refused', async () => {
  const header = tarHeader({ name: 'n', sizeBytes: 1, isExtended: true })
  for (const records of ['99 path=x\n', '0 path=x\n', 'x path=y\n', '10 size=-1\n', '9 path=x ']) {
    const block = Buffer.alloc(512)
    block.write(records)
    const bytes = Buffer.concat([header.subarray(0, 512), block, header.subarray(1024)])
    await assert.rejects(readAll(bytes), /extended header makes no sense|size of a member/, records)
  }
})
