import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bundleOf,
  contents,
  diffIds,
  type Entry,
  entries,
  imageId,
  memberOf,
  pieces,
  sha256,
  state,
  tarOf,
} from './fixture.ts'
import { type BundleContents, BundleError, checksumName, contentsName } from './model.ts'
import { printContents } from './parse.ts'
import { checksumText, openBundle } from './read.ts'

/** The names of everything in it, once all of it was looked at. */
async function readAll(bytes: Uint8Array, size?: number): Promise<readonly string[]> {
  const bundle = await openBundle(pieces(bytes, size))
  const names = [...bundle.files.keys()]
  for await (const { member } of bundle.members) names.push(member.name)
  return names
}

async function refused(bytes: Uint8Array, message: RegExp): Promise<void> {
  await assert.rejects(readAll(bytes), (error: Error) => {
    assert.ok(error instanceof BundleError, error.stack)
    assert.match(error.message, message)
    return true
  })
}

test('a bundle is read in one pass, in pieces of any size', async () => {
  const bundle = await openBundle(pieces(bundleOf(), 7))
  assert.deepEqual(bundle.contents, contents)
  assert.equal(bundle.files.get('target.json')?.toString(), state)
  const read: Buffer[] = []
  for await (const { content } of bundle.members) {
    const parts: Uint8Array[] = []
    for await (const part of content) parts.push(part)
    read.push(Buffer.concat(parts))
  }
  assert.deepEqual(
    read,
    entries.slice(1).map(([, bytes]) => bytes),
  )
})

test('one that breaks off anywhere is refused', async () => {
  const whole = bundleOf()
  for (let length = 0; length < whole.length; length += 100)
    await refused(whole.subarray(0, length), /breaks off|damaged/)
})

test('one in which any byte that says something was changed is refused', async () => {
  const whole = bundleOf()
  for (let at = 0; at < whole.length; at += 61) {
    const changed = Buffer.from(whole)
    changed[at]! ^= 0x20
    // What fills the last block of a member means nothing.
    if (whole[at] === 0) continue
    await assert.rejects(readAll(changed), BundleError, `byte ${at}`)
  }
})

test('what is no bundle, or of another version, is told from one that is damaged', async () => {
  await refused(tarOf([['manifest.json', '[]']]), /no bundle of Holdfast: it does not begin with bundle\.json/)
  await refused(tarOf([[contentsName, '{"format": "other"}']]), /it is not a bundle of Holdfast/)
  await refused(tarOf([[contentsName, '{']]), /its table of contents is no JSON/)
  const later = { ...contents, version: 2 }
  await refused(
    bundleOf(later),
    /a bundle of version 2, and this Holdfast reads version 1; use the Holdfast that wrote it, or a newer/,
  )
})

