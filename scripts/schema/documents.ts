import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { printSchema } from '../../src/dialects/compose/schema.ts'
import { type Parameter, type ParameterName, parameters } from '../../src/wire/parameters.ts'
import { type Route, type RouteName, routes } from '../../src/wire/routes.ts'
import { type Declarations, readDeclarations } from './declarations.ts'
import { createSchemas, type Schema, type Schemas } from './json-schema.ts'

/** What is published, by its name in schema/. */
export function publishedDocuments(root: string): Readonly<Record<string, string>> {
  const declarations = readDeclarations(files.map((path) => ({ path, source: readFileSync(join(root, path), 'utf8') })))
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return {
    'api.schema.json': print(apiSchema(declarations)),
    'openapi.json': print(openApi(declarations, version)),
    'holdfast.schema.json': printSchema(),
  }
}

const files: readonly string[] = [
  'src/wire/api.ts',
  'src/wire/requests.ts',
  'src/wire/log-chunks.ts',
  'src/wire/exec-frames.ts',
  'src/core/model.ts',
  'src/core/shown.ts',
]

/** Every document with `apiVersion: holdfast/v1`, told apart by `kind`. */
function apiSchema(declarations: Declarations): Schema {
  const schemas = createSchemas(declarations, '#/$defs/')
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `What holdfast prints with -o json, and its API answers: ${declarations.constant('apiVersion')}`,
    oneOf: documentNames(declarations).map(schemas.reference),
    $defs: schemas.definitions(),
  }
}

function documentNames(declarations: Declarations): readonly string[] {
  return declarations.names.filter((name) => {
    const { type } = declarations.find(name)
    return type.kind === 'object' && type.members.some((member) => member.name === 'apiVersion')
  })
}

function openApi(declarations: Declarations, version: string): Schema {
  const schemas = createSchemas(declarations, '#/components/schemas/')
  const failure = jsonContent('It will not, or cannot; `code` says which.', schemas.reference('ApiError'))
  const paths = (Object.keys(routes) as RouteName[]).map((name) => {
    const route: Route = routes[name]
    return [route.path, { [route.method.toLowerCase()]: operation(name, route, schemas) }]
  })
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description: description.join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost' }],
    security: [{}, { key: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'Over TCP: a key of `holdfast config key add NAME`.' },
      },
      responses: { Failure: failure },
      schemas: schemas.definitions(),
    },
  }
}

const description: readonly string[] = [
  'HTTP/1.1 over the unix socket run/holdfast.sock of a home, without a key, for root and the user of the daemon;',
  'and over TCP where the daemon was started with --listen, with a key.',
  'Fields are only ever added to answers; unknown fields and parameters of requests are refused.',
  'Times are ISO 8601 in UTC, durations milliseconds.',
]

function operation(name: RouteName, route: Route, schemas: Schemas): Schema {
  const body = bodyOf(route, schemas)
  return {
    operationId: name,
    summary: route.summary,
    ...(route.query.length === 0 ? {} : { parameters: (route.query as readonly ParameterName[]).map(parameterOf) }),
    ...(body === null ? {} : { requestBody: body }),
    responses: {
      [route.answer === 'frames' ? 101 : 200]: answerOf(route, schemas),
      default: { $ref: '#/components/responses/Failure' },
    },
  }
}

function parameterOf(name: ParameterName): Schema {
  const { type, isList = false, choices, what }: Parameter = parameters[name]
  const one = { type, ...(choices === undefined ? {} : { enum: choices }) }
  // Repeated, as forms do it, which is what OpenAPI supposes.
  return { name, in: 'query', description: what, schema: isList ? { type: 'array', items: one } : one }
}

function bodyOf({ method, body }: Route, schemas: Schemas): Schema | null {
  if (method !== 'POST' || body === undefined || body === 'none') return null
  if (body === 'bytes') return { required: true, content: { 'application/octet-stream': {} } }
  return { required: true, content: { 'application/json': { schema: { ...schemas.reference(body) } } } }
}

function answerOf({ answer, variant, events, summary }: Route, schemas: Schemas): Schema {
  switch (answer) {
    case 'bytes':
      return {
        description: summary,
        content: { 'application/octet-stream': {} },
        'x-chunk-header': schemas.reference('LogChunkHeader'),
      }
    case 'frames': {
      const kinds = ['begin', 'resize', 'started', 'exit', 'refused']
      const types = ['ExecBody', 'TerminalFrame', 'StartedFrame', 'ExitFrame', 'ApiError']
      return {
        description: 'Upgraded, with `Upgrade: holdfast-exec`: docs/native-api.md tells what the frames are.',
        content: { 'application/octet-stream': {} },
        'x-frames': Object.fromEntries(kinds.map((kind, index) => [kind, schemas.reference(types[index]!)])),
      }
    }
    case 'text':
      return { description: summary, content: { 'application/openmetrics-text': { schema: { type: 'string' } } } }
    case 'openapi':
      return jsonContent(summary, { type: 'object' })
    case 'events': {
      const data = Object.entries(events ?? {}).map(([event, type]) => [event, schemas.reference(type)])
      // OpenAPI 3.1 cannot say what is in a stream.
      const content = { 'text/event-stream': { schema: { type: 'string' }, 'x-event-data': Object.fromEntries(data) } }
      return { description: summary, content }
    }
    default: {
      const schema = schemas.reference(answer)
      return jsonContent(summary, variant === undefined ? schema : { oneOf: [schema, schemas.reference(variant)] })
    }
  }
}

function jsonContent(description: string, schema: Schema): Schema {
  return { description, content: { 'application/json': { schema } } }
}

/** Short objects on one line, so that a change is a line of the difference and the whole can be read. */
function print(document: Schema): string {
  return `${printed(document, 0)}\n`
}

const lineChars = 120

function printed(value: unknown, depth: number): string {
  const line = JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return line
  const spaced = spacedOut(value)
  if (spaced.length + depth * 2 <= lineChars && depth > 1) return spaced
  const inner = '  '.repeat(depth + 1)
  const rows = Array.isArray(value)
    ? value.map((each) => inner + printed(each, depth + 1))
    : Object.entries(value).map(([name, each]) => `${inner}${JSON.stringify(name)}: ${printed(each, depth + 1)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return rows.length === 0 ? open + close : `${open}\n${rows.join(',\n')}\n${'  '.repeat(depth)}${close}`
}

function spacedOut(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(spacedOut).join(', ')}]`
  const fields = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${spacedOut(each)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}
