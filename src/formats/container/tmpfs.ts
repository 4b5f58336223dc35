import type { MountSpec } from '../../core/containers/model.ts'

const units: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Options as of mount(8): size and mode apart, as far as they are numbers, and the others as they were written. */
export function readTmpfs(target: string, text: string): Extract<MountSpec, { kind: 'tmpfs' }> {
  let sizeBytes: number | null = null
  let mode: number | null = null
  const options: string[] = []
  for (const option of text.split(',')) {
    const size = /^size=(\d+)([kmg]?)$/i.exec(option)
    const octal = /^mode=([0-7]+)$/.exec(option)
    if (size !== null) sizeBytes = Number(size[1]) * (units[size[2]!.toLowerCase()] ?? 1)
    else if (octal !== null) mode = Number.parseInt(octal[1]!, 8)
    else if (option !== '') options.push(option)
  }
  return { kind: 'tmpfs', target, sizeBytes, mode, options: options.join(',') }
}
