import { isDeepStrictEqual } from 'node:util'
import type { App, Target, UnitSpec } from '../core/model.ts'
import { diffTargets } from '../core/target/diff.ts'
import { unitSpecs } from '../core/target/units.ts'
import { printYaml } from '../formats/yaml-text.ts'
import { printAppText } from './compose/print.ts'
import type { Conversion, Note, PrintedApp, PrintRemarks, Unplaced } from './convert-model.ts'
import { type Sayable, sayableApps, withoutServices } from './convert-sayable.ts'
import { decodeSources } from './decode-sources.ts'
import { memorySourceReader } from './memory-source-reader.ts'

export interface Converted {
  /** A holdfast.yaml: one document for each app. Empty where nothing could be carried over. */
  readonly text: string
  /** What could not be carried over, and what a reader should know; each a sentence without a full stop. */
  readonly notes: readonly Note[]
  readonly comments: Unplaced
  readonly apps: number
  readonly services: number
}

/** Writes what a target declares as holdfast.yaml, reads that again, and notes every difference. */
export async function convertTarget(conversion: Conversion): Promise<Converted> {
  const notes: Note[] = []
  const apps = sayableApps(conversion, notes)
  const first = await attempt(apps, conversion)
  if (first.refused.length === 0) return finish(first, notes)
  // What the format refuses after all is left out, so that the rest can be used.
  for (const { app, service, message } of first.refused) {
    const { original, services } = apps.find((one) => one.app.name === app)!
    notes.push({
      origin: conversion.origin(original, ['services', services.get(service)!]),
      message: `${service} is left out: ${message}`,
    })
  }
  const rest = withoutServices(apps, first.refused, conversion, notes)
  return finish(await attempt(rest, conversion), notes)
}

interface Attempt {
  readonly text: string
  readonly comments: Unplaced
  readonly wanted: Target
  readonly got: Target
  readonly refused: readonly Refused[]
  /** What is wrong with it besides. */
  readonly faults: readonly string[]
}

interface Refused {
  readonly app: string
  readonly service: string
  readonly message: string
}

async function attempt(apps: readonly Sayable[], conversion: Conversion): Promise<Attempt> {
  const printed = apps.map(
    ({ original, app, services }): PrintedApp => ({ name: original, record: printAppText(app, 'short'), services }),
  )
  const remarks = conversion.createRemarks(printed)
  const text = printed.map((one) => documentOf(one, remarks)).join('---\n')
  const wanted: Target = { apps: Object.fromEntries(apps.map(({ app }) => [app.name, app])) }
  const reader = memorySourceReader({ files: { [place]: text } })
  const { target: got, problems } = await decodeSources([place], reader, { lenient: false, descriptorsMax: null })
  const errors = apps.length === 0 ? [] : problems.filter(({ severity }) => severity === 'error')
  const faults: string[] = []
  const refused = errors.flatMap(({ setting, message, line }): readonly Refused[] => {
    const service = /^services\.(.+)$/.exec(setting)?.[1]
    const app = apps.findLast((_, index) => startLine(text, index) <= line)?.app
    const isOf = (name: string) => service === name || service?.startsWith(`${name}.`)
    // A name may be the beginning of another one.
    const [known] = Object.keys(app?.services ?? {})
      .filter(isOf)
      .toSorted((a, b) => b.length - a.length)
    if (app !== undefined && known !== undefined) return [{ app: app.name, service: known, message }]
    faults.push(`${app === undefined ? '' : `${app.name}: `}${setting}: ${message}`)
    return []
  })
  return { text, comments: remarks.rest, wanted, got, refused, faults }
}

const place = '/converted/holdfast.yaml'

function startLine(text: string, document: number): number {
  const parts = text.split(/^---\n/m)
  return parts.slice(0, document).reduce((line, part) => line + part.split('\n').length, 1)
}

function documentOf({ name, record }: PrintedApp, remarks: PrintRemarks): string {
  return printYaml(record, {
    remarks: (path) => remarks.at(name, path),
    isOnOneLine: (path) => remarks.isOnOneLine?.(name, path) ?? false,
  })
}

function finish({ text, comments, wanted, got, faults }: Attempt, notes: readonly Note[]): Converted {
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
  const ofApps = apps.flatMap((app) => appDifferences(app, got.apps[app.name]))
  const services = apps.reduce((sum, app) => sum + Object.keys(app.services).length, 0)
  const wrong = faults.map((message): Note => ({ origin: null, message }))
  return { text, comments, notes: [...notes, ...wrong, ...ofApps, ...differences], apps: apps.length, services }
}

function appDifferences(wanted: App, got: App | undefined): readonly Note[] {
  // That it is not there is told with its services.
  if (got === undefined) return []
  const fields = (['priority', 'listener', 'release'] as const).filter(
    (key) => !isDeepStrictEqual(wanted[key], got[key]),
  )
  return fields.map((field) => ({ origin: null, message: `${wanted.name} is not the same: ${field}` }))
}

function sameUnits(wanted: Target, got: Target, app: string, service: string): boolean {
  return isDeepStrictEqual(unitsOf(wanted, app, service), unitsOf(got, app, service))
}

function unitsOf(target: Target, app: string, service: string): readonly (readonly [string, UnitSpec])[] {
  return [...unitSpecs(target)].filter(([id]) => id.startsWith(`${app}/${service}/`))
}
