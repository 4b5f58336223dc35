import { byteText } from '../../formats/byte-text.ts'
import { type ExitCode, exitCodes } from '../../wire/exit-codes.ts'
import type { Context } from '../command.ts'
import { formatOf, jsonText } from '../output.ts'
import { type Column, printTable } from '../table.ts'
import { UsageError } from '../usage-error.ts'
import { checkFormat } from './formats.ts'
import { type BundleContents, hexOf, layerName } from './model.ts'
import { fileChunks } from './pipes.ts'
import { openBundle } from './read.ts'

/** `holdfast bundle inspect`: what a bundle holds, and whether it is whole. Asks neither daemon nor engine. */
export async function runBundleInspect(context: Context): Promise<ExitCode> {
  const { operands, options, out, terminal } = context
  checkFormat(options, 'inspect')
  const [path, more] = operands
  if (path === undefined || more !== undefined) throw new UsageError('bundle inspect takes one bundle, or - for stdin')
  const bundle = await openBundle(fileChunks(path))
  // Told only when all of it is as it says.
  for await (const { content } of bundle.members) for await (const _ of content);
  const { contents } = bundle
  if (formatOf(options) === 'json') out(jsonText(contents))
  else out(`${headText(contents)}\n${printTable({ columns, rows: rowsOf(contents) }, terminal.columns)}`)
  return exitCodes.ok
}

function headText({ createdAt, createdBy, target, files, base, layers, members }: BundleContents): string {
  const inside = membersBytes(members)
  const names = target.sources.join(', ')
  const others = files.length - target.sources.length
  const brought = members.filter(({ name }) => name.startsWith('layers/')).length
  return [
    `target    ${target.kind === 'balena' ? 'target state' : 'Compose files'}: ${names}${others === 0 ? '' : ` and ${others} more that they read`}`,
    `made      ${createdAt} by ${createdBy}`,
    `layers    ${brought} of ${layers.length}, ${byteText(inside)} as they are in the bundle`,
    `base      ${base === null ? 'none: nothing has to be on the device' : `${base.name} of ${base.createdAt}: the device needs the ${layers.length - brought} other layers`}`,
    '',
  ].join('\n')
}

function membersBytes(members: BundleContents['members']): number {
  return members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

const columns: readonly Column[] = [
  { title: 'IMAGE', align: 'left', dropOrder: null, widthMin: 20, cutAt: 'middle' },
  { title: 'ID', align: 'left', dropOrder: 1, widthMin: null },
  { title: 'PLATFORM', align: 'left', dropOrder: 0, widthMin: null },
  { title: 'LAYERS', align: 'right', dropOrder: null, widthMin: null },
  { title: 'SIZE', align: 'right', dropOrder: null, widthMin: null },
]

function rowsOf({ images, layers, members }: BundleContents) {
  const sizes = new Map(layers.map(({ diffId, sizeBytes }) => [diffId, sizeBytes]))
  const inside = new Set(members.map(({ name }) => name))
  return images.flatMap(({ references, id, platform, layers: own }) => {
    const brought = own.filter((layer) => inside.has(layerName(layer))).length
    const sizeBytes = own.reduce((sum, layer) => sum + (sizes.get(layer) ?? 0), 0)
    const cells = [hexOf(id).slice(0, 12), platform, `${brought} of ${own.length}`, byteText(sizeBytes)]
    return references.map((reference) => [reference, ...cells].map((text) => ({ text })))
  })
}
