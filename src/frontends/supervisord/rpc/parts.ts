import type { EnginePort, LogControlPort, StdinPort } from '../../../engine/ports.ts'
import type { DaemonPort, EventHub, GroupsPort, ProcessTable } from '../contract.ts'

export interface RpcParts {
  readonly engine: EnginePort
  /** Subscribed to the engine before anybody calls. */
  readonly table: ProcessTable
  readonly groups: GroupsPort
  readonly daemon: DaemonPort
  readonly hub: Pick<EventHub, 'remote'>
  readonly stdin: StdinPort
  readonly logs: LogControlPort
  /** What programs inherit from the daemon: they are looked up by its PATH. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly nowWallMs: () => number
}
