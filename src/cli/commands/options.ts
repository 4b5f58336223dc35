import { exitCodes } from '../../wire/exit-codes.ts'
import type { ExitSpec, Offer, OptionSpec } from '../command.ts'
import type { OutputFormat } from '../output.ts'

/** Options and sentences that several commands share. */

const formatTexts: Readonly<Record<OutputFormat, string>> = {
  table: 'table (for people)',
  wide: 'wide (with more columns)',
  json: 'json (one document)',
  ndjson: 'ndjson (one item a line)',
  name: 'name (one unit a line)',
}

/** `-o FORMAT`, and `--json` as a short form of it. */
export function outputOptions(...formats: readonly OutputFormat[]): readonly OptionSpec[] {
  const texts = formats.map((format) => formatTexts[format])
  return [
    {
      name: 'output',
      short: 'o',
      value: 'FORMAT',
      choices: formats,
      what: `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`,
    },
    { name: 'json', value: null, means: { option: 'output', value: 'json' }, what: 'short for --output json' },
  ]
}

export const labelOption: OptionSpec = {
  name: 'label',
  short: 'l',
  value: 'LABEL',
  isRepeatable: true,
  offer: { kind: 'labels' },
  what: 'only units with this label: key=value, key, or key!=value; several, or with commas: all of them',
}

export const timeoutOption: OptionSpec = {
  name: 'timeout',
  short: 't',
  value: 'SECONDS',
  what: 'wait at most this long (else what the stop ladder takes, and 10 s)',
}

export const waitOption: OptionSpec = {
  name: 'wait',
  value: 'FOR',
  valueDefault: 'running',
  choices: ['running', 'healthy'],
  what: 'what is waited for: running (also without this option), or healthy, by its checks',
}

export const noWaitOption: OptionSpec = {
  name: 'no-wait',
  value: null,
  what: 'only say it, do not wait for it to come about',
}

export const forceOption: OptionSpec = {
  name: 'force',
  value: null,
  what: 'update locks of these containers hold back nothing of it',
}

export const lockedExit: ExitSpec = {
  code: exitCodes.locked,
  what: 'an update lock holds it back; it is done as soon as that is free',
}

export const lenientOption: OptionSpec = {
  name: 'lenient',
  value: null,
  what: 'unknown keys are warnings instead of errors',
}

export const namesNote =
  'NAME is service, service/n, app/service, app/service/n, or app/ for a whole app; * ? [ ] match as in a shell (quote them). More: holdfast help names'

export const unitOffer: readonly Offer[] = [{ kind: 'units' }]

export const fileOffer: readonly Offer[] = [{ kind: 'files' }]

export const failedExit: ExitSpec = { code: exitCodes.failed, what: 'it did not come about' }

export const notRunningExit: ExitSpec = { code: exitCodes.notRunning, what: 'a named unit is not running' }

export const noSuchServiceExit: ExitSpec = { code: exitCodes.noSuchService, what: 'no such service' }

export const invalidExit: ExitSpec = {
  code: exitCodes.configurationInvalid,
  what: 'the files have errors; nothing was applied',
}

export const timedOutExit: ExitSpec = {
  code: exitCodes.timedOut,
  what: 'still on its way when the time was over',
}
