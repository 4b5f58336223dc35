import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import type { App } from '../../../src/core/model.ts'
import { decodeSources } from '../../../src/dialects/decode-sources.ts'
import { memorySourceReader } from '../../../src/dialects/memory-source-reader.ts'
import { diskSourceReader } from '../../../src/dialects/source-reader.ts'
import { printProblem } from '../../../src/formats/format-error.ts'
import { type Difference, differences } from './differences.ts'
import { type Project, projects } from './projects.ts'

/**
 * `docker-compose config` tells what a project comes to: merged, extended, with its variables put in and its paths absolute.
 * That is read as a file of its own, and has to declare the same as the project itself does.
 */

const found = spawnSync('docker-compose', ['version', '--short'])
const skip = found.status === 0 ? false : 'docker-compose is not installed: run scripts/test-deps'

const root = mkdtempSync(join(tmpdir(), 'holdfast-compose-'))
after(() => rmSync(root, { recursive: true }))

const used = new Set<Difference>()

for (const [index, project] of projects.entries()) {
  const does = project.isRefused === true ? 'is refused by both' : 'is the same to both'
  test(`${project.name} ${does}`, { skip }, async () => {
    const directory = join(root, String(index), 'shop')
    writeFiles(directory, project)
    const [theirs, ours] = [await readTheirs(directory, project), await readOurs(directory, project)]
    if (project.isRefused === true) {
      assert.deepEqual([theirs.app, ours.app], [null, null], [...theirs.problems, ...ours.problems].join('\n'))
      return
    }
    assert.ok(theirs.app !== null, theirs.problems.join('\n'))
    assert.ok(ours.app !== null, ours.problems.join('\n'))
    const told = compareFields(fieldsOf(theirs.app), fieldsOf(ours.app)).filter(({ field }) => !isKnown(project, field))
    assert.deepEqual(told, [])
  })
}

test('every difference that is written down shows', { skip }, () => {
  const stale = differences.filter((one) => one.project !== '*' && !used.has(one))
  assert.deepEqual(stale, [])
})

function isKnown({ name }: Project, field: string): boolean {
  const known = differences.find(
    (one) =>
      (one.project === '*' || one.project === name) && (field === one.field || field.startsWith(`${one.field}.`)),
  )
  if (known !== undefined) used.add(known)
  return known !== undefined
}

interface Read {
  /** null: it was refused. */
  readonly app: App | null
  readonly problems: readonly string[]
}

async function readTheirs(directory: string, project: Project): Promise<Read> {
  const { status, stdout, stderr } = spawnSync('docker-compose', ['config'], {
    cwd: directory,
    env: environmentOf(project),
    timeout: 30_000,
    encoding: 'utf8',
  })
  if (status !== 0) return { app: null, problems: [stderr] }
  const path = join(directory, 'docker-compose.yml')
  // Which profiles are active, and what the project is called, is no part of what it tells.
  const reader = memorySourceReader({
    files: { ...filesOf(directory, project, false), [path]: stdout },
    environment: environmentOf(project),
  })
  return await decode(path, reader)
}

async function readOurs(directory: string, project: Project): Promise<Read> {
  return await decode(join(directory, 'docker-compose.yml'), diskSourceReader(environmentOf(project)))
}

async function decode(path: string, reader: Parameters<typeof decodeSources>[1]): Promise<Read> {
  const { target, problems } = await decodeSources([path], reader, { lenient: false, descriptorsMax: null })
  const errors = problems.filter(({ severity }) => severity === 'error').map(printProblem)
  const [app = null] = Object.values(target.apps)
  return { app: errors.length > 0 ? null : app, problems: errors }
}

function environmentOf(project: Project): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: '/root', ...project.environment }
}

/** Without those that would be merged or read once more. */
function filesOf(directory: string, { files }: Project, isWhole: boolean): Readonly<Record<string, string>> {
  const entries = Object.entries(files).filter(([path]) => isWhole || !(path === '.env' || path.includes('override')))
  return Object.fromEntries(entries.map(([path, text]) => [join(directory, path), text]))
}

function writeFiles(directory: string, project: Project): void {
  for (const [path, text] of Object.entries(filesOf(directory, project, true))) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

// ---- field by field --------------------------------------------------------------------------------------------

interface FieldDifference {
  readonly field: string
  readonly original: string
  readonly ours: string
}

function compareFields(
  original: ReadonlyMap<string, string>,
  ours: ReadonlyMap<string, string>,
): readonly FieldDifference[] {
  const fields = [...new Set([...original.keys(), ...ours.keys()])]
  return fields.flatMap((field) => {
    const [one, other] = [original.get(field) ?? '(not there)', ours.get(field) ?? '(not there)']
    return one === other ? [] : [{ field, original: one, ours: other }]
  })
}

/** The original sorts what has no order. */
const unordered =
  /\.(?:ports|expose|mounts|capAdd|capDrop|devices|securityOptions|groupAdd|extraHosts|dependsOn|aliases)$/

function fieldsOf(app: App): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  const visit = (path: string, value: unknown): void => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, below] of Object.entries(value)) visit(path === '' ? key : `${path}.${key}`, below)
    } else if (Array.isArray(value) && unordered.test(path)) {
      fields.set(path, JSON.stringify(value.map((part) => JSON.stringify(part)).toSorted()))
    } else fields.set(path, JSON.stringify(value))
  }
  visit('', app)
  return fields
}
