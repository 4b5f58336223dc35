import koffi from 'koffi'

/**
 * Binds a function of the C library by its C prototype. It is looked up at the first call, so that loading this
 * module costs nothing for what is never used, and a function that this C library lacks fails only where it is called.
 */
export function bind<F extends (...args: never[]) => unknown>(prototype: string): F {
  let bound: ((...args: unknown[]) => unknown) | null = null
  const call = (...args: unknown[]): unknown => {
    bound ??= library().func(prototype)
    return bound(...args)
  }
  return call as unknown as F
}

/** As `bind`, but each call runs on a thread of libuv's pool, and ends with the result or the name of the error. */
export function bindOnPoolThread(
  prototype: string,
): (args: readonly unknown[], done: (result: number) => void) => void {
  let bound: ReturnType<ReturnType<typeof koffi.load>['func']> | null = null
  return (args, done) => {
    bound ??= library().func(prototype)
    bound.async(...args, (error: unknown, result: number) => {
      if (error) throw error
      done(result)
    })
  }
}

let loaded: ReturnType<typeof koffi.load> | null = null

function library(): ReturnType<typeof koffi.load> {
  // The process itself: whatever C library Node runs on is already loaded.
  loaded ??= koffi.load(null)
  return loaded
}
