import { lookup as lookupName } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'

/**
 * Looks names up as the host does. One look per name at a time, whoever asks: a look cannot be called off, takes as long as
 * the resolver likes, and only a few are made at once, so that those of many probes would queue up without end.
 */
export function createLookup(): LookupFunction {
  const looking = new Map<string, ReturnType<typeof look>>()

  function look(name: string) {
    return lookupName(name, { all: true }).finally(() => looking.delete(name))
  }

  return (name, options, done) => {
    const found = looking.get(name) ?? look(name)
    looking.set(name, found)
    found.then(
      (addresses) => {
        const [first] = addresses
        if (options.all === true) done(null, addresses)
        else done(null, first?.address ?? '', first?.family)
      },
      (error: NodeJS.ErrnoException) => done(error, '', 0),
    )
  }
}
