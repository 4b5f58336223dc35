import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { apiVersion, type ChangeReport } from '../wire/api.ts'
import { chooseHome } from '../wire/home.ts'
import { type Client, Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { runPlan } from './plan.ts'

const same: ChangeReport = {
  apiVersion,
  kind: 'ChangeReport',
  isApplied: false,
  sources: ['/a.yaml'],
  errors: [],
  warnings: [],
  changes: [],
  unchanged: 3,
  order: [],
  outcomes: [],
  rejections: [],
}
const other: ChangeReport = {
  ...same,
  changes: [{ app: 'a', service: 'old', change: 'removed', effect: 'stop', fields: [] }],
}

const directory = mkdtempSync(join(tmpdir(), 'holdfast-plan-'))
after(() => rmSync(directory, { recursive: true }))
const file = join(directory, 'new.yaml')
writeFileSync(
  file,
  'name: new\nservices:\n  db: { command: [db] }\n  web: { command: [web, "a b"], scale: 2, depends_on: [db] }\n',
)

/** A daemon that answers so; null: there is none. */
function daemon(report: ChangeReport | null): Client {
  return {
    ask: async <T>(route: string): Promise<T> => {
      if (report === null) throw new Unreachable('no daemon answers')
      return (route === 'info' ? { sources: ['/a.yaml', '/b.yaml'] } : report) as T
    },
    stream: () => Promise.reject(new Error('nothing is streamed')),
  }
}

async function plan(client: Client, operands: readonly string[], format?: 'json') {
  const choice = chooseHome({ option: '/h', environment: {}, uid: 0 })
  assert.equal(choice.kind, 'home')
  const printed: string[] = []
  const said: string[] = []
  const context: Context = {
    options: { isSet: () => false, value: (name) => (name === 'output' ? format : undefined), values: () => [] },
    operands,
    environment: {},
    terminal: { columns: 80, hasColour: false, hasUnicode: true },
    home: choice.home,
    client,
    roles: {
      ...{ version: '0', launcher: '/bin/holdfast', replay: () => Promise.resolve(0) },
      openImageEngine: () => Promise.reject(new Error('nothing asks for it')),
    },
    commands: [],
    out: (text) => printed.push(text),
    talk: (text) => said.push(text),
  }
  return { code: await runPlan(context), printed: printed.join(''), said: said.join('') }
}

test('a plan without a difference exits 0, with one 7, and of files with errors 6', async () => {
  assert.equal((await plan(daemon(same), [])).code, 0)
  const { code, said } = await plan(daemon(other), [])
  assert.deepEqual([code, said], [7, 'apply it with: holdfast up --home /h\n'])
  const bad = await plan(daemon({ ...same, errors: ['/a.yaml:1:1: no'] }), [])
  assert.deepEqual([bad.code, bad.printed], [6, ''])
  assert.match(bad.said, /^\/a\.yaml:1:1: no\nholdfast: 1 error; nothing of this can be applied\n$/)
})

test('whoever names one file of several is told that the others would go', async () => {
  const { said } = await plan(daemon(other), ['/b.yaml'])
  assert.match(said, /^these files would take the place of \/a\.yaml\n/)
})

test('as JSON it is the report of the API, and nothing else', async () => {
  const { code, printed } = await plan(daemon(other), [], 'json')
  assert.deepEqual([code, JSON.parse(printed)], [7, other])
})

test('where no daemon runs, a file is compared with nothing, and without a file nothing is known', async () => {
  const { code, printed, said } = await plan(daemon(null), [file])
  assert.equal(code, 7)
  assert.equal(
    printed,
    [
      '+ new/db  added: would be started',
      '    command: db',
      '+ new/web  added: would be started',
      "    command: web 'a b'",
      '    replicas: 2',
      '',
      'In this order',
      '  1. start new/db',
      '  2. start new/web',
      '',
      '+ 2 added  = 0 unchanged',
      '',
    ].join('\n'),
  )
  assert.match(said, /^no daemon runs for \/h: this is what one would start\n/)
  await assert.rejects(plan(daemon(null), []), Unreachable)
})

test('a file that cannot be read is an error of the files, with and without a daemon', async () => {
  const { code, said } = await plan(daemon(null), [join(directory, 'missing.yaml')])
  assert.equal(code, 6)
  assert.match(said, /missing\.yaml/)
})
