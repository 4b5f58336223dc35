export type VolumeText =
  | {
      readonly kind: 'volume'
      /** What stands before the first colon; null: an anonymous volume. */
      readonly source: string | null
      /** Absolute. */
      readonly target: string
      readonly isReadOnly: boolean
      /** What is in the image at that place is copied into an empty volume, as usual. */
      readonly isCopied: boolean
      readonly propagation: string | null
      readonly selinux: 'z' | 'Z' | null
    }
  /** A phrase about the text, and what to do about it. */
  | { readonly kind: 'error'; readonly message: string; readonly hint: string }

/** A mount as Compose writes it in one text: `[SOURCE:]TARGET[:OPTION,…]`. What kind of source it is, the caller tells. */
export function parseVolumeText(text: string): VolumeText {
  const parts = text.split(':')
  if (parts.length > 3 || parts.some((part) => part === '')) return bad(`'${text}' is not a mount`)
  const [source, target, options] = parts.length === 1 ? [null, parts[0]!, ''] : [parts[0]!, parts[1]!, parts[2] ?? '']
  if (!target.startsWith('/')) {
    return bad(`'${target}' is not an absolute path in the container`, 'begin it with a slash')
  }
  const read = {
    isReadOnly: false,
    isCopied: true,
    propagation: null as string | null,
    selinux: null as 'z' | 'Z' | null,
  }
  for (const option of options === '' ? [] : options.split(',')) {
    if (option === 'ro' || option === 'readonly') read.isReadOnly = true
    else if (option === 'nocopy') read.isCopied = false
    else if (option === 'z' || option === 'Z') read.selinux = option
    else if (propagations.has(option)) read.propagation = option
    else if (!meaningless.has(option))
      return bad(`'${option}' is not an option of a mount`, 'write ro, rw, nocopy, z or Z')
  }
  return { kind: 'volume', source, target, ...read }
}

const propagations: ReadonlySet<string> = new Set(['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate'])

/** The usual, and what only other platforms heed. */
const meaningless: ReadonlySet<string> = new Set(['rw', 'copy', 'cached', 'delegated', 'consistent'])

/** Whether the source of a mount is a path of the host, and no name. */
export function isHostPath(source: string): boolean {
  return /^[./~\\]/.test(source) || source.includes('/')
}

function bad(message: string, hint = "write it as 'name:/path' or 'name:/path:ro'"): VolumeText {
  return { kind: 'error', message, hint }
}
