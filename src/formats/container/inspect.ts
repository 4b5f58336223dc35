import { homeLabel, unitLabel } from '../../core/containers/marks.ts'
import type { EngineContainer, EngineHealth } from '../../core/containers/model.ts'
import { readImageId } from './config.ts'
import { readSettings } from './inspect-settings.ts'
import { at, flagOr, type Json, listOf, numberOr, textOf, textOr, wrong } from './json.ts'

/**
 * What GET /containers/ID/json told, by Docker (API 1.41 and later) or Podman. What an engine fills in by itself and tells
 * apart from nothing else (a host name made of the id) is read as not said. Throws an Error that names the path of what is
 * not as it should be.
 */
export function readContainer(answer: unknown, homeId: string): EngineContainer {
  const json: Json = { value: answer, path: '' }
  const id = textOf(at(json, 'Id'))
  const state = at(json, 'State')
  const settings = readSettings(json, id)
  const { labels } = settings
  return {
    id,
    name: textOf(at(json, 'Name')).replace(/^\//, ''),
    unit: labels[homeLabel] === homeId ? (labels[unitLabel] ?? null) : null,
    imageId: readImageId(at(json, 'Image')),
    state: readState(at(state, 'Status')),
    pid: numberOr(at(state, 'Pid'), 0),
    createdAt: textOf(at(json, 'Created')),
    startedAt: readTime(at(state, 'StartedAt')),
    finishedAt: readTime(at(state, 'FinishedAt')),
    exitCode: numberOr(at(state, 'ExitCode'), 0),
    isOutOfMemory: flagOr(at(state, 'OOMKilled'), false),
    error: textOr(at(state, 'Error'), ''),
    restartCount: numberOr(at(json, 'RestartCount'), 0),
    health: readHealth(at(state, 'Health')),
    settings,
  }
}

const states: Readonly<Record<string, EngineContainer['state']>> = {
  created: 'created',
  running: 'running',
  paused: 'paused',
  restarting: 'restarting',
  exited: 'exited',
  removing: 'removing',
  dead: 'dead',
  // Podman's.
  configured: 'created',
  initialized: 'created',
  stopping: 'running',
  stopped: 'exited',
  unknown: 'dead',
}

function readState(json: Json): EngineContainer['state'] {
  const text = textOf(json)
  return Object.hasOwn(states, text) ? states[text]! : wrong(json, `one of ${Object.keys(states).join(', ')}`)
}

/** The year 1 means never. */
function readTime(json: Json): string {
  const text = textOr(json, '')
  return text.startsWith('0001-') ? '' : text
}

function readHealth(json: Json): EngineHealth | null {
  const status = textOr(at(json, 'Status'), 'none')
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return null
  return {
    status,
    failures: numberOr(at(json, 'FailingStreak'), 0),
    results: listOf(at(json, 'Log')).map((each) => ({
      startedAt: textOr(at(each, 'Start'), ''),
      endedAt: textOr(at(each, 'End'), ''),
      exitCode: numberOr(at(each, 'ExitCode'), 0),
      output: textOr(at(each, 'Output'), ''),
    })),
  }
}
