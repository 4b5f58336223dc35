import { pythonRepr } from '../formats/python-text.ts'
import { answerLimits, parseResponse } from '../formats/xml-rpc/parse.ts'
import { printCall } from '../formats/xml-rpc/print.ts'
import type { XmlRpcValue } from '../formats/xml-rpc/value.ts'
import { createConnection, type Login } from './connection.ts'
import { type Control, exits, type Outcome } from './control.ts'
import { say } from './output.ts'
import { type Fault, type Raised, raise, raiseFault } from './raised.ts'
import { type Read, readShown, SomethingElse } from './values.ts'

export type Answer<T> = Value<T> | Fault | Raised

export interface Value<T> {
  readonly kind: 'value'
  readonly value: T
}

/** Calls a method of the namespace `supervisor`. */
export async function call<T>(
  control: Control,
  method: string,
  read: Read<T>,
  ...params: readonly (string | number)[]
): Promise<Answer<T>> {
  control.connection ??= createConnection(control.serverUrl, loginOf(control))
  const values = params.map(
    (value): XmlRpcValue => (typeof value === 'number' ? { kind: 'int', value } : { kind: 'string', value }),
  )
  const body = await control.connection.post(printCall({ method: `supervisor.${method}`, params: values }))
  if (!Buffer.isBuffer(body)) return body
  const response = parseResponse(body.toString('utf8'), answerLimits)
  switch (response.kind) {
    case 'bad': {
      const { message, line, column } = response
      return raise('xml.parsers.expat.ExpatError', `${message}: line ${line}, column ${column}`)
    }
    case 'fault':
      return response
    case 'value':
      try {
        return { kind: 'value', value: read(response.value) }
      } catch (error) {
        if (!(error instanceof SomethingElse)) throw error
        return raise('TypeError', `${pythonRepr(method)} answered something else than expected`)
      }
  }
}

export function loginOf({ username, password }: Control): Login | null {
  return username === null || password === null ? null : { username, password }
}

/** What the original lets escape of a command. */
export function escaped(answer: Fault | Raised): Raised {
  return answer.kind === 'fault' ? raiseFault(answer) : answer
}

/** Of the API of supervisord, for years. */
const apiVersion = '3.0'

const unknownMethod = 1

/** Asks whether the right server answers. Unless it says yes, the command has ended, with that. */
export async function isUp(control: Control): Promise<'yes' | Outcome> {
  const version = await call(control, 'getVersion', readShown)
  if (version.kind === 'value') {
    if (version.value === apiVersion) return 'yes'
    say(
      `Sorry, this version of supervisorctl expects to talk to a server with API version ${apiVersion}, but the remote version is ${version.value}.`,
    )
    control.exitStatus = exits.notInstalled
    return 'done'
  }
  if (version.kind === 'fault') {
    if (version.code !== unknownMethod) return raiseFault(version)
    say(
      'Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).',
    )
    control.exitStatus = exits.unimplemented
    return 'done'
  }
  if (version.errno === 'ECONNREFUSED') {
    say(`${control.serverUrl} refused connection`)
    control.exitStatus = exits.refused
    return 'done'
  }
  if (version.errno === 'ENOENT') {
    say(`${control.serverUrl} no such file`)
    control.exitStatus = exits.notRunning
    return 'done'
  }
  return version
}
