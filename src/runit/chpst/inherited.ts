import type { OpenDescriptor } from '../../sys/descriptor-list.ts'

/**
 * Which descriptors this process was started with; the others are Node's. Node makes them all close-on-exec, up to the
 * first gap above 15, so that alone does not tell. Its own are a few kinds, and have numbers from its first epoll on.
 */
export function inheritedDescriptors(open: readonly OpenDescriptor[]): readonly number[] {
  const nodesFirst =
    open.find((one) => one.isCloseOnExec && one.target === 'anon_inode:[eventpoll]')?.fd ?? Number.POSITIVE_INFINITY
  return open
    .filter((one) => !one.isCloseOnExec || one.fd < nodesFirst || !isOfNodesKind(one, open))
    .map(({ fd }) => fd)
}

function isOfNodesKind({ target }: OpenDescriptor, open: readonly OpenDescriptor[]): boolean {
  return nodesKinds.has(target) || (target.startsWith('pipe:') && isTalkingToItself(target, open))
}

const nodesKinds: ReadonlySet<string> = new Set([
  'anon_inode:[eventpoll]',
  'anon_inode:[eventfd]',
  'anon_inode:[io_uring]',
])

/** Node's pipes wake its own threads: both ends are here, once each. */
function isTalkingToItself(target: string, open: readonly OpenDescriptor[]): boolean {
  const ends = open.filter((one) => one.target === target).map(({ access }) => access)
  return ends.length === 2 && ends.includes('read') && ends.includes('write')
}
