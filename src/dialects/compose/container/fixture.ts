import assert from 'node:assert/strict'
import type { ContainerSpec } from '../../../core/containers/model.ts'
import type { App, Service } from '../../../core/model.ts'
import { printProblem } from '../../../formats/format-error.ts'
import { decodeSources } from '../../decode-sources.ts'
import { memorySourceReader } from '../../memory-source-reader.ts'

/** What the tests of containers and of several files are made of: a project in /srv/shop, and problems as they are printed. */

export interface Circumstances {
  /** By their paths in /srv/shop. */
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly lenient?: boolean
  /** What is read; `compose.yaml` where nothing is said. */
  readonly source?: string
}

export interface DecodedProject {
  readonly apps: Readonly<Record<string, App>>
  readonly problems: readonly string[]
}

/** `text` is compose.yaml. */
export async function decodeProject(text: string, more: Circumstances = {}): Promise<DecodedProject> {
  const files = Object.entries({ 'compose.yaml': text, ...more.files }).map(
    ([path, one]) => [absolute(path), one] as const,
  )
  const reader = memorySourceReader({ files: Object.fromEntries(files), environment: more.environment ?? {} })
  const { target, problems } = await decodeSources([absolute(more.source ?? 'compose.yaml')], reader, {
    lenient: more.lenient ?? false,
    descriptorsMax: null,
  })
  return { apps: target.apps, problems: problems.map((one) => printProblem(one).replaceAll('/srv/shop/', '')) }
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/srv/shop/${path}`.replace(/\/$/, '')
}

/** The app `shop` of it, in which nothing is wrong. */
export async function appOf(text: string, more: Circumstances = {}): Promise<App> {
  const { apps, problems } = await decodeProject(text, more)
  assert.deepEqual(problems, [])
  return apps.shop!
}

/** The service `a` of these lines, with an image; `top` stands behind it. */
export async function containerService(
  lines: string,
  { top = '', ...more }: Circumstances & { readonly top?: string } = {},
): Promise<Service> {
  return (await appOf(textOf(lines, top), more)).services.a!
}

export async function container(
  lines: string,
  more: Circumstances & { readonly top?: string } = {},
): Promise<ContainerSpec> {
  return (await containerService(lines, more)).container!
}

/** What is wrong with such a service; its lines begin at 4:5. */
export async function containerProblems(
  lines: string,
  { top = '', ...more }: Circumstances & { readonly top?: string } = {},
): Promise<readonly string[]> {
  const { problems } = await decodeProject(textOf(lines, top), more)
  return problems.map((one) => one.replace(/^compose\.yaml:/, ''))
}

function textOf(lines: string, top: string): string {
  return `services:\n  a:\n    image: nginx\n${lines.replace(/^/gm, '    ')}\n${top}\n`
}
