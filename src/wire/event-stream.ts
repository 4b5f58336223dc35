/** One server-sent event, as https://html.spec.whatwg.org/multipage/server-sent-events.html defines it. */
export interface ReceivedEvent {
  /** `message` where the sender names none. */
  readonly event: string
  /** The last id that was sent, with this event or before it; null: there was none. */
  readonly id: string | null
  readonly data: string
}

/** An event with a snapshot of the largest target stays below this. */
const eventCharsMax = 64 * 1024 * 1024

/** Takes a stream in whatever pieces it comes and gives the events that are complete. Throws where one has no end. */
export function createEventParser(): { take(bytes: Uint8Array): readonly ReceivedEvent[] } {
  const decoder = new TextDecoder()
  let held: string[] = []
  let heldChars = 0
  let id: string | null = null
  let event = ''
  let data: string[] = []

  function line(text: string): ReceivedEvent | null {
    if (text === '') {
      const received = data.length === 0 ? null : { event: event === '' ? 'message' : event, id, data: data.join('\n') }
      event = ''
      data = []
      return received
    }
    const at = text.indexOf(':')
    const field = at === -1 ? text : text.slice(0, at)
    const value = at === -1 ? '' : text.slice(text[at + 1] === ' ' ? at + 2 : at + 1)
    if (field === 'event') event = value
    else if (field === 'data') data.push(value)
    else if (field === 'id') id = value
    return null
  }

  return {
    take(bytes) {
      const text = decoder.decode(bytes, { stream: true })
      const lines = text.split('\n')
      const received: ReceivedEvent[] = []
      for (const [at, part] of lines.entries()) {
        held.push(part)
        heldChars += part.length
        if (heldChars > eventCharsMax) throw new Error('an event of the daemon has no end')
        if (at === lines.length - 1) break
        const whole = line(held.join('').replace(/\r$/, ''))
        held = []
        heldChars = 0
        if (whole !== null) received.push(whole)
      }
      return received
    },
  }
}
