import { readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { hashText } from '../base/hash.ts'
import type { StreamRef } from '../engine/ports.ts'

/** Where a log is, and what belongs to it. */
export interface LogPlace {
  readonly path: string
  /** In the log directory: what is missing on the way to it is made, and what is too much is removed. */
  readonly isOwn: boolean
  /** The index beside our own file; that of a user's file is in the log directory, so that nothing of ours lies in theirs. */
  readonly indexBase: string
}

export function ownPlace(directory: string, stream: Pick<StreamRef, 'unit' | 'stream'>): LogPlace {
  const path = join(directory, logName(stream))
  return { path, isOwn: true, indexBase: path }
}

export function foreignPlace(directory: string, path: string): LogPlace {
  return { path, isOwn: false, indexBase: join(directory, foreignIndexFolder, hashText(path)) }
}

/** No app's folder is called so: a dot at the beginning of a name is encoded. */
export const foreignIndexFolder = '.index'

/**
 * Where a stream without a path of its own goes, below the log directory: `app/service-n.log`, stderr apart as
 * `app/service-n.err.log`. Whatever a unit is called, the name stays below the directory and tells the unit.
 */
export function logName({ unit, stream }: Pick<StreamRef, 'unit' | 'stream'>): string {
  const first = unit.indexOf('/')
  const last = unit.lastIndexOf('/')
  const app = unit.slice(0, Math.max(first, 0))
  const service = unit.slice(first + 1, Math.max(last, first + 1))
  const suffix = stream === 'stdout' ? '.log' : '.err.log'
  return join(encodeName(app), `${encodeName(service)}-${encodeName(unit.slice(last + 1))}${suffix}`)
}

/** The unit and stream of a name that `logName` gave; null for any other. */
export function parseLogName(name: string): Pick<StreamRef, 'unit' | 'stream'> | null {
  const match = /^((?:[^/]*%\/)*[^/]*[^/%])\/((?:[^/]*%\/)*[^/]*)-([^-/]*?)(\.err)?\.log$/s.exec(name)
  if (match === null) return null
  const [, app = '', service = '', n = '', isError] = match
  const unit = [app, service, n].map(decodeName).join('/')
  return { unit, stream: isError === undefined ? 'stdout' : 'stderr' }
}

/**
 * The file a path names, with symbolic links followed, so that rotation moves the file and not the link. A link to
 * /dev/stdout and its like is followed no further: it names a descriptor of ours, not a file.
 */
export function placeOf(path: string): string {
  let place = resolve(path)
  for (let links = 0; links < linksMax && !isStreamPath(place); links++) {
    try {
      place = resolve(dirname(place), readlinkSync(place))
    } catch {
      // Not a link, or nothing there: this is the place; opening it tells the rest.
      return place
    }
  }
  return place
}

/** Where a file's older parts are, as supervisord names them: `.1` is the latest. 0 is the file itself. */
export function generationPath(path: string, generation: number): string {
  return generation === 0 ? path : `${path}.${generation}`
}

/** The same part, compressed. */
export function compressedPath(path: string, generation: number): string {
  return `${generationPath(path, generation)}.gz`
}

/** Where a part is compressed to until it is complete. */
export function unfinishedPath(path: string): string {
  return `${path}.gz.part`
}

export function indexPath({ indexBase }: Pick<LogPlace, 'indexBase'>, generation: number): string {
  return `${generationPath(indexBase, generation)}.idx`
}

/** Does it name one of our own descriptors, whatever is behind it? */
export function isStreamPath(path: string): boolean {
  return /^\/(?:dev\/(?:stdout|stderr|fd\/)|proc\/)/.test(path)
}

/** As the kernel's own limit: more is a loop. */
const linksMax = 40

/**
 * Letters of any language, digits and `_.@+=,-` stay; everything else becomes `%XX` for each byte. What is longer than
 * a name in a directory may be is cut into nested ones, each but the last ending in a bare `%`.
 */
function encodeName(name: string): string {
  const encoded = name.replace(/^\.|[^\p{L}\p{N}_.@+=,-]/gu, (char) =>
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
  const parts: string[] = []
  let part = ''
  for (const piece of encoded.match(/%..|./gsu) ?? [emptyName]) {
    if (Buffer.byteLength(part + piece) > nameBytesMax) {
      parts.push(`${part}%`)
      part = ''
    }
    part += piece
  }
  return [...parts, part].join('/')
}

function decodeName(name: string): string {
  if (name === emptyName) return ''
  const bytes = name
    .replace(/%\//g, '')
    .split(/(%[0-9A-F]{2})/)
    .map((part, index) => (index % 2 === 1 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part)))
  return Buffer.concat(bytes).toString()
}

/** No other name gives this: a `%` stands before two digits or at an end. */
const emptyName = '%_'

/** A name in a directory has at most 255 bytes; room is left for the number, `.err.log` and the generation. */
const nameBytesMax = 200
