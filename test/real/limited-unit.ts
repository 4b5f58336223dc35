import { readFileSync } from 'node:fs'
import { noCgroupLimits, noProcessLimits } from '../../src/core/target/plain.ts'
import { createCgroups } from '../../src/drivers/process/cgroups.ts'
import { createBench, shell, spawnStep, until } from '../../src/drivers/process/test-bench.ts'

/** Started in some cgroup: runs one limited unit and prints where it, and we, came to be. */
const unit = 'app/web/1'
const bench = createBench()
const limits = { ...noProcessLimits, cgroup: { ...noCgroupLimits, memoryMaxBytes: 64 * 1024 * 1024, pidsMax: 10 } }
bench.perform([spawnStep(unit, 1, shell('exec sleep 1000', { limits }))])
const event = await bench.until((one) => one.kind === 'spawned' || one.kind === 'spawn-failed')
const cgroups = createCgroups(bench.homeId)
if (event.kind === 'spawned') {
  await until(() => cgroups.members(unit).includes(event.identity.pid))
  const [own, ofUnit] = [process.pid, event.identity.pid].map(cgroupOf)
  console.log(JSON.stringify({ root: `holdfast-${bench.homeId}`, own, unit: ofUnit }))
} else console.log(JSON.stringify(event))
cgroups.killAll(unit)
await until(() => cgroups.members(unit).length === 0)
bench.close()
cgroups.close()

function cgroupOf(pid: number): string {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? ''
}
