import type { Service } from './peer.ts'

/** The same file for whoever reads Compose files; JSON is YAML. `about`: what one of them needs beside the services. */
export function composeText(image: string, services: readonly Service[], about: object = {}): string {
  const declared = services.map(({ name, version, needs }) => [
    name,
    {
      image,
      environment: { VERSION: version },
      restart: 'always',
      ...(needs.length === 0 ? {} : { depends_on: needs }),
    },
  ])
  return JSON.stringify({ ...about, services: Object.fromEntries(declared) })
}
