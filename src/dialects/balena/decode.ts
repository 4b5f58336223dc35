import type { App } from '../../core/model.ts'
import type { Position } from '../../formats/format-error.ts'
import { parseJson } from '../../formats/json-nodes.ts'
import type { DecodedSource, HeldBack } from '../decoding.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { decodeApp } from './app.ts'
import { type DeviceFacts, unknownDevice } from './device-facts.ts'
import { appNames } from './names.ts'
import { locateIn, originIn, type Places } from './places.ts'
import { readState } from './read-state.ts'
import { isTruthy, type Reading } from './reading.ts'
import type { DeviceState } from './state.ts'

/**
 * Reads a target state of balena's (version 3, the local version 2, or what images are preloaded with) as one source: each app of
 * it is an app. Anything wrong with it makes all of it an error. `device`: null checks what is written, without asking whether this
 * device meets it.
 */
export function decodeBalena(path: string, reader: SourceReader, device: DeviceFacts | null): DecodedSource {
  const reading: Reading = { file: path, problems: [] }
  const start: Position = { file: path, line: 1, column: 1 }
  const text = reader.read(path)
  if (isFailure(text)) {
    const hint = 'check the path and its permissions'
    reading.problems.push({
      ...start,
      setting: '',
      message: `cannot be read: ${text.message}`,
      hint,
      severity: 'error',
    })
    return nothing(reading, start)
  }
  const { root, problems } = parseJson(text, path)
  for (const problem of problems) reading.problems.push(problem)
  if (root === null) return nothing(reading, start)
  const state = readState(reading, root, device === null ? undefined : device.uuid)
  if (state === null) return nothing(reading, start)
  return decodeState(reading, state, device)
}

function decodeState(reading: Reading, state: DeviceState, device: DeviceFacts | null): DecodedSource {
  const known = device ?? unknownDevice
  const uuid = known.uuid ?? state.uuid ?? known.uuidElse
  const facts = { ...known, uuid, nameAtInit: known.nameAtInit ?? state.name }
  const names = appNames(state.apps)
  const apps: App[] = []
  const heldBack: HeldBack[] = []
  const places: Places = new Map(state.apps.map((app) => [names.get(app.uuid)!, app]))
  for (const app of state.apps) {
    const name = names.get(app.uuid)!
    const options = { isDeviceKnown: device !== null, ignoresLocks: ignoresLocks(state) }
    const decoded = decodeApp({ reading, facts, app, name, ...options })
    if (decoded.kind === 'app') apps.push(decoded.app)
    if (decoded.kind === 'held-back') heldBack.push({ app: name, why: decoded.why })
  }
  if (reading.problems.some(({ severity }) => severity === 'error')) {
    return nothing(reading, { file: reading.file, line: 1, column: 1 })
  }
  return {
    apps,
    problems: reading.problems,
    heldBack,
    device: { uuid, name: state.name },
    locate: (place) => locateIn(places, place, reading.file),
    origin: (app, path) => originIn(places, app, path),
  }
}

/** Whoever manages the device may say that update locks count for nothing on it. */
function ignoresLocks({ config }: DeviceState): boolean {
  const names = [
    'BALENA_SUPERVISOR_OVERRIDE_LOCK',
    'RESIN_SUPERVISOR_OVERRIDE_LOCK',
    'BALENA_OVERRIDE_LOCK',
    'RESIN_OVERRIDE_LOCK',
  ]
  const said = names.find((name) => config[name] !== undefined)
  return said !== undefined && isTruthy(config[said])
}

function nothing({ problems }: Reading, start: Position): DecodedSource {
  return { apps: [], problems, locate: () => ({ ...start, setting: '' }), origin: () => null }
}
