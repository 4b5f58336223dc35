import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { activityOf, supervisorPids, until } from '../observe.ts'
import { command } from '../peer.ts'
import type { Figure, Measurement } from '../result.ts'
import { compiled } from '../tools.ts'
import { compare, type Values } from './compare.ts'
import { clients, type Supervisord, withDaemon } from './daemon.ts'

const bytes = { usual: 500_000_000, quick: 50_000_000 } as const
/** The original holds back what may be the beginning of a mark. */
const bytesHeldBack = 32
/** Lines of 100 bytes. */
const writes = [
  { how: 'writes of 64 KB', lines: 655 },
  { how: 'writes of 4 KB', lines: 40 },
  { how: 'a line a write', lines: 1 },
] as const
const kinds: readonly Kind[] = [
  { how: '', main: {}, program: {} },
  { how: ', strip_ansi', main: { strip_ansi: 'true' }, program: {} },
  { how: ', capture mode', main: {}, program: { stdout_capture_maxbytes: '1MB' } },
]
const rows = { speed: { unit: 'MB/s', better: 'more' }, cost: { unit: 'ms/MB', better: 'less' } } as const

interface Kind {
  readonly how: string
  readonly main: Readonly<Record<string, string>>
  readonly program: Readonly<Record<string, string>>
}

/** What one program writes, into its log with the rotation that is usual: how fast it gets rid of it, and what that costs. */
export const logs: Measurement = async (setting) => {
  const size = setting.isQuick ? bytes.quick : bytes.usual
  const figures: Figure[] = []
  for (const kind of kinds)
    for (const { how, lines } of writes) {
      const what = `${size / 1e6} MB into the log, ${how}${kind.how}`
      const wanted = {
        speed: { ...rows.speed, what, times: 1 },
        cost: { ...rows.cost, what: `${what}: processor time of the daemon`, times: 1 },
      }
      figures.push(...(await compare(setting, wanted, 3, (supervisord) => flood(supervisord, { kind, lines, size }))))
    }
  return figures
}

function flood(
  supervisord: Supervisord,
  { kind, lines, size }: { readonly kind: Kind; readonly lines: number; readonly size: number },
): Promise<Values<keyof typeof rows>> {
  return withDaemon(
    supervisord,
    (site) => ({
      main: kind.main,
      programs: [
        {
          name: 'flood',
          command: `${compiled('flood')} ${size} ${lines} ${site.argument(0)}`,
          settings: { ...kind.program, startsecs: '0', autostart: 'false' },
        },
      ],
    }),
    async (begun, site) => {
      await begun.activity.until('supervisord started with pid', 1, 30_000)
      const [program, ...args] = clients.debian(begun.file)
      await until(() => answers(program, args), 'the daemon to answer', 30_000)
      const activity = () => activityOf(supervisorPids([begun.pid], site.notesPath))
      const before = activity()
      await command(program, [...args, 'start', 'flood'])
      await until(() => bytesIn(begun.logs) >= size - bytesHeldBack, 'all of it to be in the log')
      const atNs = process.hrtime.bigint()
      const after = activity()
      site.notes.read()
      const seconds = Number(atNs - site.notes.latest.get(0)!.atNs) / 1e9
      const megabytes = size / 1e6
      return { speed: [megabytes / seconds], cost: [Number(after.cpuNs - before.cpuNs) / 1e6 / megabytes] }
    },
  )
}

function answers(program: string, args: readonly string[]): Promise<boolean> {
  return command(program, [...args, 'pid']).then(
    () => true,
    () => false,
  )
}

function bytesIn(folder: string): number {
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
  return sizes.reduce((sum, size) => sum + size, 0)
}
