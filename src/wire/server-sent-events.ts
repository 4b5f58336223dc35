/** An event as a client receives it. */
export interface ReceivedEvent {
  /** `message` where the server named none. */
  readonly event: string
  /** The last id the server gave, with this event or before: what to send as Last-Event-ID when coming back. Empty: none. */
  readonly id: string
  readonly data: string
}

/** More without an end of the event is no such stream. */
const eventCharsMax = 64 * 1024 * 1024

/**
 * Events out of `text/event-stream`, in whatever pieces it comes (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * What a broken connection left unfinished is no event. `retry` and comments are passed over.
 */
export async function* parseServerSentEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder()
  const fields = createFields()
  // Lines end with LF, CRLF or CR, and a CR at the end of a piece may be half of the second.
  let held = ''
  for await (const chunk of chunks) {
    held += decoder.decode(chunk, { stream: true })
    if (held.length > eventCharsMax) throw new Error('the answer is no stream of events')
    const lines = held.split(/\r\n|\n|\r(?!$)/)
    held = lines.pop() ?? ''
    for (const line of lines) {
      const event = fields.take(line)
      if (event !== null) yield event
    }
  }
}

function createFields(): { take(line: string): ReceivedEvent | null } {
  let event = ''
  let id = ''
  let data: string[] = []
  return {
    take(line) {
      if (line === '') {
        const found = data.length === 0 ? null : { event: event === '' ? 'message' : event, id, data: data.join('\n') }
        event = ''
        data = []
        return found
      }
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      if (name === 'data') data.push(value)
      else if (name === 'event') event = value
      else if (name === 'id' && !value.includes('\0')) id = value
      return null
    },
  }
}
