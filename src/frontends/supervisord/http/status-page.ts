import type { Row } from './asking.ts'
import { frame } from './frame.ts'
import { type Html, html } from './html.ts'

export interface StatusPage {
  readonly rows: readonly Row[]
  /** What was done, or is wrong. */
  readonly messages: readonly string[]
  /** That a form has to come with. */
  readonly token: string
  readonly version: string
}

/** The table of all processes, with what can be done to each. */
export function statusPage({ rows, messages, token, version }: StatusPage): Html {
  return frame(
    { title: 'Supervisor Status', version },
    html`${messages.map(messageBar)}
<form class="all" action="index.html" method="post">
<input type="hidden" name="token" value="${token}">
<a class="button" href="index.html?action=refresh">Refresh</a>
<button name="action" value="restartall">Restart All</button>
<button name="action" value="stopall" class="danger">Stop All</button>
<p class="summary">${summary(rows)}</p>
</form>
${rows.length === 0 ? html`<p class="none">No programs to manage</p>` : table(rows, token)}`,
  )
}

function messageBar(text: string): Html {
  return html`<p class="status_msg${text.startsWith('ERROR') ? ' wrong' : ''}" role="status">${text}</p>`
}

function table(rows: readonly Row[], token: string): Html {
  return html`<table>
<thead><tr><th scope="col">State</th><th scope="col">Description</th><th scope="col">Name</th><th scope="col">Action</th></tr></thead>
<tbody>
${rows.map((row) => tableRow(row, token))}</tbody>
</table>`
}

function tableRow({ name, state, description }: Row, token: string): Html {
  const encoded = encodeURIComponent(name)
  const buttons = buttonsIn(state).map(
    ([action, label]) =>
      html`<button name="action" value="${action}" aria-label="${label} ${name}"${action === 'stop' ? danger : null}>${label}</button>
`,
  )
  return html`<tr>
<td class="status"><span class="${classOf(state)}">${state.toLowerCase()}</span></td>
<td class="description">${description}</td>
<td class="name"><a href="tail.html?processname=${encoded}">${name}</a></td>
<td class="action"><form action="index.html" method="post">
<input type="hidden" name="token" value="${token}"><input type="hidden" name="processname" value="${name}">
${buttons}<span class="tails"><a href="logtail/${encoded}" target="_blank">Tail -f Stdout</a>
<a href="logtail/${encoded}/stderr" target="_blank">Tail -f Stderr</a></span>
</form></td>
</tr>
`
}

const danger = html` class="danger"`

function buttonsIn(state: string): readonly (readonly [action: string, label: string])[] {
  const clear = ['clearlog', 'Clear Log'] as const
  if (state === 'RUNNING') return [['restart', 'Restart'], ['stop', 'Stop'], clear]
  return state === 'STOPPED' || state === 'EXITED' || state === 'FATAL' ? [['start', 'Start'], clear] : [clear]
}

function classOf(state: string): string {
  if (state === 'RUNNING') return 'statusrunning'
  return state === 'FATAL' || state === 'BACKOFF' ? 'statuserror' : 'statusnominal'
}

/** How many there are of each state. */
function summary(rows: readonly Row[]): string {
  const counts = new Map<string, number>()
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].map(([state, count]) => `${count} ${state.toLowerCase()}`).join(', ')
}
