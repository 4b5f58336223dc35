import { eventResultBytesMax, eventResultLineBytesMax } from '../../../core/limits.ts'
import type { LogLevel } from '../../../dialects/supervisord/settings.ts'
import type { Dialogue } from '../../../engine/ports.ts'
import { pythonInteger } from '../../../formats/python-text.ts'
import { decodedText } from './payloads.ts'
import type { Waiting } from './pool.ts'

/**
 * One process that is told of events: it says `READY\n`, gets an event, answers `RESULT`, a length and so many bytes, and
 * begins anew. Who says anything else is UNKNOWN and gets nothing more.
 */
export interface Listener {
  readonly run: number
  isReady(): boolean
  /** gone: nobody reads what is sent to it; it stays as it is. */
  send(waiting: Waiting, envelope: Uint8Array): 'sent' | 'gone'
  busyWith(): Waiting | null
}

export interface ListenerParts {
  readonly dialogue: Dialogue
  /** Its process_name. */
  readonly name: () => string
  readonly log: (level: LogLevel, message: string) => void
  /** Whether this answer means that the event was dealt with. */
  readonly accepts: (result: Uint8Array) => boolean
  /** The event was not dealt with. */
  readonly rejected: (waiting: Waiting) => void
  /** It may be ready by now. */
  readonly changed: () => void
  readonly ended: () => void
}

type State = 'ACKNOWLEDGED' | 'READY' | 'BUSY' | 'UNKNOWN'

const readyToken = Buffer.from('READY\n')
const resultToken = 'RESULT '
const newline = 0x0a
const nothing = Buffer.alloc(0)

export function createListener(parts: ListenerParts): Listener {
  const { dialogue, name, log } = parts
  let state: State = 'ACKNOWLEDGED'
  let event: Waiting | null = null
  /** What it said and nobody has looked at yet. */
  let said: Buffer = nothing
  let result: { readonly pieces: Buffer[]; left: number } | null = null
  /** What of an event its pipe has not taken yet. */
  let unsent: Uint8Array = nothing

  function enter(next: State): void {
    log('debug', `${name()}: ${state} -> ${next}`)
    state = next
    if (next !== 'UNKNOWN') return
    said = nothing
    log('warn', `${name()}: has entered the UNKNOWN state and will no longer receive events, ${reproach}`)
  }

  /** Looks at what it said, as far as that goes. */
  function understand(): void {
    let isMore = true
    while (isMore) {
      switch (state) {
        case 'ACKNOWLEDGED':
          isMore = expectReady()
          break
        case 'READY':
          // It was not asked.
          if (said.length > 0) enter('UNKNOWN')
          isMore = false
          break
        case 'BUSY':
          isMore = result === null ? expectResult() : collectResult(result)
          break
        case 'UNKNOWN':
          said = nothing
          isMore = false
      }
    }
  }

  function expectReady(): boolean {
    if (said.length < readyToken.length) return false
    const isReady = readyToken.equals(said.subarray(0, readyToken.length))
    said = said.subarray(readyToken.length)
    enter(isReady ? 'READY' : 'UNKNOWN')
    return true
  }

  function expectResult(): boolean {
    const end = said.indexOf(newline)
    const isTooLong = end < 0 && said.length > eventResultLineBytesMax
    if (end < 0 && !isTooLong) return false
    const line = decodedText(said.subarray(0, isTooLong ? eventResultLineBytesMax : end))
    const length = isTooLong ? null : pythonInteger(line.slice(resultToken.length))
    if (length === null || length < 0 || length > eventResultBytesMax) {
      log('warn', `${name()}: bad result line: '${line}'`)
      enter('UNKNOWN')
      giveBack()
      return false
    }
    said = said.subarray(end + 1)
    result = { pieces: [], left: length }
    return true
  }

  function collectResult(collected: { readonly pieces: Buffer[]; left: number }): boolean {
    const piece = said.subarray(0, collected.left)
    said = said.subarray(piece.length)
    collected.pieces.push(piece)
    collected.left -= piece.length
    if (collected.left > 0) return false
    result = null
    const isAccepted = parts.accepts(Buffer.concat(collected.pieces))
    log(isAccepted ? 'debug' : 'warn', `${name()}: event was ${isAccepted ? 'processed' : 'rejected'}`)
    enter('ACKNOWLEDGED')
    if (isAccepted) event = null
    else giveBack()
    return true
  }

  function giveBack(): void {
    if (event !== null) parts.rejected(event)
    event = null
  }

  function push(): 'sent' | 'gone' {
    const taken = dialogue.write(unsent)
    if (taken === 'gone') return 'gone'
    unsent = unsent.subarray(taken)
    return 'sent'
  }

  dialogue.onWritable(() => {
    // Nobody reads the rest: its end is near, and gives the event back.
    if (push() === 'gone') unsent = nothing
    else if (unsent.length === 0) parts.changed()
  })
  dialogue.onEnd(() => {
    state = 'UNKNOWN'
    giveBack()
    parts.ended()
  })
  dialogue.onOutput((bytes) => {
    said = said.length === 0 ? Buffer.from(bytes) : Buffer.concat([said, bytes])
    understand()
    parts.changed()
  })

  return {
    run: dialogue.run,
    isReady: () => state === 'READY' && unsent.length === 0,
    send(waiting, bytes) {
      unsent = bytes
      if (push() === 'gone') {
        unsent = nothing
        return 'gone'
      }
      state = 'BUSY'
      event = waiting
      return 'sent'
    },
    busyWith: () => event,
  }
}

const reproach = 'this usually indicates the process violated the eventlistener protocol'
