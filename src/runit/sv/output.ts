import { writeSync } from 'node:fs'

/** About a file of the service, not the service: the exit code does not count it. */
export function warn(message: string): void {
  tell(`warning: ${message}\n`)
}

export function print(text: string): void {
  put(1, text)
}

export function tell(text: string): void {
  put(2, text)
}

/** By the descriptor: Node's streams take milliseconds to load. */
function put(file: 1 | 2, text: string): void {
  try {
    writeSync(file, text)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // As the signal would end the original; on a full disk that goes on too, for its commands count more than its words.
    if (code === 'EPIPE') process.exit(sigpipeExit)
  }
}

const sigpipeExit = 141
