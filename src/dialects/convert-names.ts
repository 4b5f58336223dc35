/** The nearest names that the Compose format takes, by the ones that somebody gave. */
export function renameServices(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  // A key that begins with x- is no service.
  const nearest = (name: string) => {
    const text = name.replace(/[^a-zA-Z0-9._-]+/g, '-').replace(/^x-/, 'x_')
    return /[a-zA-Z0-9]/.test(text) ? text : 'service'
  }
  return new Map(names.map((name) => [name, freeName(nearest(name), taken)]))
}

export function renamedText(name: string, renamed: string): string {
  return `the service ${name} is called ${renamed}: names have letters, digits, ., - and _`
}

/** The name with a number behind it, where it is taken; it is taken then. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`
  taken.add(free)
  return free
}
