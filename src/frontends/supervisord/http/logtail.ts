import { stat } from 'node:fs/promises'
import { logFollowersMax } from '../../../core/limits.ts'
import type { LogControlPort } from '../../../engine/ports.ts'
import { errnoOf } from '../../../sys/errno.ts'
import type { ActivityLog, ProcessTable, ProcessView } from '../contract.ts'
import type { Asked } from './asked.ts'
import { follow } from './follow.ts'
import { type Headers, httpDate, type Reply } from './replies.ts'

/** `GET /logtail/NAME[/stdout|stderr]` and `GET /mainlogtail`: the end of a log, and what follows. */
export interface LogTails {
  answerProcess(asked: Asked): Promise<Reply>
  answerMain(asked: Asked): Promise<Reply>
}

export function createLogTails(parts: {
  readonly table: Pick<ProcessTable, 'process'>
  readonly activity: Pick<ActivityLog, 'path'>
  readonly logs: Pick<LogControlPort, 'catchUp'>
}): LogTails {
  const { table, activity, logs } = parts
  let followers = 0

  async function* counted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    followers += 1
    try {
      yield* pieces
    } finally {
      followers -= 1
    }
  }

  const tail = async (path: string | null, { signal, ending }: Asked, more: Headers): Promise<Reply> => {
    const changedAt = path === null ? null : await changeOf(path)
    if (path === null || changedAt === null) return { kind: 'error', status: 404 }
    if (followers >= logFollowersMax) return { kind: 'error', status: 503 }
    return {
      kind: 'stream',
      headers: [['Last-Modified', httpDate(changedAt)], ['Content-Type', 'text/plain;charset=utf-8'], ...more],
      pieces: counted(follow(path, { lastBytes: 1024, signal: AbortSignal.any([signal, ending]) })),
    }
  }

  return {
    async answerProcess(asked) {
      if (asked.method !== 'GET') return { kind: 'error', status: 400 }
      const [name = '', channel = 'stdout'] = splitOnce(asked.path.slice('/logtail/'.length), '/')
      const [group = '', process = group] = splitOnce(name, ':')
      logs.catchUp()
      return await tail(pathOf(table.process(group, process), channel), asked, [['X-Accel-Buffering', 'no']])
    },
    async answerMain(asked) {
      if (asked.method !== 'GET') return { kind: 'error', status: 400 }
      return await tail(activity.path(), asked, [])
    },
  }
}

function pathOf(process: ProcessView | null, channel: string): string | null {
  if (channel === 'stdout') return process?.stdoutPath ?? null
  return channel === 'stderr' ? (process?.stderrPath ?? null) : null
}

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + mark.length)]
}

/** null: there is no file, or none that can be read from anywhere. */
async function changeOf(path: string): Promise<Date | null> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.mtime : null
  } catch (error) {
    errnoOf(error)
    return null
  }
}
