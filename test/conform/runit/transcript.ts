/** What one side showed in one scenario, without what differs between any two runs: pids, seconds, its directory. */
export interface Transcript {
  readonly lines: readonly string[]
  /** Begins a step: what happens from now on happened in it. */
  step(text: string): void
  /** Gives what forgets everything that is recorded from now on. */
  mark(): () => void
  /** A line or more, normalised. */
  add(text: string): void
  /** `#k`: the k-th pid this scenario has seen. 0 is `none`. */
  pid(pid: number): string
  /** The step in which a moment of the wall clock lies, as `[k]`. */
  stepOf(timeMs: number): string
  /** Pids, seconds and paths in what a client said. */
  normalise(text: string): string
}

export function createTranscript(directory: string): Transcript {
  const lines: string[] = []
  const stepsMs: number[] = []
  const pids: number[] = []

  const transcript: Transcript = {
    lines,
    step(text) {
      stepsMs.push(betweenMs())
      lines.push(...transcript.normalise(`[${stepsMs.length}] ${text}`).split('\n'))
    },
    mark() {
      const before = [lines.length, stepsMs.length, pids.length] as const
      return () => {
        ;[lines.length, stepsMs.length, pids.length] = before
      }
    },
    add(text) {
      lines.push(...transcript.normalise(text).split('\n'))
    },
    pid(pid) {
      if (pid === 0) return 'none'
      if (!pids.includes(pid)) pids.push(pid)
      return `#${pids.indexOf(pid) + 1}`
    },
    stepOf(timeMs) {
      return `[${stepsMs.findLastIndex((stepMs) => stepMs <= timeMs) + 1}]`
    },
    normalise(text) {
      return text
        .replaceAll(directory, 'DIR')
        .replace(/\bpid(=| )(\d+)/g, (_, between, pid) => `pid${between}${transcript.pid(Number(pid))}`)
        .replace(/(?<=: (?:\(pid [^)]*\) )?)\d+s\b/g, 'Ns')
        .replace(/\b\d+ seconds\b/g, 'N seconds')
    },
  }
  return transcript
}

/**
 * A moment between what was seen so far and what comes now, with a millisecond to either side: stamps have parts of a
 * millisecond, and a clock that is derived from another one may be off by as much.
 */
function betweenMs(): number {
  const nowMs = Date.now()
  while (Date.now() < nowMs + 2);
  return nowMs + 1
}
