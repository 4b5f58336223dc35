import { frame } from './frame.ts'
import { type Html, html } from './html.ts'

export interface TailPage {
  readonly name: string
  readonly bytes: number
  readonly text: string
  readonly version: string
}

/** The end of what a process printed. */
export function tailPage({ name, bytes, text, version }: TailPage): Html {
  const encoded = encodeURIComponent(name)
  const links = html`<p class="all"><a class="button" href="tail.html?processname=${encoded}&amp;limit=${bytes}">Refresh</a>
<a class="button" href="tail.html?processname=${encoded}&amp;limit=${bytes * 8}">More</a>
<a class="button" href="logtail/${encoded}">Tail -f</a></p>
`
  return frame(
    { title: `Supervisor tail of process ${name === '' ? 'None' : name}`, version },
    html`${name === '' ? null : links}<pre>${text}</pre>`,
  )
}

/** Why an action was not taken, and what to do. */
export function refusedPage(why: 'link' | 'foreign', version: string): Html {
  return frame(
    { title: 'Nothing was done', version },
    html`${whys[why]}<p><a class="button" href="index.html">Go to the page</a></p>`,
  )
}

const whys = {
  link: html`<p>Links do not start or stop anything here, since any other page could hold one. Use the buttons of the page.</p>
<p>Programs can use XML-RPC or <code>supervisorctl</code>. If they have to use such links, write
<code>holdfast_web_actions = get</code> into the section of this server.</p>
`,
  foreign: html`<p>This was asked by another page than ours, or under a name that is not one of this host. Use the buttons of the page.</p>
<p>If this host has this name, set <code>username</code> and <code>password</code> in the section of this server; if there is a
proxy in front of it, let the proxy pass the header <code>Host</code> on as it came.</p>
`,
} as const
