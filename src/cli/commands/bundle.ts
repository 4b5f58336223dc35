import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec } from '../command.ts'
import { timedOutExit, timeoutOption, waitOption } from './options.ts'

/** A target and the images that it needs, for a device without a network. */
export const bundle: CommandSpec = {
  name: 'bundle',
  group: 'files',
  summary: 'bring a target and its images to a device that no registry reaches',
  operands: 'create TARGET… | inventory | inspect BUNDLE | load BUNDLE',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [{ kind: 'words', words: ['create', 'inventory', 'inspect', 'load'] }, { kind: 'files' }],
  options: [
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      offer: { kind: 'files' },
      what: 'create, inventory: write FILE; inspect, load: table or json',
    },
    { name: 'json', value: null, means: { option: 'output', value: 'json' }, what: 'short for --output json' },
    {
      name: 'base',
      value: 'FILE',
      offer: { kind: 'files' },
      what: 'create: leave out the layers of this inventory of the device, or of a bundle that it has loaded',
    },
    { name: 'no-pull', value: null, what: 'create: only images that the engine here has' },
    {
      name: 'platform',
      value: 'PLATFORM',
      what: 'create: images for linux/arm64, say, where the target names no other',
    },
    {
      name: 'dry-run',
      value: null,
      what: 'load: look at all of it, tell what it would change; exits 7 when it is anything',
    },
    { name: 'force', value: null, what: 'load: update locks hold back nothing until these changes are made' },
    {
      ...waitOption,
      choices: ['running', 'healthy', 'committed'],
      what: 'load: return when all is running, or healthy, by its checks, or committed: its releases have proved themselves',
    },
    {
      ...timeoutOption,
      what: 'load: with --wait: wait at most this long (else what stop ladders and checks take, and 10 s)',
    },
  ],
  examples: [
    {
      command: 'holdfast bundle create target.json -o shop.bundle',
      what: 'everything in one file, pulled where needed',
    },
    { command: 'holdfast bundle load --wait /media/usb/shop.bundle', what: 'on the device, without a network' },
    { command: 'holdfast bundle inventory -o device.json', what: 'on the device: what it has already' },
    {
      command: 'holdfast bundle create compose.yaml --base device.json -o small.bundle',
      what: 'only the layers that it lacks',
    },
    { command: 'holdfast bundle load - < small.bundle', what: 'from a pipe' },
  ],
  notes: [
    'A bundle that is damaged, does not fit the device or its disk, or breaks off changes nothing. docs/bundles.md describes its format.',
    'A target state takes the place of the one before, as with apply; Compose files that of the bundle before, beside what else is declared.',
  ],
  exits: [
    {
      code: exitCodes.failed,
      what: 'the bundle, the engine or the disk does not allow it; or a unit came to something else',
    },
    { code: exitCodes.rejected, what: 'load --wait: a release was rejected, now or before' },
    { code: exitCodes.configurationInvalid, what: 'the target has errors; nothing was written or changed' },
    { code: exitCodes.planNotEmpty, what: 'load --dry-run: something differs' },
    timedOutExit,
  ],
  run: async (context) => (await import('../bundle.ts')).runBundle(context),
}
