import { RpcFault } from '../contract.ts'

/** Source: the codes that supervisor 4.2.5 answers with; clients compare them. */
export const faultCodes = {
  UNKNOWN_METHOD: 1,
  INCORRECT_PARAMETERS: 2,
  BAD_ARGUMENTS: 3,
  SIGNATURE_UNSUPPORTED: 4,
  SHUTDOWN_STATE: 6,
  BAD_NAME: 10,
  BAD_SIGNAL: 11,
  NO_FILE: 20,
  NOT_EXECUTABLE: 21,
  FAILED: 30,
  ABNORMAL_TERMINATION: 40,
  SPAWN_ERROR: 50,
  ALREADY_STARTED: 60,
  NOT_RUNNING: 70,
  SUCCESS: 80,
  ALREADY_ADDED: 90,
  STILL_RUNNING: 91,
  CANT_REREAD: 92,
} as const

export type FaultName = Exclude<keyof typeof faultCodes, 'SUCCESS'>

/** `extra` may be empty, which is told as well; null: there is none. */
export function fault(name: FaultName, extra: string | null = null): RpcFault {
  return extra === '' ? new RpcFault(faultCodes[name], `${name}: `) : new RpcFault(faultCodes[name], name, extra ?? '')
}
