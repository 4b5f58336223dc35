import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { chainIds, chainsOf, layersBeyond } from './chains.ts'
import { config, contents, diffIds, type Entry, imageId, layers, pieces, sha256, state, tarOf } from './fixture.ts'
import { type BundleContents, layerName, targetName } from './model.ts'
import { openBundle } from './read.ts'
import { readSaved } from './saved.ts'
import { type BundleWriter, createBundleWriter } from './write.ts'

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'))
  try {
    await body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const longest: BundleContents = {
  ...contents,
  layers: contents.layers.map((layer) => ({ ...layer, sizeBytes: Number.MAX_SAFE_INTEGER })),
  members: contents.members.map((member) => ({ ...member, sizeBytes: Number.MAX_SAFE_INTEGER })),
}

/** Writes a bundle of what an engine saves, and answers its layers as they are unpacked. */
async function written(directory: string, archive: Buffer, wanted = new Set(diffIds)): Promise<readonly Buffer[]> {
  const path = join(directory, 'a.bundle')
  const writer = await createBundleWriter(path, longest)
  await writer.add(targetName('target.json'), Buffer.from(state))
  const saved = await readSaved(pieces(archive), { writer, wanted, known: new Set(diffIds) })
  assert.deepEqual(
    saved.images.map(({ id, layers: own, platform }) => [id, own, platform]),
    [[imageId, diffIds, 'linux/amd64']],
  )
  const sizes = contents.layers.map(({ diffId }) => ({ diffId, sizeBytes: saved.layerBytes.get(diffId) ?? 0 }))
  for (const image of saved.images) await writer.add(`images/${image.id.slice(7)}.json`, image.config)
  const sizeBytes = await writer.finish({ ...contents, layers: sizes, members: writer.members() })
  assert.deepEqual(sizes, contents.layers)
  const bytes = readFileSync(path)
  assert.equal(sizeBytes, bytes.length)
  const bundle = await openBundle(pieces(bytes, 100))
  const unpacked: Buffer[] = []
  for await (const { member, content } of bundle.members) {
    const parts: Uint8Array[] = []
    for await (const part of content) parts.push(part)
    if (member.name.startsWith('layers/')) unpacked.push(gunzipSync(Buffer.concat(parts)))
    else assert.deepEqual(Buffer.concat(parts), config)
  }
  assert.deepEqual(readdirSync(directory), ['a.bundle'])
  return unpacked
}

/** Docker 20.10: names that tell nothing, and which is which at the end. */
const legacy: readonly Entry[] = [
  ['0aa/VERSION', '1.0'],
  ['0aa/json', '{"id": "0aa"}'],
  ['0aa/layer.tar', layers[1]],
  ['1bb/json', '{"id": "1bb"}'],
  ['1bb/layer.tar', layers[0]],
  ['1cc/layer.tar', layers[0]],
  [`${imageId.slice(7)}.json`, config],
  ['manifest.json', JSON.stringify([{ Config: `${imageId.slice(7)}.json`, RepoTags: null, Layers: [] }])],
]

/** Docker 25 and newer: by digest, and compressed where containerd keeps them. */
function layout(pack: (bytes: Buffer) => Buffer): readonly Entry[] {
  const blob = (bytes: Buffer): Entry => [`blobs/sha256/${sha256(bytes)}`, bytes]
  const manifest = [{ Config: `blobs/sha256/${imageId.slice(7)}`, Layers: [] }]
  return [
    blob(config),
    ...layers.map((layer) => blob(pack(layer))),
    ['index.json', '{"schemaVersion": 2, "manifests": []}'],
    ['manifest.json', JSON.stringify(manifest)],
    ['oci-layout', '{"imageLayoutVersion": "1.0.0"}'],
  ]
}

test('what an engine of any age saves becomes a bundle, with its layers unpacked as they were', async () => {
  const archives = [legacy, layout((bytes) => bytes), layout(gzipSync), layout(zstdCompressSync)]
  for (const archive of archives) {
    await inDirectory(async (directory) => {
      const unpacked = await written(directory, tarOf(archive))
      assert.deepEqual(unpacked.map((one) => sha256(one)).toSorted(), diffIds.map((id) => id.slice(7)).toSorted())
    })
  }
})

test('layers that are not wanted are not in it, and their sizes are told', async () => {
  for (const archive of [legacy, layout((bytes) => bytes), layout(gzipSync)]) {
    await inDirectory(async (directory) => {
      assert.deepEqual(await written(directory, tarOf(archive), new Set([diffIds[1]!])), [layers[1]])
    })
  }
})

test('tar lists a bundle, and sha256sum finds its table of contents as it was', async () => {
  await inDirectory(async (directory) => {
    await written(directory, tarOf(legacy))
    const run = (command: string): string => execFileSync('sh', ['-c', command], { cwd: directory, encoding: 'utf8' })
    assert.match(
      run('tar -tf a.bundle'),
      /^bundle\.json\ntarget\/target\.json\nlayers\/.*\nlayers\/.*\nimages\/.*\nbundle\.sha256\n$/,
    )
    assert.equal(run('tar -xf a.bundle && sha256sum -c bundle.sha256'), 'bundle.json: OK\n')
  })
})

test('an archive without a layer that is wanted, or that does not tell its images, makes no bundle', async () => {
  const cases: readonly (readonly [readonly Entry[], RegExp])[] = [
    [legacy.filter(([name]) => name !== '0aa/layer.tar'), /has no layer sha256:/],
    [legacy.filter(([name]) => name !== 'manifest.json'), /does not tell what images it has/],
    [legacy.filter(([name]) => name !== `${imageId.slice(7)}.json`), /has not the description of each image/],
  ]
  for (const [archive, message] of cases) {
    await inDirectory(async (directory) => {
      const path = join(directory, 'a.bundle')
      const writer: BundleWriter = await createBundleWriter(path, longest)
      const options = { writer, wanted: new Set(diffIds), known: new Set(diffIds) }
      await assert.rejects(readSaved(pieces(tarOf(archive)), options), message)
      await writer.abandon()
      assert.deepEqual(readdirSync(directory), [])
    })
  }
})

test('a bundle that was there stays until the new one is whole', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'a.bundle')
    const writer = await createBundleWriter(path, longest)
    await (await writer.begin(100)).write(layers[0])
    assert.equal(existsSync(path), false)
    await writer.abandon()
    await written(directory, tarOf(legacy))
    assert.equal(layerName(diffIds[0]!).length, 78)
  })
})

test('a layer counts as present only with all that are below it', () => {
  const [a, b] = [diffIds[0]!, diffIds[1]!]
  assert.deepEqual(chainIds([a]), [a])
  assert.deepEqual(chainIds([a, b]), [a, `sha256:${sha256(`${a} ${b}`)}`])
  const present = chainsOf([{ layers: [a, b] }])
  assert.deepEqual([...layersBeyond([{ layers: [a, b] }], present)], [])
  assert.deepEqual([...layersBeyond([{ layers: [b] }], present)], [b])
  assert.deepEqual([...layersBeyond([{ layers: [b, a] }], present)], [b, a])
  assert.deepEqual([...layersBeyond([{ layers: [a, b, a] }], present)], [a])
})
