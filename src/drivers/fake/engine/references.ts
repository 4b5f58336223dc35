/** `repo:tag`, `repo@digest`, both, or the id of an image. */
export interface Reference {
  readonly repository: string
  readonly tag: string | null
  readonly digest: string | null
}

/** As the engine reads it: a colon behind the last slash begins the tag, and what has neither tag nor digest means `latest`. */
export function parseReference(text: string): Reference {
  const [named = '', digest = null] = text.split('@')
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  if (colon >= 0) return { repository: named.slice(0, colon), tag: named.slice(colon + 1), digest }
  return { repository: named, tag: digest === null ? 'latest' : null, digest }
}

export function tagName({ repository, tag }: Reference): string | null {
  return tag === null ? null : `${repository}:${tag}`
}

export function digestName({ repository, digest }: Reference): string | null {
  return digest === null ? null : `${repository}@${digest}`
}
