import type { ContainerSettings } from '../../core/containers/model.ts'
import type { Dependency } from '../../core/model.ts'
import {
  fail,
  optional,
  readBoolean,
  readFields,
  readWord,
  readWords,
  type Setting,
  settingOf,
  warn,
} from './reading.ts'
import type { Scene } from './scene.ts'

/** The short form waits until the other one was started, as the long form does that says nothing else. */
export function readDependencies(
  scene: Scene,
  shares: Pick<ContainerSettings, 'networkMode' | 'ipc' | 'pid'>,
): readonly Dependency[] {
  const setting = scene.service.composition.get('depends_on')
  const written = setting === null ? [] : readWritten(scene, setting)
  const byService = new Map([...sharedWith(shares).map(started), ...written].map((one) => [one.service, one]))
  return [...byService.values()].filter(({ service }) => {
    if (!scene.leftOut.has(service)) return true
    warn(scene.reading, setting ?? scene.service.setting, `'${service}' is not run here, and not waited for`)
    return false
  })
}

/** Whose network or processes it shares, that container has to be there. */
function sharedWith({
  networkMode,
  ipc,
  pid,
}: Pick<ContainerSettings, 'networkMode' | 'ipc' | 'pid'>): readonly string[] {
  const network = networkMode.kind === 'service' ? [networkMode.service] : []
  return [...network, ...[ipc, pid].flatMap((text) => /^service:(.+)$/.exec(text ?? '')?.[1] ?? [])]
}

function started(service: string): Dependency {
  return { service, condition: 'started', required: true, restart: false }
}

function readWritten(scene: Scene, setting: Setting): readonly Dependency[] {
  const { reading } = scene
  if (setting.node.kind !== 'map') return readWords(reading, setting, 'services').map(started)
  const fields = readFields(reading, setting, '{"db": {"condition": "service_healthy"}}')
  return (fields?.entries ?? []).map((entry) => readLong(scene, settingOf(setting.path, entry), entry.key))
}

const conditions: Readonly<Record<string, Dependency['condition']>> = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
}

function readLong({ reading }: Scene, setting: Setting, service: string): Dependency {
  const fields = readFields(reading, setting, '{"condition": "service_healthy"}')
  if (fields === null) return started(service)
  const condition = optional(fields.get('condition'), (one) => {
    const text = readWord(reading, one, conditionForms)
    if (text === null) return null
    if (Object.hasOwn(conditions, text)) return conditions[text] ?? null
    return fail(reading, one, `'${text}' is not a condition`, `write ${conditionForms}`)
  })
  return {
    service,
    condition: condition ?? 'started',
    required: optional(fields.get('required'), (one) => readBoolean(reading, one)) ?? true,
    restart: optional(fields.get('restart'), (one) => readBoolean(reading, one)) ?? false,
  }
}

const conditionForms = '"service_started", "service_healthy" or "service_completed_successfully"'
