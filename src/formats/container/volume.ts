import { homeLabel } from '../../core/containers/marks.ts'
import type { EngineVolume, VolumeSpec } from '../../core/containers/model.ts'
import { at, type Json, textOf, textOr, wordsOf } from './json.ts'
import { said, stated } from './said.ts'

/**
 * What GET /volumes/NAME told (or one of GET /volumes). Throws an Error that names the path of what is not as it should
 * be.
 */
export function readVolume(answer: unknown, homeId: string): EngineVolume {
  const json: Json = { value: answer, path: '' }
  const labels = wordsOf(at(json, 'Labels'))
  return {
    name: textOf(at(json, 'Name')),
    isOurs: labels[homeLabel] === homeId,
    driver: textOr(at(json, 'Driver'), 'local'),
    driverOpts: wordsOf(at(json, 'Options')),
    labels,
  }
}

/** The body of POST /volumes/create. */
export function volumeCreateBody(spec: VolumeSpec, marks: Readonly<Record<string, string>>): object {
  return stated({
    Name: spec.engineName,
    Driver: spec.driver ?? undefined,
    DriverOpts: said(spec.driverOpts),
    Labels: { ...spec.labels, ...marks },
  })
}
