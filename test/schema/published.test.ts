import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readDeclarations } from '../../scripts/schema/declarations.ts'
import { publishedDocuments } from '../../scripts/schema/documents.ts'
import { createSchemas } from '../../scripts/schema/json-schema.ts'
import { type Route, type RouteName, routes } from '../../src/wire/routes.ts'
import { resolved, type Schema } from './checker.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const published = publishedDocuments(root)
const openApi: Schema = JSON.parse(published['openapi.json'] ?? '{}')

for (const [name, text] of Object.entries(published)) {
  test(`schema/${name} is what the routes and types say`, () => {
    const path = join(root, 'schema', name)
    assert.ok(existsSync(path) && readFileSync(path, 'utf8') === text, 'they were changed since: npm run generate')
  })

  test(`every reference in schema/${name} leads somewhere`, () => {
    const document: Schema = JSON.parse(text)
    const references = [...text.matchAll(/"\$ref": ?"([^"]+)"/g)].map(([, reference]) => reference ?? '')
    assert.ok(references.length > 20)
    for (const reference of references) assert.ok(resolved(document, reference) !== null, reference)
  })
}

test('the description has the form of OpenAPI 3.1', () => {
  const { openapi, info, paths, components, security } = openApi as Readonly<Record<string, Schema>>
  assert.match(String(openapi), /^3\.1\.\d+$/)
  assert.ok(typeof info?.title === 'string' && typeof info.version === 'string')
  assert.deepEqual(security, [{}, { key: [] }])
  assert.ok((components?.securitySchemes as Schema | undefined)?.key !== undefined)
  const ids: string[] = []
  for (const [path, item] of Object.entries(paths as Readonly<Record<string, Schema>>)) {
    assert.match(path, /^\/v1\/[\w.]+$/)
    for (const [method, operation] of Object.entries(item as Readonly<Record<string, Operation>>)) {
      assert.ok(method === 'get' || method === 'post')
      ids.push(operation.operationId)
      checkOperation(path, operation)
    }
  }
  assert.equal(new Set(ids).size, ids.length, 'every operation has an id of its own')
})

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly description: string
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Schema>> }
  readonly responses: Readonly<Record<string, Schema>>
}

function checkOperation(path: string, { summary, parameters = [], requestBody, responses }: Operation): void {
  assert.ok(summary.length > 10, path)
  for (const parameter of parameters) {
    assert.equal(parameter.in, 'query')
    assert.ok(parameter.description.length > 10 && parameter.schema.type !== undefined, `${path}: ${parameter.name}`)
  }
  assert.equal(new Set(parameters.map(({ name }) => name)).size, parameters.length)
  if (requestBody !== undefined) assert.equal(Object.keys(requestBody.content).length, 1, path)
  const { default: failure } = responses
  const answer = responses[200] ?? responses[101]
  assert.ok(typeof answer?.description === 'string' && Object.keys(answer.content as object).length === 1, path)
  assert.equal(failure?.$ref, '#/components/responses/Failure')
}

test('every route is described, with its method and parameters', () => {
  const paths = openApi.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  for (const name of Object.keys(routes) as RouteName[]) {
    const { path, method, query }: Route = routes[name]
    const operation = paths[path]?.[method.toLowerCase()]
    assert.equal(operation?.operationId, name)
    assert.deepEqual(
      (operation?.parameters ?? []).map((each) => each.name),
      query,
    )
  }
  assert.equal(Object.keys(paths).length, Object.keys(routes).length)
})

// ---- the generator itself

function schemasOf(source: string) {
  const schemas = createSchemas(readDeclarations([{ path: 'a.ts', source }]), '#/')
  schemas.reference('T')
  return schemas.definitions()
}

const object = (properties: object, required: readonly string[]) => ({ type: 'object', properties, required })
const text = { type: 'string' }

const forms: readonly (readonly [string, object])[] = [
  [
    'export interface T { readonly a: string; readonly b?: number | null }',
    object({ a: text, b: { type: ['number', 'null'] } }, ['a']),
  ],
  ["export type T = 'a' | 'b' | null", { enum: ['a', 'b', null] }],
  ['export type T = readonly string[]', { type: 'array', items: text }],
  [
    'export type T = Readonly<Record<string, readonly string[]>>',
    { type: 'object', additionalProperties: { type: 'array', items: text } },
  ],
  ["export const v = 'one'\nexport interface T { readonly v: typeof v }", object({ v: { const: 'one' } }, ['v'])],
  [
    'export interface T { readonly startedAt: string }',
    object({ startedAt: { type: 'string', format: 'date-time' } }, ['startedAt']),
  ],
  [
    "interface X {}\nexport interface B { readonly a: string; readonly b: string }\nexport type T = Pick<B, 'a'>",
    object({ a: text }, ['a']),
  ],
  [
    'export interface B { readonly a: string }\nexport interface T extends B { readonly b: string }',
    object({ a: text, b: text }, ['a', 'b']),
  ],
  ["export interface B { readonly a: string }\nexport type T = Partial<B> & Pick<B, 'a'>", object({ a: text }, ['a'])],
  [
    '/** What it is. */\nexport interface T {\n  /** In\n   * lines. */\n  readonly a: string\n}',
    { description: 'What it is.', ...object({ a: { ...text, description: 'In lines.' } }, ['a']) },
  ],
]
for (const [source, schema] of forms) {
  test(`of types is made: ${source.replaceAll('\n', ' ')}`, () => {
    assert.deepEqual(schemasOf(source).T, schema)
  })
}

for (const [source, says] of [
  ['export type T = string extends number ? 1 : 2', /a\.ts:1: 'extends' is not read here/],
  ['export interface T {\n  run(): void\n}', /a\.ts:2: '\(' is not read here/],
  ['export type T = Map<string, string>', /Map<…> has no JSON Schema yet/],
  ['export type T = Other', /no type is called Other in a\.ts/],
] as const) {
  test(`a type that describes no JSON is an error, never left out: ${source.replaceAll('\n', ' ')}`, () => {
    assert.throws(() => schemasOf(source), says)
  })
}
