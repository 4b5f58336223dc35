import { compareRecord, type Finding } from './compare-difference.ts'
import type { ContainerSettings } from './model.ts'

/** Set once, when a container is made: what the device is called later does not count. */
const setOnce = /_DEVICE_NAME_AT_INIT$/

/** What some engines tell of a container, although nobody declared it. */
const ownValues: Readonly<Record<string, readonly string[]>> = {
  container: ['podman', 'oci'],
  TERM: ['xterm'],
  HOME: ['/', '/root'],
  PATH: ['/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
}

export function compareEnvironment(
  told: ContainerSettings,
  expected: Readonly<Record<string, string>>,
): readonly Finding[] {
  return compareRecord('environment', { is: told.environment, shouldBe: expected }).filter(
    (finding) => !isSetOnce(finding) && !isOwn(finding, told),
  )
}

function isSetOnce({ field, is, shouldBe }: Finding): boolean {
  return is !== null && shouldBe !== null && setOnce.test(field)
}

function isOwn({ field, is, shouldBe }: Finding, { hostname }: ContainerSettings): boolean {
  if (shouldBe !== null) return false
  const name = field.slice('environment.'.length)
  if (name === 'HOSTNAME') return is === hostname
  return Object.hasOwn(ownValues, name) && ownValues[name]!.includes(String(is))
}
