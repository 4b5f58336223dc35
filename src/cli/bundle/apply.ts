import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ChangeReport, Info, ResourceList } from '../../wire/api.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import { keptStateName } from '../../wire/home.ts'
import type { ApplyBody, SourcesBody } from '../../wire/requests.ts'
import { Unreachable } from '../client.ts'
import type { Context } from '../command.ts'
import { planFromNothing } from '../plan.ts'
import { tellingPulls } from '../pull-lines.ts'
import { timeoutOf } from '../seconds.ts'
import { startWhereNone, waitedFor } from '../start-where-none.ts'
import { tell } from '../up.ts'
import { placeFiles } from './place.ts'
import type { OpenBundle } from './read.ts'
import { decodeBundled, topOf } from './target.ts'

type LoadedImages = NonNullable<ApplyBody['loadedImages']>

/** Images that are the daemon's to remove, by reference or id. Without a daemon: none that we know. */
export async function ownImages({ client }: Context): Promise<ReadonlyMap<string, string>> {
  try {
    const { items } = await client.ask<ResourceList>('resources')
    const own = items.filter(({ kind, isOurs, id }) => kind === 'image' && isOurs && id !== null)
    return new Map(own.map(({ name, id }) => [name, id!]))
  } catch (error) {
    if (error instanceof Unreachable) return new Map()
    throw error
  }
}

/**
 * Applies the target of a bundle whose images the engine has by now: a target state as `holdfast apply` does, Compose files as
 * `holdfast up` does, beside the files that are declared already. Without a daemon, it starts one. `isApplied` false: the daemon
 * has refused it, and everything is as it was.
 */
export async function applyBundle(
  context: Context,
  options: { readonly bundle: OpenBundle; readonly directory: string; readonly loadedImages: LoadedImages },
): Promise<{ readonly code: ExitCode; readonly isApplied: boolean }> {
  const { bundle, directory, loadedImages } = options
  const timeoutMs = timeoutOf(context.options)
  const code = await startWhereNone(context, timeoutMs)
  if (code !== null) return { code, isApplied: false }
  const { kind } = bundle.contents.target
  const waiting = context.options.isSet('wait') ? { waitFor: waitedFor(context), timeoutMs } : {}
  const common = { ...waiting, loadedImages, force: context.options.isSet('force') }
  const takeBack = kind === 'compose' ? placeFiles(directory, bundle.contents, bundle.files) : null
  const answer =
    kind === 'compose'
      ? context.client.ask<ChangeReport>('up', {
          body: { ...(await sourcesBody(context, bundle, directory)), ...common },
        })
      : context.client.ask<ChangeReport>('apply', { body: { ...stateBody(bundle), ...common } })
  const report = await (context.options.isSet('wait') ? tellingPulls(context, answer) : answer)
  if (!report.isApplied) takeBack?.()
  return { code: tell(context, report), isApplied: report.isApplied }
}

/** What loading it would change of what runs. */
export async function planBundle(context: Context, bundle: OpenBundle, directory: string): Promise<ExitCode> {
  const report = await planOf(context, bundle, directory)
  // Whoever asked knows how to have it done.
  const code = tell(
    { ...context, talk: (text) => (text.startsWith('apply it') ? undefined : context.talk(text)) },
    report,
  )
  return code === exitCodes.ok && report.changes.length > 0 ? exitCodes.planNotEmpty : code
}

async function planOf(context: Context, bundle: OpenBundle, directory: string): Promise<ChangeReport> {
  const { client, home, talk } = context
  const { target } = bundle.contents
  try {
    if (target.kind === 'balena')
      return await client.ask<ChangeReport>('apply', { body: { ...stateBody(bundle), dryRun: true } })
    await client.ask<Info>('info')
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    talk(`no daemon runs for ${home.name}: this is what one would start\n`)
    const decoded = await decodeBundled({ target, files: bundle.files, directory })
    return planFromNothing({ target: decoded.target, errors: [], warnings: [] }, target.sources)
  }
  // The daemon reads files, and those of what runs are to stay.
  const aside = mkdtempSync(join(home.stateDirectory, 'bundle-plan-'))
  try {
    placeFiles(aside, bundle.contents, bundle.files)
    const { sources } = await sourcesBody(context, bundle, directory)
    const planned = sources!.map((path) =>
      path.startsWith(`${directory}/${topOf(bundle.contents)}/`) ? aside + path.slice(directory.length) : path,
    )
    return await client.ask<ChangeReport>('reload', { body: { sources: planned, lenient: null } })
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Those of an earlier bundle of the same directory go, whatever else is declared stays. */
async function sourcesBody(
  { client, home }: Context,
  { contents }: OpenBundle,
  directory: string,
): Promise<SourcesBody> {
  const { sources } = await client.ask<Info>('info')
  const isOther = (path: string): boolean =>
    !path.startsWith(`${directory}/${topOf(contents)}/`) && path !== join(home.stateDirectory, keptStateName)
  return { sources: [...sources.filter(isOther), ...contents.target.sources.map((path) => join(directory, path))] }
}

function stateBody({ contents: { target }, files }: OpenBundle): ApplyBody {
  const [name = ''] = target.sources
  return { state: files.get(name)!.toString('utf8'), name }
}
