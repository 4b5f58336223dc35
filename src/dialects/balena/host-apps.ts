import type { StateApp, StateService } from './state.ts'

/** The apps as which the original agent itself is delivered, one for each architecture: the same in every cloud. */
const agentApps: ReadonlySet<string> = new Set([
  '52e35121417640b1b28a680504e4039b',
  '900de4f3cbac4b9bbd232885a35e407b',
  '2e66a95795c149959c69472a8c2f92b8',
  '531b357e155c480cbec0fdd33041a1f5',
  '6822565f766e413e96d9bebe2227cdcc',
])

const agentServices: ReadonlySet<string> = new Set(['main', 'balena-supervisor', 'core'])

/** Why a service is none of ours to run; null: it is one. */
export function whyNotOurs(
  app: Pick<StateApp, 'uuid' | 'isHost'>,
  service: Pick<StateService, 'name'>,
  labels: Readonly<Record<string, string>>,
): string | null {
  if (agentApps.has(app.uuid) && agentServices.has(service.name)) return 'it is the agent whose place this daemon takes'
  if (!app.isHost) return null
  const { 'io.balena.image.class': kind = 'service', 'io.balena.image.store': store = 'data' } = labels
  return kind === 'service' && store === 'data' ? null : 'it is a part of the operating system'
}