test('members that are not what the table of contents says are refused', async () => {
  const [file, lower, upper, image] = entries as readonly [Entry, Entry, Entry, Entry]
  await refused(bundleOf(contents, [file, upper, lower, image]), /where layers\/.* should be, there is "layers/)
  await refused(bundleOf(contents, [file, lower, upper]), /where images\/.* should be, there is "bundle\.sha256"/)
  await refused(bundleOf(contents, [...entries, ['more', 'x']]), /bundle\.sha256 is missing/)
  await refused(bundleOf(contents, [file, [lower[0], 'x'], upper, image]), /has 1 bytes, and should have \d+/)
  const other = Buffer.from(lower[1])
  other[20]! ^= 1
  await refused(bundleOf(contents, [file, [lower[0], other], upper, image]), /layers\/.* is not what it was/)
})

test('a table of contents that was changed with all that it vouches for is told by the last member', async () => {
  const text = printContents({ ...contents, createdBy: 'somebody' })
  const last: Entry = [checksumName, checksumText(sha256(printContents(contents)))]
  const changed = tarOf([[contentsName, text], ...entries, last])
  await refused(changed, /bundle\.json was changed, or is of another bundle/)
})

const [image] = contents.images
const said: Readonly<Record<string, readonly [said: object, message: RegExp]>> = {
  'a path that leads out': [
    { files: [{ path: '../target.json', mode: 0o644 }] },
    /"\.\.\/target\.json" leads elsewhere/,
  ],
  'an absolute path': [{ files: [{ path: '/etc/passwd', mode: 0o644 }] }, /"\/etc\/passwd" leads elsewhere/],
  'a path with a newline': [{ files: [{ path: 'a\nb', mode: 0o644 }] }, /leads elsewhere/],
  'a file that is set-user-id': [{ files: [{ path: 'target.json', mode: 0o4755 }] }, /files: mode/],
  'a target that it does not have': [
    { target: { kind: 'balena', sources: ['x.json'] } },
    /x\.json is not among its files/,
  ],
  'no target': [{ target: { kind: 'balena', sources: [] } }, /target: there is none/],
  'another kind of target': [{ target: { kind: 'shell', sources: [] } }, /target\.kind/],
  'two directories': [
    {
      target: { kind: 'compose', sources: ['a/compose.yaml'] },
      files: [
        { path: 'a/compose.yaml', mode: 0o644 },
        { path: 'b/.env', mode: 0o644 },
      ],
    },
    /not below one directory/,
  ],
  'an id that is none': [{ images: [{ ...image, id: 'sha256:../../x' }] }, /images: id/],
  'a reference that is none': [{ images: [{ ...image, references: ['--privileged'] }] }, /is no reference of an image/],
  'a name of two images': [{ images: [image, { ...image, id: diffIds[0] }] }, /two have one name/],
  'an image twice': [{ images: [image, image] }, /one is there twice/],
  'too many layers': [{ images: [{ ...image, layers: Array(300).fill(diffIds[0]) }] }, /there are 300, and may be 255/],
  'layers that are not listed': [{ layers: contents.layers.slice(1) }, /layers: sha256:.* is missing/],
  'layers that nobody has': [
    { layers: [...contents.layers, { diffId: `sha256:${sha256('x')}`, sizeBytes: 1 }] },
    /one belongs to no image/,
  ],
  'a size below nothing': [
    { layers: [{ diffId: diffIds[0], sizeBytes: -1 }, contents.layers[1]] },
    /layers: sizeBytes/,
  ],
  'a size that is no number': [{ members: [{ ...contents.members[0], sizeBytes: '1e3' }] }, /members: sizeBytes/],
  'a member that nothing asks for': [
    { members: [...contents.members, memberOf(['layers/../../x', 'x'])] },
    /nothing asks for "layers\/\.\.\/\.\.\/x"/,
  ],
  'a member twice': [{ members: [...contents.members, contents.members[1]] }, /is there twice/],
  'a member that is missing': [{ members: contents.members.slice(0, -1) }, /images\/.* is missing/],
  'a file behind the images': [
    { members: contents.members.toReversed() },
    /target\/target\.json comes behind the images/,
  ],
  'a file that is too large': [
    { members: contents.members.map((one, at) => (at === 0 ? { ...one, sizeBytes: 2 ** 40 } : one)) },
    /target\/target\.json has 1099511627776 bytes/,
  ],
  'words that a terminal would obey': [{ createdBy: '\u001b[2J' }, /createdBy/],
  'a list that is none': [{ images: {} }, /: images/],
}

test('a table of contents that cannot be is refused before anything behind it is read', async () => {
  for (const [name, [changes, message]] of Object.entries(said)) {
    const head = tarOf([[contentsName, printContents({ ...contents, ...(changes as Partial<BundleContents>) })]])
    await assert.rejects(openBundle(pieces(head)), message, name)
  }
})

test('layers may be left out, and nothing else', async () => {
  const without = entries.filter((_, at) => at !== 1)
  const partial = {
    ...contents,
    members: without.map(memberOf),
    base: { name: 'device.json', createdAt: contents.createdAt },
  }
  assert.deepEqual((await readAll(bundleOf(partial, without))).length, 3)
})

test('what is not read of a bundle is looked at nevertheless', async () => {
  const bundle = await openBundle(pieces(bundleOf()))
  const names: string[] = []
  for await (const { member, content } of bundle.members) {
    names.push(member.name)
    for await (const _ of content) break
  }
  assert.deepEqual(names.at(-1), `images/${imageId.slice(7)}.json`)
})
