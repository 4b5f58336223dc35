import type { Model } from './model.ts'
import { difference, type Frame, toFrame } from './screen.ts'
import { view } from './view.ts'

/** What the painter draws on, and its clock. */
export interface Canvas {
  /** Resolves when it was taken; false: the terminal is gone. */
  write(text: string): Promise<boolean>
  /** Calls back once after so many milliseconds, unless it is cancelled by what it gives. */
  after(ms: number, call: () => void): () => void
}

export interface Painter {
  /** Shows this model: now, or as soon as the terminal has shown what came before. */
  paint(model: Model): void
  /** Nothing on the screen is known any more. */
  forget(): void
  /** The terminal has answered: it has shown everything so far. */
  ready(): void
  /** Resolves when the terminal has answered, or will not within this time. */
  settled(msMax: number): Promise<void>
}

/** Asks for a status report, which comes when everything before it was read: `CSI 0 n`. */
const question = '\u001b[5n'

/** A terminal that has not answered once by then never will: it is not asked any more. */
const firstAnswerMs = 1_500

/** One that did answer may be on a slow line; after so long the answer was lost. */
const laterAnswerMs = 10_000

/**
 * Draws what differs, and nothing while the line is busy: what comes in between is drawn together. So over a slow line
 * there are fewer pictures, never older ones.
 */
export function createPainter(canvas: Canvas, gone: () => void): Painter {
  let shown: Frame | null = null
  let next: Model | null = null
  let isWriting = false
  let answers: 'unknown' | 'yes' | 'never' = 'unknown'
  let isAwaited = false
  let cancelLate: (() => void) | null = null
  const waiting: (() => void)[] = []

  function draw(): void {
    if (next === null || isWriting || isAwaited) return
    const model = next
    next = null
    const frame = toFrame(view(model), model.size, model.look.hasUnicode)
    const bytes = difference(shown, frame)
    shown = frame
    if (bytes !== '') void send(bytes)
  }

  async function send(bytes: string): Promise<void> {
    isWriting = true
    if (answers !== 'never') {
      isAwaited = true
      cancelLate = canvas.after(answers === 'yes' ? laterAnswerMs : firstAnswerMs, () => {
        if (answers === 'unknown') answers = 'never'
        release()
      })
    }
    const isTaken = await canvas.write(answers === 'never' ? bytes : bytes + question)
    isWriting = false
    if (!isTaken) {
      gone()
      release()
    } else settle()
  }

  function release(): void {
    isAwaited = false
    cancelLate?.()
    cancelLate = null
    settle()
  }

  function settle(): void {
    draw()
    if (isWriting || isAwaited) return
    for (const resolve of waiting.splice(0)) resolve()
  }

  return {
    paint(model) {
      next = model
      draw()
    },
    forget() {
      shown = null
    },
    ready() {
      answers = 'yes'
      release()
    },
    settled(msMax) {
      next = null
      return new Promise((resolve) => {
        if (!isWriting && !isAwaited) return resolve()
        const cancel = canvas.after(msMax, resolve)
        waiting.push(() => {
          cancel()
          resolve()
        })
      })
    },
  }
}
