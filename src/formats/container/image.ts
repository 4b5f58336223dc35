import type { EngineImage } from '../../core/containers/model.ts'
import { readArguments, readEnvironment, readExposed, readHealthcheck, readImageId, readSignal } from './config.ts'
import { at, type Json, keysOf, numberOr, textOr, textsOf, wordsOf } from './json.ts'
import { normaliseReference } from './reference.ts'

/**
 * What GET /images/NAME/json told. Tags and digests are as `normaliseReference` writes them. Throws an Error that names
 * the path of what is not as it should be.
 */
export function readImage(answer: unknown): EngineImage {
  const json: Json = { value: answer, path: '' }
  const config = at(json, 'Config')
  return {
    id: readImageId(at(json, 'Id')),
    tags: readReferences(at(json, 'RepoTags')),
    digests: readReferences(at(json, 'RepoDigests')),
    sizeBytes: numberOr(at(json, 'Size'), 0),
    config: {
      command: readArguments(at(config, 'Cmd')),
      entrypoint: readArguments(at(config, 'Entrypoint')),
      environment: readEnvironment(at(config, 'Env')),
      labels: wordsOf(at(config, 'Labels')),
      user: textOr(at(config, 'User'), ''),
      workingDir: textOr(at(config, 'WorkingDir'), ''),
      stopSignal: readSignal(at(config, 'StopSignal')),
      healthcheck: readHealthcheck(at(config, 'Healthcheck')),
      volumes: keysOf(at(config, 'Volumes')),
      expose: readExposed(at(config, 'ExposedPorts')),
    },
  }
}

function readReferences(json: Json): readonly string[] {
  return textsOf(json).flatMap((text) => {
    // `<none>:<none>`: an image that lost its name.
    if (text.includes('<none>')) return []
    try {
      return [normaliseReference(text)]
    } catch {
      // It is the engine's own, whatever we think of it.
      return [text]
    }
  })
}
