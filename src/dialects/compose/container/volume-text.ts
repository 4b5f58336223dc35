/** The parts of `[SOURCE:]TARGET[:OPTIONS]`. */
export interface VolumeText {
  /** Empty: an anonymous volume. */
  readonly source: string
  readonly target: string
  readonly options: readonly string[]
}

/** null: it is none. */
export function parseVolumeText(text: string): VolumeText | null {
  const [first = '', second, third, ...more] = text.split(':')
  if (more.length > 0) return null
  // A target alone may have options behind it, and then looks as if it had a source: Docker takes it for one as well.
  if (second === undefined) return { source: '', target: first, options: [] }
  return { source: first, target: second, options: third === undefined || third === '' ? [] : third.split(',') }
}

/** Whether a source is a path of the host and no name of a volume. */
export function isHostPath(source: string): boolean {
  return /^[./~]/.test(source)
}
