import { constants } from 'node:os'
import type { Info } from '../../wire/api.ts'
import { exitCodes } from '../../wire/exit-codes.ts'
import type { Client } from '../client.ts'
import type { Context } from '../command.ts'
import { askAbout, carryOut, followLogs } from './ask.ts'
import { runFeed } from './feed.ts'
import { createKeyReader } from './keys.ts'
import { type About, type Effect, firstModel, type Message, type Model } from './model.ts'
import { createPainter } from './painter.ts'
import { openTty, type Tty } from './tty.ts'
import { update } from './update.ts'

/** An escape without more bytes for so long was the key. */
const escapeMs = 50

/** What the daemon tells is drawn at most this often; keys are answered at once. */
const gatherMs = 150

/** On a slow line the answer to the last question comes late, and must not end up in the shell. */
const farewellMs = 2_000

const endingSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** Runs the screen until somebody ends it; answers the exit code. */
export async function runScreen(
  { client: wholeClient, home, terminal }: Context,
  start: { readonly info: Info; readonly intervalMs: number },
): Promise<number> {
  const over = new AbortController()
  const client = endingWith(over.signal, wholeClient)
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<number>()
  const keys = createKeyReader()
  const asking = new Set<string>()
  let following = new AbortController()
  let escapeTimer: NodeJS.Timeout | undefined
  let gatherTimer: NodeJS.Timeout | null = null
  let isSuspended = false

  const tty: Tty = openTty(process.stdin, process.stdout, {
    bytes(bytes) {
      clearTimeout(escapeTimer)
      for (const input of keys.take(bytes)) post(input)
      if (keys.isHolding()) {
        escapeTimer = setTimeout(() => {
          for (const input of keys.rest()) post(input)
        }, escapeMs)
      }
    },
    resized: () => post({ kind: 'size', size: tty.size() }),
    gone: () => end(exitCodes.ok),
    continued: () => {
      if (!isSuspended) takeScreen()
    },
    stopAsked: () => void suspend(),
  })
  const painter = createPainter(
    {
      write: (text) => tty.write(text),
      after(ms, call) {
        const timer = setTimeout(call, ms)
        return () => clearTimeout(timer)
      },
    },
    () => end(exitCodes.ok),
  )
  let model: Model = firstModel({ home, look: terminal, size: tty.size(), nowMs: Date.now() })

  function post(message: Message): void {
    // Also at the end, which waits for it.
    if (message.kind === 'ready') painter.ready()
    if (over.signal.aborted) return
    const { model: next, effects } = update(model, message, Date.now())
    model = next
    for (const effect of effects) carry(effect)
    switch (message.kind) {
      case 'ready':
        return
      case 'key':
      case 'paste':
      case 'answer':
        show()
        return
      case 'size':
        painter.forget()
        show()
        return
      default:
        gatherTimer ??= setTimeout(show, gatherMs)
    }
  }

  function show(): void {
    if (gatherTimer !== null) clearTimeout(gatherTimer)
    gatherTimer = null
    if (!isSuspended && !over.signal.aborted) painter.paint(model)
  }

  function carry(effect: Effect): void {
    switch (effect.kind) {
      case 'ask':
        void ask(effect.about)
        return
      case 'follow':
        following.abort()
        following = new AbortController()
        void followLogs({ client, unit: effect.unit, id: effect.id, post, signal: following.signal }).catch(fail)
        return
      case 'unfollow':
        following.abort()
        return
      case 'command':
        void carryOut(client, effect.command).then((result) => {
          post({ kind: 'outcome', command: effect.command, result })
        }, fail)
        return
      case 'redraw':
        painter.forget()
        return
      case 'suspend':
        void suspend()
        return
      case 'quit':
        end(exitCodes.ok)
        return
    }
  }

  /** One question about one thing at a time, however slow the answer is. */
  async function ask(about: About): Promise<void> {
    if (about.kind === 'help') return
    const key = `${about.kind} ${about.unit}`
    if (asking.has(key)) return
    asking.add(key)
    const answer = await askAbout(client, about)
    asking.delete(key)
    post({ kind: 'answer', about, answer })
  }

  function takeScreen(): void {
    tty.enter()
    painter.forget()
    post({ kind: 'size', size: tty.size() })
  }

  async function suspend(): Promise<void> {
    if (isSuspended) return
    isSuspended = true
    await painter.settled(farewellMs)
    await tty.suspend()
    isSuspended = false
    takeScreen()
  }

  const onSignal = (signal: NodeJS.Signals): void => end(128 + constants.signals[signal])
  for (const signal of endingSignals) process.on(signal, onSignal)
  const ticks = setInterval(() => post({ kind: 'tick' }), start.intervalMs)
  try {
    takeScreen()
    post({ kind: 'info', info: start.info })
    void runFeed({ client, intervalMs: start.intervalMs, post, signal: over.signal }).catch(fail)
    return await ended
  } finally {
    over.abort()
    following.abort()
    clearInterval(ticks)
    clearTimeout(escapeTimer)
    if (gatherTimer !== null) clearTimeout(gatherTimer)
    await painter.settled(farewellMs)
    tty.close()
    for (const signal of endingSignals) process.off(signal, onSignal)
  }
}

/** Whatever is still asked at the end is taken back: no slow answer holds us up. */
function endingWith(signal: AbortSignal, client: Client): Client {
  return {
    ask: (route, question) => client.ask(route, { signal, ...question }),
    stream: (route, question) => client.stream(route, { signal, ...question }),
  }
}
