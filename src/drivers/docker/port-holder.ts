import { readdir, readFile, readlink } from 'node:fs/promises'
import { EngineError } from './engine-error.ts'
import { isObject, listOf, numberOf, textOf } from './shape.ts'
import { labelsOf, type StepContext } from './step-context.ts'

interface TakenPort {
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

/** Of a failure `PORT_TAKEN`: the same, saying which port and who has it. Any other failure stays as it is. */
export async function explainPort(context: StepContext, error: EngineError): Promise<EngineError> {
  if (error.code !== 'PORT_TAKEN') return error
  const taken = takenPort(error.message)
  if (taken === null) return error
  const holder = (await containerWith(context, taken)) ?? (await processWith(taken))
  const who = holder === null ? 'who has it cannot be told' : `${holder} has it`
  const message = `port ${taken.port}/${taken.protocol} of the host is taken: ${who}; free it, or publish another port`
  return new EngineError(
    { code: 'PORT_TAKEN', ...(error.status === null ? {} : { status: error.status }), message, retry: true },
    { cause: error },
  )
}

/**
 * What Docker says: `Bind for 0.0.0.0:80 failed: port is already allocated`, `listen tcp4 0.0.0.0:80: bind: address already
 * in use`, `failed to bind host port 0.0.0.0:80/tcp`; and Podman: `listen tcp :80: bind: …`.
 */
export function takenPort(text: string): TakenPort | null {
  const match =
    /(?:Bind for|listen (tcp|udp)[46]?|bind host port(?: for)?) (?:\S*?):(\d{1,5})(?=[\s:/]|$)(?:\S*\/(tcp|udp)\b)?/.exec(
      text,
    )
  if (match === null) return null
  return { port: Number(match[2]), protocol: (match[1] ?? match[3]) === 'udp' ? 'udp' : 'tcp' }
}

async function containerWith({ client, signal }: StepContext, taken: TakenPort): Promise<string | null> {
  // What is only an explanation must not hide the failure.
  const listed = await client.containers.list({}, { signal }).catch(() => [])
  const holder = listed.find((one) => publishes(one, taken))
  if (holder === undefined) return null
  const names = isObject(holder) ? listOf(holder.Names) : []
  const name = typeof names[0] === 'string' ? names[0].replace(/^\//, '') : (textOf(holder, 'Id') ?? '')
  const project = labelsOf(holder)['com.docker.compose.project']
  return `the container ${name}${project === undefined ? '' : ` (Compose project ${project})`}`
}

function publishes(listed: unknown, { port, protocol }: TakenPort): boolean {
  const ports = isObject(listed) ? listOf(listed.Ports) : []
  return ports.some((one) => numberOf(one, 'PublicPort') === port && (textOf(one, 'Type') ?? 'tcp') === protocol)
}

/** Who listens there, in our own network namespace; null: nobody, or it may not be told. */
export async function processWith({ port, protocol }: TakenPort): Promise<string | null> {
  const tables = await Promise.all(
    [protocol, `${protocol}6`].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  )
  const inodes = new Set(tables.flatMap((table) => socketsAt(table, { port, protocol })))
  if (inodes.size === 0) return null
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of names) {
    if (!(await hasSocket(pid, inodes))) continue
    const command = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()
    return `process ${pid}${command === '' ? '' : ` (${command})`}`
  }
  return 'a process that we may not see'
}

/** Lines of proc(5)'s /proc/net/tcp: number, local and remote address in hex, state (0A: listening) … and at last the inode. */
function socketsAt(table: string, { port, protocol }: TakenPort): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && (protocol === 'udp' || state === '0A'))
    .flatMap((fields) => fields[9] ?? [])
}

async function hasSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const directory = `/proc/${pid}/fd`
  for (const fd of await readdir(directory).catch(() => [])) {
    const link = await readlink(`${directory}/${fd}`).catch(() => '')
    if (link.startsWith('socket:[') && inodes.has(link.slice(8, -1))) return true
  }
  return false
}
