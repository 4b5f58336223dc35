import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { tarEnd, tarHeader, tarPadding } from '../../formats/tar.ts'
import {
  type BundleContents,
  type BundleMember,
  checksumName,
  configName,
  contentsName,
  layerName,
  targetName,
} from './model.ts'
import { printContents } from './parse.ts'
import { checksumText } from './read.ts'

/** Bundles made by hand, also such as nobody would write. */

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export type Entry = readonly [name: string, bytes: Buffer | string]

export function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    return [tarHeader({ name, sizeBytes: bytes.length }), bytes, tarPadding(bytes.length)]
  })
  return Buffer.concat([...parts, tarEnd])
}

export const layers = [Buffer.alloc(3000, 'lower '), Buffer.alloc(5000, 'upper ')] as const
export const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`)
export const config = Buffer.from(
  JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } }),
)
export const imageId = `sha256:${sha256(config)}`
export const state = '{"local": {}}'

/** Of one image of two layers. */
export const entries: readonly Entry[] = [
  [targetName('target.json'), state],
  ...layers.map((layer, at): Entry => [layerName(diffIds[at]!), gzipSync(layer)]),
  [configName(imageId), config],
]

export const contents: BundleContents = {
  createdAt: '2026-02-03T04:05:06.789Z',
  createdBy: 'holdfast 1.2.3',
  target: { kind: 'balena', sources: ['target.json'] },
  files: [{ path: 'target.json', mode: 0o644 }],
  images: [{ id: imageId, references: ['shop/web:1'], digests: [], platform: 'linux/amd64', layers: diffIds }],
  layers: diffIds.map((diffId, at) => ({ diffId, sizeBytes: layers[at]!.length })),
  base: null,
  members: entries.map(memberOf),
}

export function memberOf([name, bytes]: Entry): BundleMember {
  return { name, sizeBytes: Buffer.from(bytes).length, sha256: sha256(bytes) }
}

/** With what is said of it, or of its members, as it is given. */
export function bundleOf(said: object = contents, members: readonly Entry[] = entries): Buffer {
  const text = `${printContents(said as BundleContents)}   `
  return tarOf([[contentsName, text], ...members, [checksumName, checksumText(sha256(text))]])
}

export async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
