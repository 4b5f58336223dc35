/** What a failed connection says of itself. Where several addresses were tried, of each. */
export function troubleText(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map((one) => (one instanceof Error ? one.message : String(one))))].join('; ')
  }
  if (error.message !== '') return error.message
  return 'code' in error ? String(error.code) : error.name
}
