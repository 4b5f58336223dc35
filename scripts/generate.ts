/**
 * `npm run generate`: writes what is made from other files, so that it can be published and looked at.
 *
 *   schema/api.schema.json   JSON Schema of every document with apiVersion holdfast/v1, from the types in src/wire
 *   schema/openapi.json      the native API as OpenAPI 3.1, from the routes and types in src/wire
 *   schema/holdfast.schema.json   JSON Schema of holdfast.yaml, from the table of its keys in src/dialects/compose
 *
 * A test fails while they differ from what this would write.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publishedDocuments } from './schema/documents.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
mkdirSync(join(root, 'schema'), { recursive: true })
for (const [name, text] of Object.entries(publishedDocuments(root))) writeFileSync(join(root, 'schema', name), text)
