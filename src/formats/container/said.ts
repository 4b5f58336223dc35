/** Without what is undefined: a body says only what was declared, and the engine's defaults stay its own. */
export function stated(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

/** undefined: there is nothing in it, so that nothing was declared. */
export function said<Value extends object>(value: Value): Value | undefined {
  return Object.keys(value).length === 0 ? undefined : value
}
