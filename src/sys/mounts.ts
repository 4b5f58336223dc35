import { readFileSync } from 'node:fs'
import { withSpareDescriptor } from './spare.ts'

export interface Mount {
  /** `major:minor` as stat tells it of the files on it. */
  readonly device: string
  /** Which folder of the file system is seen here. */
  readonly root: string
  readonly folder: string
  readonly type: string
  readonly source: string
  /** Options of the file system itself: for cgroup v1, its controllers. */
  readonly options: readonly string[]
}

/** What is mounted in our mount namespace, the later over the earlier. */
export function mounts(text = readMountinfo()): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    // Between the two parts stands a varying number of fields.
    const [before = '', after = ''] = line.split(' - ')
    const [, , device, root, folder] = before.split(' ')
    const [type, source, options] = after.split(' ')
    if (device === undefined || root === undefined || folder === undefined || type === undefined) return []
    const named = { root: unescaped(root), folder: unescaped(folder), source: unescaped(source ?? '') }
    return [{ device, ...named, type, options: (options ?? '').split(',') }]
  })
}

/** Spaces and the like are written as octal numbers. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

function readMountinfo(): string {
  return withSpareDescriptor(() => readFileSync('/proc/self/mountinfo', 'utf8'))
}
