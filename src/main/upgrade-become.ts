import type { Errno } from '../sys/errno.ts'
import { becomeImage } from '../sys/execve.ts'
import { type Carried, carriedBytesMax, carriedVariable } from './upgrade-carried.ts'
import type { ProgramImage } from './upgrade-image.ts'

/**
 * Becomes the daemon of another version, or of our own again. `keep`: descriptors that it finds by what they are open on.
 * Answers only when that is refused.
 */
export function becomeDaemon(
  image: ProgramImage,
  args: readonly string[],
  carried: Carried,
  keep: readonly number[],
): Errno {
  const text = JSON.stringify(carried)
  if (Buffer.byteLength(text) > carriedBytesMax) return 'E2BIG'
  // Not by the launcher: a shell that waits for a child of its own takes the exit codes of ours.
  const environment = { ...process.env, HOLDFAST_COMMAND: image.command, [carriedVariable]: text }
  return becomeImage({
    path: image.runtime,
    argv: [image.runtime, ...image.options, image.main, 'daemon', ...args],
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    keep: [
      ...(carried.supervisordDoors ?? []).map(({ fd }) => fd),
      ...[carried.lockFd, carried.listenFd, carried.tcpListenFd, carried.guardFd].filter((fd) => fd != null),
      ...keep,
    ],
  })
}
