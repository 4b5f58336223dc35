import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from './engine-error.ts'
import { objectOf, textOf } from './shape.ts'

/** What the configuration of Docker's own client calls Docker Hub. */
const hub = 'https://index.docker.io/v1/'
const hubNames: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * The header `X-Registry-Auth` for a registry, from the file that `docker login` writes (config.json in DOCKER_CONFIG, or
 * in .docker of HOME); null: it knows nothing of this registry. Read anew each time, so that a login counts at once. See
 * "Authentication" of the Engine API: base64url of JSON. Throws EngineError `DENIED` where only a helper program knows it.
 */
export async function registryAuth(
  registry: string | null,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const directory = environment.DOCKER_CONFIG || (environment.HOME ? join(environment.HOME, '.docker') : null)
  if (directory === null) return null
  const path = join(directory, 'config.json')
  const config = await readConfig(path)
  const names = namesOf(registry)
  const helper = helperOf(config, names)
  const auths = objectOf(config, 'auths')
  const entry = Object.entries(auths).find(([name]) => names.has(bare(name)))?.[1]
  const credentials = credentialsOf(entry)
  if (credentials !== null)
    return encoded({ ...credentials, serveraddress: hubNames.has(registry ?? 'docker.io') ? hub : registry })
  // What a store of all credentials has for this registry, only its program knows; without a login there is nothing.
  if (helper === null || (helper.isForAll && entry === undefined)) return null
  throw new EngineError({ code: 'DENIED', retry: false, message: helperText(registry, path, helper.name) })
}

async function readConfig(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new EngineError(
      { code, message: `the credentials for registries in ${path} cannot be read (${code})`, retry: false },
      { cause: error },
    )
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = `${path} is no JSON, so no credentials for registries can be read from it; correct it, or log in anew`
    throw new EngineError({ code: 'MALFORMED', message, retry: false }, { cause: error })
  }
}

/** Keys of the file are host names, or for Docker Hub (and from old clients) a URL. */
function namesOf(registry: string | null): ReadonlySet<string> {
  return registry === null || hubNames.has(registry) ? hubNames : new Set([registry])
}

function bare(name: string): string {
  return name.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

function helperOf(
  config: unknown,
  names: ReadonlySet<string>,
): { readonly name: string; readonly isForAll: boolean } | null {
  const helpers = objectOf(config, 'credHelpers')
  const key = Object.keys(helpers).find((name) => names.has(bare(name)))
  const own = key === undefined ? null : textOf(helpers, key)
  if (own !== null) return { name: own, isForAll: false }
  const store = textOf(config, 'credsStore')
  return store ? { name: store, isForAll: true } : null
}

function credentialsOf(entry: unknown): Readonly<Record<string, string>> | null {
  const identityToken = textOf(entry, 'identitytoken')
  if (identityToken) return { identitytoken: identityToken }
  const token = textOf(entry, 'registrytoken')
  if (token) return { registrytoken: token }
  const [username, password] = [textOf(entry, 'username'), textOf(entry, 'password')]
  if (username && password) return { username, password }
  const auth = Buffer.from(textOf(entry, 'auth') ?? '', 'base64').toString('utf8')
  const colon = auth.indexOf(':')
  // Some clients end the password with a NUL.
  return colon > 0 ? { username: auth.slice(0, colon), password: auth.slice(colon + 1).replace(/\0+$/, '') } : null
}

function encoded(credentials: Readonly<Record<string, string | null>>): string {
  return Buffer.from(JSON.stringify(credentials)).toString('base64url')
}

function helperText(registry: string | null, path: string, helper: string): string {
  const name = registry ?? 'docker.io'
  return (
    `the credentials for ${name} are kept by the program docker-credential-${helper} (${path}), which is not asked: ` +
    `put them into the file itself: take its credsStore and credHelpers out, then \`docker login ${name}\``
  )
}
