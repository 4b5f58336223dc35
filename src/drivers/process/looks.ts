/**
 * Counts our looks at the world: one goes on for as long as we are busy, and is over once all news that waited meanwhile was
 * taken. What began and ended within one has lived nobody knows how long.
 */
export function createLooks() {
  let now = 0
  let isCounted = false
  return {
    now(): number {
      if (isCounted) return now
      isCounted = true
      // The first may still belong to the present round of the loop; before the second, signals were looked for.
      setImmediate(() =>
        setImmediate(() => {
          isCounted = false
          now += 1
        }),
      )
      return now
    },
  }
}
