import { isDeepStrictEqual } from 'node:util'
import type { App, Service, Target, UnitSpec } from '../core/model.ts'
import { diffTargets } from '../core/target/diff.ts'
import { unitSpecs } from '../core/target/units.ts'
import { printYaml, type Remarks } from '../formats/yaml-text.ts'
import { normaliseAppName } from './compose/decode.ts'
import { printAppText } from './compose/print.ts'
import { freeName, renamedText, renameServices } from './convert-names.ts'
import { decodeSources } from './decode-sources.ts'
import type { Origin } from './decoding.ts'
import { memorySourceReader } from './memory-source-reader.ts'

export interface Converted {
  /** A holdfast.yaml: one document for each app. Empty where nothing could be carried over. */
  readonly text: string
  /** What could not be carried over, and what a reader should know; each a sentence without a full stop. */
  readonly notes: readonly Note[]
  readonly apps: number
  readonly services: number
}

export interface Note {
  /** Where it was written; null: not in one place. */
  readonly origin: Origin | null
  readonly message: string
}

export interface Conversion {
  readonly target: Target
  origin(app: string, path: readonly string[]): Origin | null
  /** What is to stand above each key of one print: comments of the original. */
  createRemarks(): (app: string, path: readonly string[]) => readonly string[]
}

/** Writes what a target declares as holdfast.yaml, reads that again, and notes every difference. */
export async function convertTarget(conversion: Conversion): Promise<Converted> {
  const notes: Note[] = []
  const named = Object.values(conversion.target.apps).map((app) => ({
    original: app,
    app: sayable(app, conversion, notes),
  }))
  const apps = rename(named, conversion, notes).filter(({ app }) => Object.keys(app.services).length > 0)
  const first = await attempt(apps, conversion)
  if (first.refused.length === 0) return finish(first, notes)
  // What the format refuses after all is left out, so that the rest can be used.
  const rest = apps.map((one) => ({ ...one, app: without(one.app, first.refused) }))
  for (const { app, service, message } of first.refused) {
    const original = apps.find((one) => one.app.name === app)?.original.name ?? app
    notes.push({
      origin: conversion.origin(original, ['services', service]),
      message: `${service} is left out: ${message}`,
    })
  }
  return finish(
    await attempt(
      rest.filter(({ app }) => Object.keys(app.services).length > 0),
      conversion,
    ),
    notes,
  )
}

interface Named {
  readonly original: App
  /** As it is written. */
  readonly app: App
}

interface Attempt {
  readonly text: string
  readonly wanted: Target
  readonly got: Target
  readonly refused: readonly Refused[]
}

interface Refused {
  readonly app: string
  readonly service: string
  readonly message: string
}

async function attempt(apps: readonly Named[], conversion: Conversion): Promise<Attempt> {
  const remarks = conversion.createRemarks()
  const text = apps.map((one) => documentOf(one, remarks)).join('---\n')
  const wanted: Target = { apps: Object.fromEntries(apps.map(({ app }) => [app.name, app])) }
  const reader = memorySourceReader({ files: { [place]: text } })
  const { target: got, problems } = await decodeSources([place], reader, { lenient: false, descriptorsMax: null })
  const errors = problems.filter(({ severity }) => severity === 'error')
  const refused = errors.flatMap(({ setting, message, line }): readonly Refused[] => {
    const service = /^services\.(.+)$/.exec(setting)?.[1]
    const app = apps.findLast((_, index) => startLine(text, index) <= line)?.app
    const known = Object.keys(app?.services ?? {}).find((name) => service === name || service?.startsWith(`${name}.`))
    return app === undefined || known === undefined ? [] : [{ app: app.name, service: known, message }]
  })
  return { text, wanted, got, refused }
}

const place = '/converted/holdfast.yaml'

function startLine(text: string, document: number): number {
  const parts = text.split(/^---\n/m)
  return parts.slice(0, document).reduce((line, part) => line + part.split('\n').length, 1)
}

function documentOf({ original, app }: Named, remarks: ReturnType<Conversion['createRemarks']>): string {
  return printYaml(printAppText(app, 'short'), {
    remarks: (path): Remarks => ({ above: remarks(original.name, path), behind: null }),
  })
}

function finish({ text, wanted, got }: Attempt, notes: readonly Note[]): Converted {
  const differences = diffTargets(wanted, got)
    .filter(({ app, service }) => !sameUnits(wanted, got, app, service))
    .map(({ app, service, change, fields }): Note => {
      const what = fields.map(({ path }) => path).join(', ')
      return {
        origin: null,
        message: `${app}/${service} is ${change === 'changed' ? `not the same: ${what}` : 'not there'}`,
      }
    })
  const apps = Object.values(wanted.apps)
  const services = apps.reduce((sum, app) => sum + Object.keys(app.services).length, 0)
  return { text, notes: [...notes, ...differences], apps: apps.length, services }
}

function sameUnits(wanted: Target, got: Target, app: string, service: string): boolean {
  return isDeepStrictEqual(unitsOf(wanted, app, service), unitsOf(got, app, service))
}

function unitsOf(target: Target, app: string, service: string): readonly (readonly [string, UnitSpec])[] {
  return [...unitSpecs(target)].filter(([id]) => id.startsWith(`${app}/${service}/`))
}

// ---- what cannot be said ---------------------------------------------------------------------------------------

function sayable(app: App, conversion: Conversion, notes: Note[]): App {
  const services = Object.values(app.services).filter((service) => {
    const why = whyNot(service)
    if (why === null) return true
    const origin = conversion.origin(app.name, ['services', service.name])
    notes.push({ origin, message: `${service.name} is left out: ${why}` })
    return false
  })
  return { ...app, services: byName(services) }
}

function whyNot({ process, container, instances }: Service): string | null {
  if (container !== undefined) return null
  if (instances.length === 0 && process.command.length === 0) return 'it has no processes'
  return process.command.length === 0 ? (process.commandError ?? 'it has no command') : null
}

function without(app: App, refused: readonly Refused[]): App {
  const names = refused.filter((one) => one.app === app.name).map(({ service }) => service)
  return { ...app, services: byName(Object.values(app.services).filter(({ name }) => !names.includes(name))) }
}

function byName(services: readonly Service[]): App['services'] {
  return Object.fromEntries(services.map((service) => [service.name, service]))
}

/** Names that the format refuses get the nearest ones it takes. */
function rename(apps: readonly Named[], conversion: Conversion, notes: Note[]): readonly Named[] {
  const taken = new Set<string>()
  return apps.map(({ original, app }) => {
    const name = freeName(normaliseAppName(app.name) || 'app', taken)
    if (name !== app.name) {
      const message = `the app ${app.name} is called ${name}: names of apps have lower case letters, digits, - and _`
      notes.push({ origin: conversion.origin(original.name, ['name']), message })
    }
    const names = renameServices(Object.keys(app.services))
    const services = Object.values(app.services).map((service) => {
      const serviceName = names.get(service.name)!
      if (serviceName === service.name) return service
      const origin = conversion.origin(original.name, ['services', service.name])
      notes.push({ origin, message: renamedText(service.name, serviceName) })
      return { ...service, name: serviceName }
    })
    return { original, app: { ...app, name, services: byName(services) } }
  })
}
