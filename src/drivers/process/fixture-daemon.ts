// A daemon to be killed: runs a driver in a process of its own, does the steps of its first argument, prints each event
// as a line, and stays until its standard input ends or somebody kills it. Whatever is written to it makes it observe.
import type { Event, Step } from '../../core/model.ts'
import type { RunHandle } from '../../engine/ports.ts'
import { createProcessDriver } from './driver.ts'
import { benchOptions } from './test-bench.ts'

export interface FixtureScript {
  readonly directory: string
  readonly homeId: string
  readonly recover: readonly RunHandle[]
  readonly steps: readonly Step[]
  readonly asksPidfdInfo: boolean
}

const script = JSON.parse(process.argv[2] ?? '') as FixtureScript
const options = { ...benchOptions(script.directory, script.homeId), asksPidfdInfo: script.asksPidfdInfo }
const driver = createProcessDriver(options)
const print = (event: Event) => void process.stdout.write(`${JSON.stringify(event)}\n`)
for (const event of await driver.recover(script.recover)) print(event)
driver.events(print, new AbortController().signal)
driver.perform(script.steps, print)
process.stdout.write('{"kind":"settled"}\n')
process.stdin.on('data', () => driver.perform([{ kind: 'observe', why: 'asked' }], print))
process.stdin.on('end', () => {
  driver.close()
  options.watcher.close()
})
