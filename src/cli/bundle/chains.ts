import { createHash } from 'node:crypto'

/**
 * What an engine knows each layer of an image by: a layer counts only with those below it ("chain id" of the image
 * specification of OCI). One for each layer.
 */
export function chainIds(layers: readonly string[]): readonly string[] {
  const chains: string[] = []
  for (const layer of layers) {
    const below = chains.at(-1)
    const text = `${below} ${layer}`
    chains.push(below === undefined ? layer : `sha256:${createHash('sha256').update(text).digest('hex')}`)
  }
  return chains
}

/** All chains of these images. */
export function chainsOf(images: Iterable<{ readonly layers: readonly string[] }>): ReadonlySet<string> {
  const chains = new Set<string>()
  for (const { layers } of images) for (const chain of chainIds(layers)) chains.add(chain)
  return chains
}

/** The layers that are needed where these chains are there already. */
export function layersBeyond(
  images: Iterable<{ readonly layers: readonly string[] }>,
  present: ReadonlySet<string>,
): ReadonlySet<string> {
  const needed = new Set<string>()
  for (const { layers } of images) {
    for (const [at, chain] of chainIds(layers).entries()) if (!present.has(chain)) needed.add(layers[at]!)
  }
  return needed
}
