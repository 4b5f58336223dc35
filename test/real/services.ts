import { fixture, type ServiceText } from './harness.ts'

/** Restarts without pause for as long as a test lives: what a test looks at is never a delay. */
export const eager = { backoff: { initial: '1ms', max: '1ms', jitter: 0 }, stable_after: '1ms' }

/** Large enough that a test never sees its output rotated away. */
export const allLogs = { max_size: '4m', max_files: 500 }

export function sequence(
  name: string,
  options: {
    readonly burst: number
    readonly pauseSeconds: number
    readonly lines?: number
    readonly exitCode?: number
    readonly restart?: string
  },
): ServiceText {
  const { burst, pauseSeconds, lines = 0, exitCode = 0, restart = 'always' } = options
  return {
    command: ['sh', fixture('sequence.sh'), name, ...[burst, pauseSeconds, lines, exitCode].map(String)],
    restart,
    'x-holdfast': { ...eager, logs: allLogs },
  }
}

export function away(name: string, options: { lines: number; exitCode: number; restart: string }): ServiceText {
  const { lines, exitCode, restart } = options
  return {
    command: ['sh', fixture('away.sh'), name, String(lines), String(exitCode)],
    restart,
    'x-holdfast': { ...eager, logs: allLogs },
  }
}

export const sleeper: ServiceText = { command: ['sleep', '86400'] }
