/** As Compose normalises it; empty where nothing of it is left. */
export function normaliseAppName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
}
