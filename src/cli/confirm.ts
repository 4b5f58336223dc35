/** Asks on the terminal; anything but yes is no. The terminal itself takes care of the line, and of Ctrl-C. */
export async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.question(question, resolve)
      lines.once('close', () => resolve(''))
    })
    return /^\s*y(es)?\s*$/i.test(answer)
  } finally {
    lines.close()
  }
}

/** Whether there is somebody to ask. */
export function isSomebodyThere(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}
