import type { ServiceKeys } from './device-facts.ts'

/**
 * The key by which a service asks the API of its device: 32 hex digits, always the same for the same service, so that none has to be
 * stored before its container is made.
 */
export function serviceKey(keys: ServiceKeys, appId: number, service: string): string {
  const name = `${appId}/${service}`
  const given = Object.hasOwn(keys.given, name) ? keys.given[name] : undefined
  if (given !== undefined) return given
  const { createHmac } = process.getBuiltinModule('node:crypto')
  return createHmac('sha256', keys.secret).update(name).digest('hex').slice(0, 32)
}
