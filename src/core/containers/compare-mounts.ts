import { asSet, type Finding, isSame, tidyPath } from './compare-difference.ts'
import type { MountSpec } from './model.ts'

/** By target. A volume of the image has an anonymous one, unless something else is declared there. */
export function compareMounts(
  declared: readonly MountSpec[],
  told: readonly MountSpec[],
  imageVolumes: readonly string[],
): readonly Finding[] {
  const wanted = new Map<string, MountSpec>(imageVolumes.map((target) => [tidyPath(target), anonymousAt(target)]))
  for (const mount of declared) wanted.set(tidyPath(mount.target), mount)
  const present = new Map(told.map((mount) => [tidyPath(mount.target), mount]))
  const missing = [...wanted].flatMap(([target, mount]) => {
    const other = present.get(target) ?? null
    return other !== null && isSameMount(mount, other) ? [] : [findingAt(target, other, mount)]
  })
  const extra = [...present].filter(([target]) => !wanted.has(target))
  return [...missing, ...extra.map(([target, mount]) => findingAt(target, mount, null))]
}

function findingAt(target: string, is: MountSpec | null, shouldBe: MountSpec | null): Finding {
  return { field: `mounts.${target}`, is: is && mountWord(is), shouldBe: shouldBe && mountWord(shouldBe) }
}

/** An engine, or an agent that keeps what is in it, may tell an anonymous volume by the name that was made up for it. */
function isSameMount(declared: MountSpec, told: MountSpec): boolean {
  const isAnonymous = declared.kind === 'volume' && declared.engineName === null
  const isMadeUp = told.kind === 'volume' && /^[0-9a-f]{64}$/.test(told.engineName ?? '')
  return isSame(mountWord(declared), mountWord(isAnonymous && isMadeUp ? { ...told, engineName: null } : told))
}

/** What some engines add by themselves. */
const ownTmpfsOptions: readonly string[] = ['', 'rw', 'rprivate', 'nosuid', 'nodev', 'tmpcopyup']

/** Without what only counts while it is made: whether a source may be missing, and whether a named volume is filled. */
function mountWord(mount: MountSpec): object {
  switch (mount.kind) {
    case 'bind': {
      const { kind, source, isReadOnly, propagation, selinux } = mount
      return { kind, source: tidyPath(source), isReadOnly, propagation: propagation ?? 'rprivate', selinux }
    }
    case 'volume': {
      const { kind, engineName, isReadOnly, isCopied, subpath } = mount
      return { kind, engineName, isReadOnly, subpath, ...(engineName === null ? { isCopied } : {}) }
    }
    case 'tmpfs': {
      const { kind, sizeBytes, mode, options } = mount
      const others = asSet(options.split(',')).filter((option) => !ownTmpfsOptions.includes(option))
      return { kind, sizeBytes, mode, options: others }
    }
  }
}

function anonymousAt(target: string): MountSpec {
  return { kind: 'volume', volume: null, engineName: null, target, isReadOnly: false, isCopied: true, subpath: null }
}
