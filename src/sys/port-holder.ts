import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { errnoOf } from './errno.ts'
import { listPids, readCommand, readDescriptors, readStat } from './proc.ts'
import { withSpareDescriptor } from './spare.ts'

export interface PortHolder {
  readonly pid: number
  readonly name: string
}

/** Who listens on a TCP port of this host; null: nobody, or nobody that we may see. Looks at every process there is. */
export function portHolder(port: number): PortHolder | null {
  const inodes = ['tcp', 'tcp6'].flatMap((table) => listeningInodes(readTable(table), port))
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`))
  if (links.size === 0) return null
  const pid = listPids().find((one) => holdsOneOf(one, links))
  return pid === undefined ? null : describe(pid)
}

/** Of other users' processes only root sees it. */
function holdsOneOf(pid: number, links: ReadonlySet<string>): boolean {
  const held = readDescriptors(pid)
  return typeof held !== 'string' && held.some((link) => links.has(link))
}

/** The sockets of /proc/net/tcp that listen on a port. Source: proc_net_tcp.txt. */
export function listeningInodes(text: string, port: number): readonly string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    return local.endsWith(ending) && state === '0A' && inode !== undefined ? [inode] : []
  })
}

function describe(pid: number): PortHolder {
  const [program] = readCommand(pid)
  return { pid, name: program === undefined ? (readStat(pid)?.comm ?? '') : basename(program) }
}

function readTable(name: string): string {
  try {
    return withSpareDescriptor(() => readFileSync(`/proc/self/net/${name}`, 'latin1'))
  } catch (error) {
    errnoOf(error)
    return ''
  }
}
