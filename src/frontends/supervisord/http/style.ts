/** Of all pages. Dark where the reader prefers it; on a narrow screen each row of the table becomes a card. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#fff, #1c2027);
  --line: light-dark(#dde1e7, #2e343e);
  --text: light-dark(#1d2430, #e4e8ee);
  --quiet: light-dark(#5b6675, #98a3b3);
  --link: light-dark(#0b5cad, #7cb8f5);
  --good: light-dark(#11703c, #6fd69b);
  --good-ground: light-dark(#dcf5e5, #163524);
  --bad: light-dark(#a41e22, #ff9b9b);
  --bad-ground: light-dark(#fde4e4, #431d20);
  --calm-ground: light-dark(#e9ecf1, #2a303a);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 0 1rem; }
h1 { margin: 1.25rem 0 0.75rem; font-size: 1.35rem; overflow-wrap: anywhere; }
h1 a { color: inherit; text-decoration: none; }
a { color: var(--link); }
footer { margin-top: 1.5rem; padding-bottom: 1.5rem; color: var(--quiet); font-size: 0.85rem; }
.all { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin: 0 0 1rem; }
.summary { margin: 0 0 0 auto; color: var(--quiet); }
button, .button {
  display: inline-block; padding: 0.3rem 0.75rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--card); color: var(--text); font: inherit; font-size: 0.9rem; text-decoration: none; cursor: pointer;
}
button:hover, .button:hover { border-color: var(--link); color: var(--link); }
button.danger:hover { border-color: var(--bad); color: var(--bad); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.status_msg { margin: 0 0 1rem; padding: 0.6rem 0.9rem; border-radius: 6px; background: var(--good-ground); color: var(--good); overflow-wrap: anywhere; }
.status_msg.wrong { background: var(--bad-ground); color: var(--bad); }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
th { text-align: left; color: var(--quiet); font-weight: 600; font-size: 0.85rem; }
th, td { padding: 0.55rem 0.8rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
tbody tr:last-child td { border-bottom: 0; }
td.status span { display: inline-block; padding: 0.05rem 0.55rem; border-radius: 1rem; font-size: 0.85rem; font-weight: 600; }
.statusrunning { background: var(--good-ground); color: var(--good); }
.statuserror { background: var(--bad-ground); color: var(--bad); }
.statusnominal { background: var(--calm-ground); color: var(--quiet); }
td.name { font-weight: 600; overflow-wrap: anywhere; }
td.description { color: var(--quiet); overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
td.action form { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem 0.5rem; }
td.action button { padding: 0.15rem 0.6rem; }
.tails { display: inline-flex; gap: 0.7rem; font-size: 0.9rem; white-space: nowrap; }
pre {
  margin: 0; padding: 0.9rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card);
  font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
}
@media (max-width: 48rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; border: 0; background: none; }
  tr { display: grid; grid-template-columns: 1fr auto; gap: 0.3rem 0.8rem; margin-bottom: 0.7rem; padding: 0.8rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
  td { padding: 0; border: 0; }
  td.name { grid-area: 1 / 1; }
  td.status { grid-area: 1 / 2; }
  td.description, td.action { grid-column: 1 / -1; }
  td.action { margin-top: 0.3rem; }
}
`
