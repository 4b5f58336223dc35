import { closeSync, constants, openSync, readSync, statSync, writeSync } from 'node:fs'
import { decodeStatus, type SuperviseStatus, statusBytes } from '../../formats/supervise-status.ts'
import { errorText } from '../error-text.ts'

/** One service, or its logger, as it was named. */
export interface Service {
  /** As messages name it. */
  readonly name: string
  readonly directory: string
}

export type StatusAnswer =
  | { readonly kind: 'status'; readonly status: SuperviseStatus }
  /** Nobody has `supervise/ok` or `supervise/control` open: no runsv supervises it. */
  | { readonly kind: 'not-running' }
  /** `message`: as runit says it, with the cause. */
  | { readonly kind: 'trouble'; readonly message: string }

export type SendAnswer = { readonly kind: 'sent' } | Exclude<StatusAnswer, { readonly kind: 'status' }>

/** Paths are taken as they are; anything else is a name below `servicesDirectory`. */
export function locate(name: string, servicesDirectory: string): Service {
  const isPath = name === '' || name.startsWith('/') || name.startsWith('.') || name.endsWith('/')
  if (isPath) return { name, directory: name }
  return { name, directory: servicesDirectory === '' ? '' : `${servicesDirectory}/${name}` }
}

/** Why one could not change into the directory, as runit's text; null: one could. */
export function entryTrouble(directory: string): { readonly code: string; readonly text: string } | null {
  // With the dot it has to be a directory, and one that may be searched.
  return directory === '' ? troubleOf('ENOENT') : troubleIn(() => statSync(`${directory}/.`))
}

/** Whether runsv lives is asked first: the rest may be left over from one that died. */
export function readStatus({ directory }: Service): StatusAnswer {
  const noReader = troubleIn(() => closeSync(openSync(`${directory}/supervise/ok`, writing)))
  if (noReader !== null) return refusal(noReader, 'open supervise/ok')
  let file: number
  try {
    file = openSync(`${directory}/supervise/status`, reading)
  } catch (error) {
    return trouble('open supervise/status', troubleOf(codeOf(error)).text)
  }
  try {
    const bytes = new Uint8Array(statusBytes)
    const status = decodeStatus(bytes.subarray(0, readSync(file, bytes)))
    return status === null ? trouble('read supervise/status', 'bad format') : { kind: 'status', status }
  } catch (error) {
    return trouble('read supervise/status', troubleOf(codeOf(error)).text)
  } finally {
    closeSync(file)
  }
}

export function send({ directory }: Service, bytes: string): SendAnswer {
  let control: number
  try {
    control = openSync(`${directory}/supervise/control`, writing)
  } catch (error) {
    return refusal(troubleOf(codeOf(error)), 'open supervise/control')
  }
  // So few bytes are written all or not at all.
  const unwritten = troubleIn(() => writeSync(control, bytes))
  closeSync(control)
  return unwritten === null ? { kind: 'sent' } : trouble('write to supervise/control', unwritten.text)
}

/** A FIFO that nobody reads must not be waited for, nor one that nobody writes. */
const writing = constants.O_WRONLY | constants.O_NONBLOCK
const reading = constants.O_RDONLY | constants.O_NONBLOCK

function refusal({ code, text }: { readonly code: string; readonly text: string }, what: string) {
  return code === 'ENXIO' ? ({ kind: 'not-running' } as const) : trouble(what, text)
}

function trouble(what: string, why: string) {
  return { kind: 'trouble', message: `unable to ${what}: ${why}` } as const
}

/** Why `access` failed; null: it did not. */
export function troubleIn(access: () => unknown): { readonly code: string; readonly text: string } | null {
  try {
    access()
    return null
  } catch (error) {
    return troubleOf(codeOf(error))
  }
}

function troubleOf(code: string): { readonly code: string; readonly text: string } {
  return { code, text: errorText(code) }
}

/** Of an error of the system; any other is a bug, and thrown on. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && 'syscall' in error) return String(error.code)
  throw error
}
