import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../peer.ts'
import { firstLine, hasCommand } from '../tools.ts'
import { composeText } from './compose-text.ts'
import { type ContainersPeer, nowMs } from './peer.ts'

/** The command is `docker-compose up -d`, its own start included: there is no daemon of it. */
export const dockerCompose: ContainersPeer = {
  name: 'docker-compose',
  version: () =>
    hasCommand('docker-compose') ? firstLine('docker-compose', ['version', '--short']).replace(/^v/, '') : null,
  async open({ directory, socketPath, image }) {
    const file = join(directory, 'compose.yaml')
    const compose = async (...words: readonly string[]): Promise<number> => {
      const given = nowMs()
      await command('docker-compose', ['-p', 'bench-compose', '-f', file, ...words], {
        DOCKER_HOST: `unix://${socketPath}`,
        COMPOSE_PARALLEL_LIMIT: '64',
      })
      return given
    }
    return {
      roots: () => [],
      async apply(services) {
        writeFileSync(file, composeText(image, services))
        return await compose('up', '-d')
      },
      restart: (name) => compose('restart', name),
      close: async () => {},
    }
  },
}
