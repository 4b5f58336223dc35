/**
 * The names of images. Which text is one: the grammar of the distribution project (`reference`), with the short names of
 * Docker Hub, which are also what the engine lists.
 */
export interface ImageReference {
  /** `registry.example:5000`; null: Docker Hub, or the engine's default. */
  readonly registry: string | null
  /** `busybox`, `team/app`; without the `library/` of Docker Hub. Empty: the digest is an image id. */
  readonly repository: string
  readonly tag: string | null
  /** `sha256:…` */
  readonly digest: string | null
}

/**
 * The parts of a reference. Upper case in the registry and the repository, which no engine takes, is made lower case.
 * Throws an Error that says what is wrong with it.
 */
export function parseReference(text: string): ImageReference {
  if (imageId.test(text)) return { registry: null, repository: '', tag: null, digest: text }
  if (text === '') throw bad(text, 'it is empty')
  if (/^[0-9a-f]{64}$/.test(text)) throw bad(text, `an image id is written sha256:${text}`)
  const { rest, digest } = cutDigest(text)
  const { name, tag } = cutTag(text, rest)
  const { registry, path } = cutRegistry(name.toLowerCase())
  if (registry !== null && !registryPattern.test(registry)) throw bad(text, `'${registry}' is no name of a registry`)
  for (const part of path.split('/')) if (!partPattern.test(part)) throw bad(text, explainPart(part))
  if (name.length > nameLengthMax) throw bad(text, `a name has at most ${nameLengthMax} characters`)
  if (registry !== null && !hubNames.includes(registry)) return { registry, repository: path, tag, digest }
  return { registry: null, repository: path.replace(/^library\/(?=[^/]+$)/, ''), tag, digest }
}

/**
 * One text for each image: without the names of Docker Hub, `:latest` where nothing else is said, without the tag where a
 * digest decides. An image id (`sha256:…`) stays as it is. Throws as `parseReference` does.
 */
export function normaliseReference(text: string): string {
  const reference = parseReference(text)
  if (reference.repository === '') return reference.digest!
  return printReference({ ...reference, tag: reference.digest === null ? (reference.tag ?? 'latest') : null })
}

/** All parts as one text: `registry.example/team/app:1@sha256:…`. */
export function printReference({ registry, repository, tag, digest }: ImageReference): string {
  if (repository === '') return digest!
  const name = registry === null ? repository : `${registry}/${repository}`
  return `${name}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`
}

// ---- the parts -------------------------------------------------------------------------------------------------

const nameLengthMax = 255
const hubNames: readonly string[] = ['docker.io', 'index.docker.io']
const imageId = /^sha256:[0-9a-f]{64}$/
const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const registryPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-f:]+\\])(?::[0-9]+)?$`)
const partPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/

function cutDigest(text: string): { readonly rest: string; readonly digest: string | null } {
  const at = text.indexOf('@')
  if (at === -1) return { rest: text, digest: null }
  const digest = text.slice(at + 1)
  const isDigest = digest.startsWith('sha256:') ? imageId.test(digest) : digestPattern.test(digest)
  if (!isDigest) throw bad(text, `'${digest}' is no digest; one is written sha256: and 64 hexadecimal digits`)
  return { rest: text.slice(0, at), digest }
}

function cutTag(text: string, rest: string): { readonly name: string; readonly tag: string | null } {
  const colon = rest.lastIndexOf(':')
  // A colon before a slash is that of a port.
  if (colon === -1 || rest.includes('/', colon)) return { name: rest, tag: null }
  const tag = rest.slice(colon + 1)
  if (!tagPattern.test(tag))
    throw bad(
      text,
      `'${tag}' is no tag; one has up to 128 letters, digits, '_', '.' and '-', and begins with neither '.' nor '-'`,
    )
  return { name: rest.slice(0, colon), tag }
}

function cutRegistry(name: string): { readonly registry: string | null; readonly path: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(slash, 0))
  // Only a name with a dot, a port or brackets can be told from the first part of a path.
  const isRegistry = slash !== -1 && (/[.:[]/.test(first) || first === 'localhost')
  return isRegistry ? { registry: first, path: name.slice(slash + 1) } : { registry: null, path: name }
}

function explainPart(part: string): string {
  if (part === '') return 'a part of its name is empty'
  return `'${part}' is no part of a name; one has letters and digits, and '.', '_', '__' or '-' only between them`
}

function bad(text: string, why: string): Error {
  return new Error(`'${text}' is no reference of an image: ${why}`)
}
