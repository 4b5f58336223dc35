import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { UpgradeItem } from '../../src/wire/api.ts'
import { pass } from '../observe.ts'
import { command, withSupervisor } from '../peer.ts'
import { us } from '../peers/us.ts'
import { attempt, type Measurement, median } from '../result.ts'
import { root } from '../tools.ts'

const count = 200
const msMax = 100
const settleMs = 2_000
const n = 9

/** An upgrade in place with 200 units; from the last turn of the old image until the first one of the new, as it tells itself. */
export const upgrade: Measurement = async ({ peers }) => {
  if (!peers.includes(us)) return []
  const what = `upgrade in place with ${count} units: nobody reads or decides`
  const figure = await attempt({ what, peer: 'us', unit: 'ms', n, limit: msMax, note: '' }, () =>
    withSupervisor(us, async (ours, site) => {
      await ours.up(count)
      await site.notes.until(() => site.notes.latest.size === count, `${count} units to run`)
      await pass(settleMs)
      const before = new Map([...site.notes.latest].map(([index, note]) => [index, note.pid]))
      const next = copyOfUs(join(site.directory, 'next'))
      const gaps: number[] = []
      for (let run = 0; run < n; run += 1) {
        const directory = run % 2 === 0 ? next : root
        await command(join(root, 'bin/holdfast'), ['upgrade', directory], {
          HOLDFAST_HOME: join(site.directory, 'home'),
        })
        gaps.push(gapOf(site.directory))
      }
      site.notes.read()
      const restarted = [...site.notes.latest].filter(([index, note]) => before.get(index) !== note.pid)
      if (restarted.length > 0) throw new Error(`${restarted.length} units were started again by an upgrade`)
      return median(gaps)
    }),
  )
  return [figure]
}

function copyOfUs(directory: string): string {
  mkdirSync(directory)
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(root, part), join(directory, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

function gapOf(directory: string): number {
  const item: UpgradeItem = JSON.parse(readFileSync(join(directory, 'home/state/upgrade.json'), 'utf8'))
  if (item.gapMs === null) throw new Error(`the upgrade did not tell its gap: ${JSON.stringify(item)}`)
  return item.gapMs
}
