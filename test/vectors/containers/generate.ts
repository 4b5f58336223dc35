import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineJson } from '../../real/docker/engine-api.ts'
import { type DockerHost, startDockerHost } from '../../real/docker/host.ts'
import { prepareVectors, type VectorBed, withContainerOf } from './engine.ts'
import { casesDirectory, readVector, vectorFiles } from './vectors.ts'

/**
 * Records what a real dockerd makes of each vector: `scripts/node test/vectors/containers/generate.ts [FILE…]`. A new
 * vector is a file with `name`, `service` and `spec` (and `imageContent`, `containers` with the names alone, where it
 * needs them). What is recorded is to be read and committed: it is what the tests believe.
 */
async function main(files: readonly string[]): Promise<void> {
  const host = await startDockerHost()
  try {
    const bed = await prepareVectors(host)
    for (const file of files) {
      const vector = await record({ host, bed }, file).catch((error: unknown) => {
        console.error(`${file}: ${error instanceof Error ? error.message : error}`)
        process.exitCode = 1
        return null
      })
      if (vector !== null) writeFileSync(join(casesDirectory, file), JSON.stringify(vector, null, 2))
    }
  } finally {
    await host.close()
  }
  execFileSync('npx', ['biome', 'format', '--write', casesDirectory], { stdio: 'inherit' })
}

async function record({ host, bed }: { readonly host: DockerHost; readonly bed: VectorBed }, file: string) {
  const vector = readVector(file)
  const { name, project, service, spec, imageContent, containers } = vector
  const tidy = (json: EngineJson) => JSON.parse(JSON.stringify(json).replaceAll(host.dataRoot, '/var/lib/docker'))
  const recorded = await withContainerOf({ host, bed }, vector, ({ image, made, inspect }) => {
    const { GraphDriver: _1, Metadata: _2, RootFS: _3, ContainerConfig: _4, ...imageFields } = image
    return { image: tidy(imageFields), ...made, inspect: tidy(withoutPaths(inspect)) }
  })
  return {
    ...{ name, ...(project !== undefined && { project }), service, spec },
    ...(imageContent && { imageContent }),
    ...(containers && { containers: bed.containers }),
    ...recorded,
  }
}

/** Where the engine keeps what it has is nobody's business. */
function withoutPaths(inspect: EngineJson): EngineJson {
  const { GraphDriver: _1, ResolvConfPath: _2, HostnamePath: _3, HostsPath: _4, LogPath: _5, ...rest } = inspect
  const { MaskedPaths: _6, ReadonlyPaths: _7, ...hostConfig } = rest.HostConfig
  return { ...rest, HostConfig: hostConfig }
}

const files = process.argv.slice(2)
await main(files.length === 0 ? vectorFiles() : files)
