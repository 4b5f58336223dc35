/**
 * What of a daemon stores the output of one container, for tests that kill it: `SOCKET HOME ID LOGS`. Prints `following`,
 * and when the container has ended and everything is stored `drained`.
 */
import { join } from 'node:path'
import { unknownEngine } from '../../src/core/containers/none.ts'
import type { LogSpec } from '../../src/core/model.ts'
import { plainProcess } from '../../src/core/target/plain.ts'
import { createEngineClient } from '../../src/drivers/docker/client.ts'
import { createContainerLogs } from '../../src/drivers/docker/container-logs.ts'
import type { Snapshot } from '../../src/engine/ports.ts'
import { createLogFiles } from '../../src/logs/log-files.ts'
import { bootNow } from '../../src/sys/boot-clock.ts'
import { pause } from './until.ts'

interface Described {
  readonly State: { readonly Running: boolean; readonly StartedAt: string }
  readonly Config: { readonly Tty: boolean }
}

const [socketPath = '', home = '', id = '', logSpecs = '{}'] = process.argv.slice(2)
const specs: { readonly stdout: LogSpec; readonly stderr: LogSpec | 'stdout' } = JSON.parse(logSpecs)
const warn = (text: string): void => void process.stderr.write(`${text}\n`)
const files = createLogFiles({ directory: join(home, 'log'), warn })
const client = createEngineClient({ socketPath })
const logs = createContainerLogs({ client, logs: files, directory: join(home, 'cursors'), clock: bootNow, warn })

function sync({ State, Config }: Described): void {
  const container = { id, startedAt: State.StartedAt }
  const unit = {
    ...{ id: 'a/web/1', attempt: 1, container: { ...container, handsOverTo: null } },
    spec: { process: { ...plainProcess, ...specs }, container: {} },
    run: State.Running ? { identity: { container } } : null,
  }
  const known = { id, unit: 'a/web/1', startedAt: State.StartedAt, settings: { isTty: Config.Tty, environment: {} } }
  const containerEngine = { ...unknownEngine(), isKnown: true, containers: new Map([[id, known]]) }
  const state = { units: new Map([[unit.id, unit]]), containerEngine }
  logs.sync({ state, now: bootNow(), storeTrouble: null } as unknown as Snapshot)
}

const inspect = async (): Promise<Described> => (await client.containers.inspect(id)) as Described

sync(await inspect())
process.stdout.write('following\n')
// The engine may be restarted under us.
for (;;) {
  const isOver = await client.containers.wait(id, 'not-running').then(
    () => true,
    () => false,
  )
  if (isOver) break
  await pause(50)
}
sync(await inspect())
// On a slow machine more is left than fits into its time.
while (!(await logs.drained(id)));
process.stdout.write('drained\n')
logs.close()
client.close()
