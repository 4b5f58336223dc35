import type { LogControlPort } from '../../../engine/ports.ts'
import type { ActivityLog, ProcessTable, RpcMethods } from '../contract.ts'
import type { Asked } from './asked.ts'
import { createLogTails } from './logtail.ts'
import { createPages } from './pages.ts'
import type { Reply } from './replies.ts'
import { answerRpc } from './rpc.ts'

export interface AnswerParts {
  readonly methods: RpcMethods
  readonly table: Pick<ProcessTable, 'process'>
  readonly activity: ActivityLog
  readonly logs: Pick<LogControlPort, 'catchUp'>
  /** Of the program, for the foot of the page. */
  readonly version: string
}

/** What supervisord's servers have behind which path. Rejects for a bug. */
export function createAnswers(parts: AnswerParts): (asked: Asked) => Promise<Reply> {
  const logTails = createLogTails(parts)
  const pages = createPages(parts)

  return async (asked) => {
    const { path, method } = asked
    if (path.startsWith('/RPC2')) return await answerRpc(parts, asked)
    if (path.startsWith('/logtail/')) return await logTails.answerProcess(asked)
    if (path.startsWith('/mainlogtail')) return await logTails.answerMain(asked)
    const page = pages.get(path)
    if (page?.methods.includes(method)) return await page.answer(asked)
    return { kind: 'error', status: method === 'GET' || method === 'HEAD' ? 404 : 400 }
  }
}
