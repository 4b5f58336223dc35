import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readTarget, type TargetFiles } from './target.ts'

async function withFiles(files: Readonly<Record<string, string>>, body: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-target-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    await body(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function reading(files: Readonly<Record<string, string>>, ...sources: readonly string[]): Promise<TargetFiles> {
  const { promise, resolve, reject } = Promise.withResolvers<TargetFiles>()
  withFiles(files, async (directory) => {
    resolve(await readTarget(sources.map((source) => join(directory, source))))
  }).catch(reject)
  return promise
}

test('a Compose file comes with what it reads and the files it mounts, below the name of its directory', async () => {
  const target = await reading(
    {
      'shop/compose.yaml': [
        'services:',
        '  web: {image: "web:$V", env_file: conf/web.env, configs: [c], volumes: ["./data:/data", "/etc/hosts:/h"]}',
        'configs: {c: {file: ./c.txt}}',
      ].join('\n'),
      'shop/.env': 'V=3',
      'shop/conf/web.env': 'A=b',
      'shop/c.txt': 'c',
      'shop/other.txt': 'nobody reads it',
      'shop/data/x': 'x',
    },
    'shop/compose.yaml',
  )
  assert.deepEqual([...target.files.keys()].toSorted(), [
    'shop/.env',
    'shop/c.txt',
    'shop/compose.yaml',
    'shop/conf/web.env',
  ])
  assert.deepEqual(target.target, { kind: 'compose', sources: ['shop/compose.yaml'] })
  assert.deepEqual(target.images, [{ reference: 'web:3', platform: null }])
  assert.match(
    target.warnings.join('\n'),
    /shop\/web mounts the directory shop\/data, and what is in it is not in the bundle/,
  )
})

test('a target state is one file, with the images of all its apps', async () => {
  const service = (id: number, image: string) => ({ id, image_id: id, image, environment: {}, labels: {} })
  const services = { main: service(1, 'shop/main'), side: service(2, 'shop/main'), more: service(3, 'more:1') }
  const apps = { aaaa: { id: 1, name: 'shop', releases: { beef: { id: 7, services } } } }
  const target = await reading(
    { 'target.json': JSON.stringify({ f00d: { name: 'd', config: {}, apps } }) },
    'target.json',
  )
  assert.deepEqual(target.images.map(({ reference }) => reference).toSorted(), ['more:1', 'shop/main:latest'])
  assert.deepEqual([...target.files.keys()], ['target.json'])
})

test('variables of the shell count for nothing, as the device has others', async () => {
  process.env.HOLDFAST_TEST_TAG = '9'
  try {
    const text = 'name: a\nservices: {web: {image: "web:$' + '{HOLDFAST_TEST_TAG:-1}"}}'
    assert.deepEqual((await reading({ 'a/c.yaml': text }, 'a/c.yaml')).images[0]?.reference, 'web:1')
  } finally {
    delete process.env.HOLDFAST_TEST_TAG
  }
})

test('a file that is named by an absolute path cannot come along, and that is told now', async () => {
  await withFiles({ 'x.env': 'A=1' }, async (directory) => {
    const text = `services: {web: {image: "web:1", env_file: ${directory}/x.env}}`
    mkdirSync(join(directory, 'shop'))
    writeFileSync(join(directory, 'shop/compose.yaml'), text)
    await assert.rejects(
      readTarget([join(directory, 'shop/compose.yaml')]),
      /x\.env cannot be read[\s\S]*a bundle has no files by absolute paths/,
    )
  })
})

test('errors of the files, and files of another kind, make no bundle', async () => {
  await assert.rejects(reading({ 'a/c.yaml': 'services: {web: {imgae: x}}' }, 'a/c.yaml'), /c\.yaml:1:\d+: .*imgae/)
  await assert.rejects(reading({ 'a.conf': '' }, 'a.conf'), /one target state \(\.json\), or of Compose files/)
  await assert.rejects(reading({ 'a.json': '', 'b.json': '' }, 'a.json', 'b.json'), /one target state/)
})
