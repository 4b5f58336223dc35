/** One server-sent event; `id` is what it set, or null. */
export interface ReceivedEvent {
  readonly event: string
  readonly id: string | null
  readonly data: string
}

/** Larger than any event of a daemon with the most units. */
const eventCharsMax = 64 * 1024 * 1024

/**
 * The events of a stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them. What follows the
 * last complete one is left out: it may be half of one.
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder()
  let held = ''
  let event = 'message'
  let id: string | null = null
  let data: string[] = []
  for await (const chunk of chunks) {
    // A CR at the end may be the first half of a line's end.
    const text = held + decoder.decode(chunk, { stream: true })
    const cut = text.endsWith('\r') ? text.length - 1 : text.length
    const lines = text.slice(0, cut).split(/\r\n|\n|\r/)
    held = (lines.pop() ?? '') + text.slice(cut)
    if (held.length > eventCharsMax) throw new Error('the daemon sent an event without an end')
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event, id, data: data.join('\n') }
        event = 'message'
        id = null
        data = []
        continue
      }
      const colon = line.indexOf(':')
      const name = colon === -1 ? line : line.slice(0, colon)
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (name === 'event') event = value
      else if (name === 'id') id = value
      else if (name === 'data') data.push(value)
    }
  }
}
