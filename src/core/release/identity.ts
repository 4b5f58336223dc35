import { hashData } from '../../base/hash.ts'
import type { App, Declared } from '../model.ts'

/**
 * Identity of what an app declares, wherever and under whatever policy. Service by service, so that no text of it all is
 * ever in memory.
 */
export function releaseHash({ source: _source, release: _release, services, ...rest }: App): string {
  const hashes = Object.entries(services).map(([name, service]) => [name, hashData(service)])
  return hashData({ ...rest, services: Object.fromEntries(hashes) })
}

export function isSameDeclaration(a: App, b: App): boolean {
  return a === b || releaseHash(a) === releaseHash(b)
}

/** As people call it. */
export function releaseId(app: App, hash: string): string {
  return app.release?.id ?? hash.slice(0, idChars)
}

export function declaredOf(app: App): Declared {
  const hash = releaseHash(app)
  return { app, id: releaseId(app, hash), hash }
}

/** As many as tell the releases of one app apart. */
const idChars = 8
