import type { PullProgress } from '../../core/containers/model.ts'
import { numberOf, objectOf, textOf } from './shape.ts'

interface Layer {
  /** null: not told yet. */
  totalBytes: number | null
  downloadedBytes: number
  extractedBytes: number
  isDownloaded: boolean
  isComplete: boolean
}

export interface PullCount {
  /** One line of the engine's; false: it says nothing of a layer. */
  take(line: unknown): boolean
  progress(): PullProgress
}

/**
 * Counts what the lines of a pull say of its layers: `{ id, status, progressDetail: { current, total } }`, as the engine
 * writes them for people. Downloading and unpacking count half each; a layer whose size is not known yet counts as the
 * mean of the others. The percentage never goes back.
 */
export function createPullCount(): PullCount {
  const layers = new Map<string, Layer>()
  let percentShown: number | null = null
  return {
    take(line) {
      const id = textOf(line, 'id')
      const status = textOf(line, 'status')
      if (id === null || status === null) return false
      const isNew = status === 'Pulling fs layer' || status === 'Waiting' || status === 'Preparing'
      const layer = layers.get(id) ?? (isNew ? begun() : null)
      if (layer === null) return false
      layers.set(id, layer)
      count(layer, status, objectOf(line, 'progressDetail'))
      return true
    },
    progress() {
      const percent = percentOf([...layers.values()])
      if (percent !== null) percentShown = Math.max(percent, percentShown ?? 0)
      return { percent: percentShown, ...bytesOf([...layers.values()]) }
    },
  }
}

function begun(): Layer {
  return { totalBytes: null, downloadedBytes: 0, extractedBytes: 0, isDownloaded: false, isComplete: false }
}

function count(layer: Layer, status: string, detail: unknown): void {
  const current = numberOf(detail, 'current') ?? 0
  const total = numberOf(detail, 'total')
  switch (status) {
    case 'Downloading':
      if (total !== null && total > 0) layer.totalBytes = total
      layer.downloadedBytes = current
      return
    case 'Verifying Checksum':
    case 'Download complete':
      layer.isDownloaded = true
      return
    case 'Extracting':
      if (total !== null && total > 0) layer.totalBytes = total
      layer.isDownloaded = true
      layer.extractedBytes = current
      return
    case 'Pull complete':
    case 'Already exists':
      layer.isDownloaded = true
      layer.isComplete = true
  }
}

function percentOf(layers: readonly Layer[]): number | null {
  const known = layers.flatMap((layer) => layer.totalBytes ?? [])
  if (known.length === 0) return null
  const mean = known.reduce((sum, bytes) => sum + bytes, 0) / known.length
  let done = 0
  let all = 0
  for (const layer of layers) {
    const weight = layer.totalBytes ?? mean
    const part = (bytes: number): number => Math.min(1, bytes / weight)
    const downloaded = layer.isDownloaded ? 1 : part(layer.downloadedBytes)
    const extracted = layer.isComplete ? 1 : part(layer.extractedBytes)
    done += (weight * (downloaded + extracted)) / 2
    all += weight
  }
  return Math.floor((100 * done) / all)
}

/** Of what was transferred. The total is told when every layer's size is known. */
function bytesOf(layers: readonly Layer[]): Pick<PullProgress, 'bytesDone' | 'bytesTotal'> {
  const sum = (bytes: (layer: Layer) => number): number => layers.reduce((total, layer) => total + bytes(layer), 0)
  const isAllKnown = layers.length > 0 && layers.every((layer) => layer.totalBytes !== null || layer.isDownloaded)
  return {
    bytesDone: sum((layer) => (layer.isDownloaded ? (layer.totalBytes ?? 0) : layer.downloadedBytes)),
    bytesTotal: isAllKnown ? sum((layer) => layer.totalBytes ?? 0) : null,
  }
}
