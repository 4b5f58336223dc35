import type { IncomingMessage } from 'node:http'

/** Reads the bodies of requests: each of them, and all that are under way together, have a limit. */
export interface Bodies {
  /**
   * Resolves with the whole body; null: no length was stated, or nobody wants it. A number is the status to refuse it with. What is
   * not kept is read to its end all the same: who is still writing would meet a closed socket instead of an answer.
   */
  read(request: IncomingMessage, isWanted: boolean): Promise<Buffer | 413 | 503 | null>
}

export function createBodies(limits: { readonly bytesMax: number; readonly bytesHeldMax: number }): Bodies {
  let held = 0
  return {
    async read(request, isWanted) {
      const chunks: Buffer[] = []
      let bytes = 0
      let own = 0
      let refused: 413 | 503 | null = null
      const isKept = isWanted && request.headers['content-length'] !== undefined
      try {
        for await (const chunk of request as AsyncIterable<Buffer>) {
          bytes += chunk.length
          if (!isKept || refused !== null) continue
          if (bytes > limits.bytesMax) refused = 413
          else if (held + chunk.length > limits.bytesHeldMax) refused = 503
          if (refused === null) {
            chunks.push(chunk)
            own += chunk.length
            held += chunk.length
          } else {
            chunks.length = 0
            held -= own
            own = 0
          }
        }
      } finally {
        held -= own
      }
      if (refused !== null) return refused
      return isKept ? Buffer.concat(chunks) : null
    },
  }
}
