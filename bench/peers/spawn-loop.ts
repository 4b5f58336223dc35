import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Peer } from '../peer.ts'
import { compiled } from '../tools.ts'

/** Not a supervisor, the floor: it stores, logs and answers nothing. The command is its own first posix_spawn. */
export const spawnLoop: Peer = {
  name: 'spawn-loop',
  unitsMax: 10_000,
  version: () => 'posix_spawn and waitpid in C',
  async open(site) {
    let child: ReturnType<typeof spawn> | null = null
    const end = async () => {
      if (child === null || child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    return {
      roots: () => (child?.pid === undefined ? [] : [child.pid]),
      async up(count) {
        child = spawn(compiled('spawn-loop'), [site.unit, site.notesPath, `${count}`], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const [line] = await once(child.stdout!, 'data')
        return BigInt(String(line).trim())
      },
      async stop() {
        const given = process.hrtime.bigint()
        child?.kill('SIGTERM')
        return given
      },
      close: end,
    }
  },
}
