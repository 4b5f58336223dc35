import type { App, ListenerPool, Service } from '../../core/model.ts'
import type { YamlRecord } from '../../formats/yaml-text.ts'
import { eventNames } from '../supervisord/event-names.ts'
import { listenerMap } from './keys-project.ts'
import { type Style, unlessUsual } from './print-value.ts'
import {
  type Context,
  error,
  optional,
  readChoice,
  readInteger,
  readItems,
  readKeys,
  report,
  type Setting,
} from './values.ts'

const bufferUsual = 1_024

const results = ['ok', 'any', 'print'] as const

/** `x-holdfast.listener` of an app. */
export function decodeListener(context: Context, setting: Setting): ListenerPool | null {
  const keys = readKeys(context, setting, listenerMap)
  if (keys === null) return null
  const named = keys.get('events')
  const names = optional(named, (one) => decodeEvents(context, one))
  if (named === null) error(context, setting, 'the listener says no events', "write 'events: [PROCESS_STATE]'")
  return {
    events: names ?? [],
    bufferMax:
      optional(keys.get('buffer'), (one) => readInteger(context, one, { min: 1, max: 1_000_000_000 })) ?? bufferUsual,
    result: optional(keys.get('result'), (one) => readChoice(context, one, results)) ?? 'ok',
  }
}

function decodeEvents(context: Context, setting: Setting): readonly string[] | null {
  const items = readItems(context, setting, 'write a list of events: [PROCESS_STATE_EXITED, TICK_60]')
  if (items === null) return null
  if (items.length === 0)
    return error(context, setting, 'the listener says no events', "write 'events: [PROCESS_STATE]'")
  const names = items.map((item) => readChoice(context, item, eventNames)).filter((name) => name !== null)
  return [...new Set(names)]
}

export interface Listening {
  readonly services: readonly Service[]
  readonly listener: ListenerPool | null
  /** Where the app says that it is one. */
  readonly setting: Setting | null
}

/** What only the app as a whole tells: who listens. `at` are its services. */
export function checkListening(context: Context, at: Setting, { services, listener, setting }: Listening): void {
  const listening = services.filter(({ process }) => process.stdin.kind === 'events')
  if (setting !== null && listening.length === 0)
    error(
      context,
      setting,
      'no service of this app listens',
      "write 'stdin: events' below x-holdfast of the one that does",
    )
  for (const { name, process } of listening) {
    const node = at.node.kind === 'map' ? (at.node.entries.get(name) ?? at.node) : at.node
    const path = `services.${name}.x-holdfast`
    if (listener === null && setting === null) {
      const hint = "write 'x-holdfast: {listener: {events: [PROCESS_STATE]}}' at the top"
      report(context, node, `${path}.stdin`, 'nothing says of which events it is told', hint)
    }
    if (process.stderr === 'stdout') {
      const message = 'what a listener says on stderr must not be among its answers on stdout'
      report(context, node, `${path}.logs.stderr`, message, "write 'logs: {stderr: own}', a path or none")
    }
  }
}

export function printListener(listener: App['listener'], style: Style): YamlRecord | undefined {
  if (listener === undefined) return undefined
  return {
    events: listener.events,
    buffer: unlessUsual(style, listener.bufferMax, bufferUsual),
    result: unlessUsual(style, listener.result, 'ok'),
  }
}
