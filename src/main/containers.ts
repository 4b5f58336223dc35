import { join } from 'node:path'
import type { Now } from '../core/model.ts'
import { createContainerLogs } from '../drivers/docker/container-logs.ts'
import { createDockerDriver } from '../drivers/docker/driver.ts'
import { createContainerExec } from '../drivers/docker/exec-sessions.ts'
import type { ExecPort, LogAppendPort, Snapshot } from '../engine/ports.ts'
import type { ContainerDriver } from './drivers.ts'
import { engineAddress } from './engine-address.ts'

/** Everything that has to do with the container engine, in one. Nothing is connected before something needs it. */
export interface Containers extends ContainerDriver {
  /** null: there are none to run anything in. */
  readonly exec: ExecPort | null
  /** To be called after each turn. */
  turned(snapshot: Snapshot): void
}

/** To be opened before anything is written to the logs: see createContainerLogs. */
export function openContainers(setting: {
  readonly stateDirectory: string
  readonly homeId: string
  readonly logs: LogAppendPort
  readonly clock: { now(): Now }
  readonly warn: (text: string) => void
}): Containers {
  const { stateDirectory, homeId, logs, clock, warn } = setting
  const address = engineAddress(process.env, warn)
  const docker = createDockerDriver({ address, homeId, clock, warn, environment: process.env })
  const output = createContainerLogs({
    ...{ client: docker.client, logs, warn },
    directory: join(stateDirectory, 'container-logs'),
    clock: () => clock.now(),
  })
  const exec = createContainerExec(docker.client)
  return {
    perform(step, post) {
      if (step.kind !== 'remove-container') docker.perform(step, post)
      // What it printed goes with it.
      else void output.drained(step.id).then(() => docker.perform(step, post))
    },
    events: docker.events,
    exec: { start: exec.start },
    turned: output.sync,
    close() {
      output.close()
      exec.close()
      docker.close()
    },
  }
}
