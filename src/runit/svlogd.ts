import { type Input, openInput } from './svlogd/input.ts'
import { createMessages, type Messages, writeError } from './svlogd/messages.ts'
import { readOptions, type SvlogdOptions, usage } from './svlogd/options.ts'
import { createWriter, type Writer } from './svlogd/writer.ts'

/**
 * svlogd: writes standard input into log directories, as runit's program of that name does. Answers the exit code: 0 at
 * the end of the input or after SIGTERM, 111 when the arguments are wrong or no directory can be used.
 */
export async function runSvlogd(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if ('kind' in options) {
    if (options.message !== null) writeError(Buffer.from(`svlogd: ${options.message}\n`))
    writeError(Buffer.from(usage))
    return 111
  }
  const messages = createMessages(options.isVerbose)
  const input = openInput(0, (code) => messages.warn('unable to read standard input', code))
  const { asked, stop } = listen(messages, input)
  const writer = createWriter({ names: options.directories, settings: options.settings, messages })
  try {
    const isUsable = (await writer.open()) && (await pump({ options, input, asked, writer }))
    if (!isUsable) {
      messages.fatal('no functional log directories.')
      return 111
    }
    await writer.close()
    return 0
  } finally {
    stop()
    input.close()
  }
}

/** What signals asked for and has yet to be done. */
interface Asked {
  end: boolean
  rotate: boolean
  reopen: boolean
}

function listen(messages: Messages, input: Input): { readonly asked: Asked; readonly stop: () => void } {
  const asked: Asked = { end: false, rotate: false, reopen: false }
  const on = (name: string, what: keyof Asked) => () => {
    messages.info?.(`${name} received.`)
    asked[what] = true
    input.wake()
  }
  const handlers = [
    ['SIGTERM', on('sigterm', 'end')],
    ['SIGALRM', on('sigalarm', 'rotate')],
    ['SIGHUP', on('sighangup', 'reopen')],
  ] as const
  for (const [signal, handler] of handlers) process.on(signal, handler)
  const stop = () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
  return { asked, stop }
}

interface Pump {
  readonly options: SvlogdOptions
  readonly input: Input
  readonly asked: Asked
  readonly writer: Writer
}

/** Signals are heard in between; a flood of input must not keep them waiting. */
const sliceMs = 4

/**
 * Until the input ends or SIGTERM asks for the end, and then to the end of the line: the rest of it comes to nobody
 * else, and what follows it is left for the next reader. A line that the input never ends is ended here, because the
 * next one would be glued to it; the original dropped it.
 */
async function pump({ options, input, asked, writer }: Pump): Promise<boolean> {
  const { bufferBytes, settings } = options
  const lines = createLines(writer, bufferBytes + settings.lineMaxBytes)
  let since = performance.now()
  for (;;) {
    if (asked.rotate) {
      asked.rotate = false
      await writer.rotateAll()
    }
    if (asked.end && !lines.isMidLine()) return true
    if (asked.reopen) {
      asked.reopen = false
      if (!(await writer.open())) return false
    }
    await writer.rotateOld()
    const bytes = input.read(lines.buffer, lines.heldBytes(), asked.end ? 1 : bufferBytes)
    if (bytes === null) {
      await waitForInput(input, writer)
      since = performance.now()
    } else if (bytes === 0) {
      if (lines.isMidLine()) {
        lines.buffer[lines.heldBytes()] = newline
        await lines.take(1)
      }
      return true
    } else {
      await lines.take(bytes)
      if (performance.now() - since > sliceMs) {
        await new Promise((resolve) => setImmediate(resolve))
        since = performance.now()
      }
    }
  }
}

async function waitForInput(input: Input, writer: Writer): Promise<void> {
  const dueUnixSeconds = writer.ageDueUnixSeconds()
  if (dueUnixSeconds === Number.POSITIVE_INFINITY) {
    await input.wait()
    return
  }
  const delayMs = Math.min(Math.max(0, dueUnixSeconds * 1_000 - Date.now()), timerMaxMs)
  const timer = setTimeout(() => input.wake(), delayMs)
  await input.wait()
  clearTimeout(timer)
}

/** The wall clock may be set meanwhile. */
const timerMaxMs = 60_000

/** The input between reading and writing: at most the beginning of one line is held here from one reading to the next. */
interface Lines {
  readonly buffer: Buffer
  /** From the beginning of the buffer; more is read behind them. */
  heldBytes(): number
  isMidLine(): boolean
  /** So many bytes were read behind those that were held. */
  take(bytes: number): Promise<void>
}

function createLines(writer: Writer, sizeBytes: number): Lines {
  const buffer = Buffer.allocUnsafeSlow(sizeBytes)
  let held = 0
  // When the first byte of what is held was read.
  let heldSince = writer.now()
  let isMidLine = false
  return {
    buffer,
    heldBytes: () => held,
    isMidLine: () => isMidLine,
    async take(bytes) {
      const end = held + bytes
      const time = writer.now()
      isMidLine = buffer[end - 1] !== newline
      let at = 0
      if (held > 0) {
        const found = buffer.subarray(held, end).indexOf(newline)
        const lineEnd = found === -1 ? end : held + found + 1
        at = await writer.write(buffer.subarray(0, lineEnd), heldSince)
        if (at === 0) {
          held = end
          return
        }
      }
      if (at < end) at += await writer.write(buffer.subarray(at, end), time)
      buffer.copyWithin(0, at, end)
      held = end - at
      heldSince = time
    },
  }
}

const newline = 0x0a
