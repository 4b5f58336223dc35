import type { RpcMethods } from '../contract.ts'
import { takeAction } from './actions.ts'
import { type Asked, fieldOf } from './asked.ts'
import { askRows, askTail } from './asking.ts'
import type { Html } from './html.ts'
import { isSame } from './login.ts'
import { isForeign } from './origin.ts'
import { refusedPage, tailPage } from './other-pages.ts'
import { type Headers, httpDate, type Reply, type Status } from './replies.ts'
import { statusPage } from './status-page.ts'
import { stylesheet } from './style.ts'

export interface Page {
  readonly methods: readonly string[]
  answer(asked: Asked): Promise<Reply>
}

/** The web interface, by path. */
export function createPages(parts: {
  readonly methods: RpcMethods
  readonly version: string
}): ReadonlyMap<string, Page> {
  const { methods, version } = parts
  // Whoever has it was shown the page by us.
  const token = process.getBuiltinModule('node:crypto').randomBytes(16).toString('hex')

  const status = async (asked: Asked): Promise<Reply> => {
    const action = fieldOf(asked, 'action')
    if (action !== '') return await act(asked, action)
    const message = fieldOf(asked, 'message')
    const found = await askRows(methods, asked)
    const rows = typeof found === 'string' ? [] : found
    const messages = [message, typeof found === 'string' ? found : ''].filter((each) => each !== '')
    return page(200, statusPage({ rows, messages, token, version }))
  }

  /** Only by the buttons of the page, unless the file says otherwise: anybody can make a browser follow a link. */
  const act = async (asked: Asked, action: string): Promise<Reply> => {
    const { webActionsByGet } = asked.server
    if (action !== 'refresh' && !webActionsByGet) {
      if (asked.method !== 'POST') return page(405, refusedPage('link', version), [['Allow', 'POST']])
      if (isForeign(asked)) return page(403, refusedPage('foreign', version))
      if (!isSame(fieldOf(asked, 'token'), token))
        return seePage('Nothing was done: the page was an old one. Try again.')
    }
    const message = await takeAction(methods, { action, name: fieldOf(asked, 'processname') }, asked)
    return message === null ? { kind: 'error', status: 400 } : seePage(message)
  }

  const tail = async (asked: Asked): Promise<Reply> => {
    const limit = fieldOf(asked, 'limit')
    const bytes = /^\d{1,9}$/.test(limit) ? Math.max(1024, Number(limit)) : 1024
    const name = fieldOf(asked, 'processname')
    const text = name === '' ? 'No process name found' : await askTail(methods, { name, bytes }, asked)
    return page(200, tailPage({ name, bytes, text, version }))
  }

  return new Map<string, Page>([
    ['/', { methods: ['GET', 'POST'], answer: status }],
    ['/index.html', { methods: ['GET', 'POST'], answer: status }],
    ['/tail.html', { methods: ['GET', 'POST'], answer: tail }],
    ['/ok.html', { methods: ['GET', 'POST'], answer: async () => file('text/plain', 'OK') }],
    ['/stylesheets/supervisor.css', { methods: ['GET', 'HEAD'], answer: async () => file('text/css', stylesheet) }],
  ])
}

function page(status: Status, { html }: Html, more: Headers = []): Reply {
  const headers: Headers = [
    ['Content-Type', 'text/html;charset=utf-8'],
    ['Pragma', 'no-cache'],
    ['Cache-Control', 'no-cache'],
    ['Expires', httpDate(new Date(0))],
    // No scripts at all, whatever a program prints; and no page of others around the buttons.
    [
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    ],
    ...more,
  ]
  return { kind: 'whole', status, headers, body: html }
}

/** To the status page, with this on it: what was asked for is not asked for again when it is loaded again. */
function seePage(message: string): Reply {
  const location = `index.html?message=${encodeURIComponent(message)}`
  return {
    kind: 'error',
    status: 303,
    headers: [
      ['Location', location],
      ['Cache-Control', 'no-cache'],
    ],
  }
}

function file(type: string, body: string): Reply {
  return { kind: 'whole', status: 200, headers: [['Content-Type', type]], body }
}
