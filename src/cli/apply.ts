import { resolve } from 'node:path'
import { configBytesMax } from '../core/limits.ts'
import { decodeSources } from '../dialects/decode-sources.ts'
import { memorySourceReader } from '../dialects/memory-source-reader.ts'
import { diskSourceReader, isFailure } from '../dialects/source-reader.ts'
import { printProblem } from '../formats/format-error.ts'
import type { ChangeReport } from '../wire/api.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { shellWord, typed } from '../wire/home.ts'
import type { ApplyBody } from '../wire/requests.ts'
import { printChanges } from './changes-text.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { formatOf, jsonText } from './output.ts'
import { planFromNothing } from './plan.ts'
import { tellingPulls } from './pull-lines.ts'
import { printRejections } from './rejections-text.ts'
import { timeoutOf } from './seconds.ts'
import { startWhereNone, waitedFor } from './start-where-none.ts'
import { tell } from './up.ts'

/** `holdfast apply`: a target state of balena's takes the place of the one before. Without a daemon, it starts one. */
export async function runApply(context: Context): Promise<ExitCode> {
  const { operands, options, talk } = context
  const timeoutMs = timeoutOf(options)
  const [operand = '-'] = operands
  const state = await readState(operand)
  if (state.kind === 'unreadable') {
    talk(`${operand}:1:1: cannot be read: ${state.message}; check the path and its permissions\n`)
    return exitCodes.configurationInvalid
  }
  const { name, text } = state
  const errors = await errorsIn(name, text)
  if (errors.length > 0) {
    for (const line of errors) talk(`${line}\n`)
    talk(`holdfast: ${errors.length} error${errors.length === 1 ? '' : 's'}; nothing was changed, what runs goes on\n`)
    return exitCodes.configurationInvalid
  }
  const isDry = options.isSet('dry-run')
  const body: ApplyBody = {
    state: text,
    name,
    force: options.isSet('force'),
    dryRun: isDry,
    ...(options.isSet('wait') && !isDry ? { waitFor: waitedFor(context), timeoutMs } : {}),
  }
  if (isDry) return tellPlan(context, operand, await planOf(context, state, body))
  const code = await startWhereNone(context, timeoutMs)
  if (code !== null) return code
  const answer = context.client.ask<ChangeReport>('apply', { body })
  return tell(context, await (options.isSet('wait') ? tellingPulls(context, answer) : answer), applyAgain(operand))
}

interface State {
  readonly kind: 'state'
  /** As it stands before problems. */
  readonly name: string
  readonly text: string
}

async function readState(operand: string): Promise<State | { readonly kind: 'unreadable'; readonly message: string }> {
  if (operand === '-') {
    const text = await readStdin()
    return text === null ? { kind: 'unreadable', message: tooLarge } : { kind: 'state', name: 'stdin', text }
  }
  const text = diskSourceReader({}).read(resolve(operand))
  return isFailure(text) ? { kind: 'unreadable', message: text.message } : { kind: 'state', name: operand, text }
}

const tooLarge = `it is larger than ${configBytesMax} bytes`

/** null: more came than any state has. */
async function readStdin(): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > configBytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What is wrong with it wherever it is applied; whether this device meets it, its daemon tells. */
async function errorsIn(name: string, text: string): Promise<readonly string[]> {
  const { problems } = await decode(name, text)
  return problems.filter(({ severity }) => severity === 'error').map(printProblem)
}

function decode(name: string, text: string) {
  const reader = memorySourceReader({ files: { [name]: text } })
  return decodeSources([name], reader, { lenient: false, descriptorsMax: null, dialect: 'balena' })
}

// ---- what it would change ----------------------------------------------------------------------------------------------

async function planOf(context: Context, { name, text }: State, body: ApplyBody): Promise<ChangeReport> {
  try {
    return await context.client.ask<ChangeReport>('apply', { body })
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    const { target, problems } = await decode(name, text)
    const warnings = problems.map(printProblem)
    context.talk(`no daemon runs for ${context.home.name}: this is what one would start\n`)
    return planFromNothing({ target, errors: [], warnings }, [name])
  }
}

function tellPlan(context: Context, operand: string, report: ChangeReport): ExitCode {
  const { options, out, talk, terminal, home } = context
  const isJson = formatOf(options) === 'json'
  if (isJson) out(jsonText(report))
  for (const line of [...report.errors, ...report.warnings]) talk(`${line}\n`)
  if (report.errors.length > 0) {
    const count = report.errors.length
    talk(`holdfast: ${count} error${count === 1 ? '' : 's'}; nothing of this can be applied\n`)
    return exitCodes.configurationInvalid
  }
  if (!isJson) {
    out(printChanges(report, terminal))
    out(printRejections(report.rejections, { terminal, home, nowMs: Date.now() }))
  }
  if (report.changes.length === 0) return exitCodes.ok
  talk(`apply it with: ${typed(home, applyAgain(operand))}\n`)
  return exitCodes.planNotEmpty
}

function applyAgain(operand: string): string {
  return `apply ${shellWord(operand)}`
}
