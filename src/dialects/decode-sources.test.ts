import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { configBytesMax, problemsMax } from '../core/limits.ts'
import { printProblem } from '../formats/format-error.ts'
import { decodeSources } from './decode-sources.ts'
import { type MemoryMachine, memorySourceReader } from './memory-source-reader.ts'
import { diskSourceReader } from './source-reader.ts'

async function decode(paths: readonly string[], machine: MemoryMachine, descriptorsMax: number | null = null) {
  const { target, problems } = await decodeSources(paths, memorySourceReader(machine), {
    lenient: false,
    descriptorsMax,
  })
  return { apps: Object.keys(target.apps), problems: problems.map(printProblem) }
}

const yaml = 'services: {a: {command: x}}\n'

test('sources of both kinds make one target', async () => {
  const files = { '/one/holdfast.yaml': yaml, '/two/x.conf': '[program:p]\ncommand=x\n' }
  assert.deepEqual(await decode(['/one/holdfast.yaml', '/two'], { files }), { apps: ['one', 'p'], problems: [] })
})

test('an app from two sources is an error that names both', async () => {
  const files = { '/a/app/holdfast.yaml': yaml, '/b/app/holdfast.yml': `\n${yaml}` }
  const { problems } = await decode(['/a/app/holdfast.yaml', '/b/app'], { files })
  assert.deepEqual(problems, [
    "/b/app/holdfast.yml:2:1: name: the app 'app' is declared by /a/app/holdfast.yaml and by /b/app/holdfast.yml; give one of them another name with a top-level 'name:'",
  ])
})

for (const [path, expected] of [
  ['/d/nope.yaml', /^\/d\/nope.yaml:1:1: cannot be read: there is no such file/],
  [
    '/d/x.toml',
    /^\/d\/x.toml:1:1: what kind of file this is cannot be told from its name; sources are files ending in/,
  ],
  ['/d/nope', /^\/d\/nope:1:1: cannot be read: there is no such file/],
  [
    '/d/empty',
    /^\/d\/empty:1:1: there is neither a file to read nor a service directory in this directory; sources are/,
  ],
] as const) {
  test(`${path} is refused with a hint`, async () => {
    const { problems } = await decode([path], { files: { '/d/x.toml': '' }, directories: ['/d/empty'] })
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, expected)
  })
}

test('more units than file descriptors allow are refused, with both numbers and the remedy', async () => {
  const files = { '/d/holdfast.yaml': 'services: {a: {command: x, scale: 1000}}\n' }
  const { problems } = await decode(['/d/holdfast.yaml'], { files }, 1024)
  assert.match(
    problems[0]!,
    /1000 units need about 2048 file descriptors, and the limit here is 1024; raise the hard limit \(LimitNOFILE=/,
  )
  assert.deepEqual((await decode(['/d/holdfast.yaml'], { files }, 2048)).problems, [])
})

test('more units than one daemon supervises are refused', async () => {
  const files = { '/d/holdfast.yaml': 'services: {a: {command: x, scale: 6000}, b: {command: x, scale: 6000}}\n' }
  assert.match(
    (await decode(['/d/holdfast.yaml'], { files })).problems[0]!,
    /12000 units are declared, and 10000 is the most/,
  )
})

test('names that could leave the log directory are refused', async () => {
  const { problems } = await decode(['/d/holdfast.yaml'], {
    files: { '/d/holdfast.yaml': 'services:\n  ..: {command: x}\n' },
  })
  assert.deepEqual(problems, ["/d/holdfast.yaml:2:3: services...: the name '..' is reserved; choose another name"])
})

test('the reader of the real machine finds what is there and never throws', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-reader-'))
  try {
    writeFileSync(join(directory, 'holdfast.yaml'), `name: real\n${yaml}`)
    writeFileSync(join(directory, 'p.conf'), '[program:p]\ncommand=x\n[include]\nfiles=*.in?\n')
    writeFileSync(join(directory, 'q.inc'), '[program:q]\ncommand=x\n')
    const reader = diskSourceReader({})
    const { target, problems } = await decodeSources([directory], reader, { lenient: false, descriptorsMax: null })
    assert.deepEqual(problems, [])
    assert.deepEqual(Object.keys(target.apps), ['real', 'p', 'q'])
    writeFileSync(join(directory, 'huge.yaml'), Buffer.alloc(configBytesMax + 1, '#'))
    for (const [path, code] of [
      [directory, 'EISDIR'],
      [join(directory, 'nope'), 'ENOENT'],
      ['/dev/zero', 'EINVAL'],
      [join(directory, 'huge.yaml'), 'EFBIG'],
      ['/a\0b', 'ERR_INVALID_ARG_VALUE'],
    ] as const) {
      const result = reader.read(path)
      assert(typeof result === 'object')
      assert.equal(result.code, code)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

for (const name of readdirSync(new URL('../../examples', import.meta.url))) {
  // What is written for another supervisor has warnings of its own.
  const severities = name === 'migrate-supervisord' ? ['error'] : ['error', 'warning']
  test(`the example ${name} has no problem`, async () => {
    const directory = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
    const files = ['holdfast.yaml', 'supervisord.conf', 'service'].map((file) => join(directory, file))
    const path = files.find((file) => existsSync(file)) ?? directory
    const reader = diskSourceReader({})
    const { target, problems } = await decodeSources([path], reader, { lenient: false, descriptorsMax: null })
    assert.deepEqual(
      problems.filter(({ severity }) => severities.includes(severity)),
      [],
    )
    assert(Object.keys(target.apps).length > 0)
  })
}

test('every example in the documentation of the configuration has no problem', async () => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example]) => example!)
  assert(examples.length > 1)
  for (const example of examples) {
    const files = { '/shop/holdfast.yaml': example }
    const { apps, problems } = await decode(['/shop/holdfast.yaml'], { files })
    assert.deepEqual([apps[0], problems], ['shop', []])
  }
})

test('of very many problems the first are told, errors before warnings', async () => {
  const text = `${'[unknown]\n[u2]\n'.repeat(2)}[s]\n${'bad line\n'.repeat(200_000)}`
  const { problems } = await decode(['/d/x.conf'], { files: { '/d/x.conf': text } })
  assert.equal(problems.length, problemsMax)
  assert(problems.every((problem) => !problem.includes('warning')))
})
