import { parseReference, printReference } from './reference.ts'

/**
 * The tag that stands for a digest where nobody pulled it: `repo:sha256-…` for `repo@sha256:…`. A registry knows images by their
 * digest; an engine learns that name only by pulling or pushing, and refuses it as a tag. null: the reference has no digest, is an
 * id, or is none at all.
 */
export function digestTag(reference: string): { readonly repo: string; readonly tag: string } | null {
  const parts = partsOf(reference)
  const [, algorithm, hex] = /^([A-Za-z0-9+._-]+):([0-9a-f]{32,100})$/.exec(parts?.digest ?? '') ?? []
  if (parts === null || algorithm === undefined || parts.repository === '') return null
  const tag = `${algorithm.replaceAll('+', '.')}-${hex}`
  return tag.length > 128 ? null : { repo: printReference({ ...parts, tag: null, digest: null }), tag }
}

/** The same as one reference. */
export function digestTagReference(reference: string): string | null {
  const parts = digestTag(reference)
  return parts === null ? null : `${parts.repo}:${parts.tag}`
}

function partsOf(reference: string): ReturnType<typeof parseReference> | null {
  try {
    return parseReference(reference)
  } catch {
    return null
  }
}

/** The reference by digest that a tag stands for; any other reference as it is. */
export function digestOfTag(reference: string): string {
  const [, repo, algorithm, hex] = /^(.+):(sha256|sha512)-([0-9a-f]{64}|[0-9a-f]{128})$/.exec(reference) ?? []
  return repo === undefined ? reference : `${repo}@${algorithm}:${hex}`
}
