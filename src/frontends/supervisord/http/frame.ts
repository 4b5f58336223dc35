import { type Html, html } from './html.ts'

/** What every page has around it. */
export function frame({ title, version }: { readonly title: string; readonly version: string }, body: Html): Html {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link href="stylesheets/supervisor.css" rel="stylesheet" type="text/css">
</head>
<body>
<header><h1><a href="index.html">${title}</a></h1></header>
<main>
${body}
</main>
<footer>Holdfast ${version}</footer>
</body>
</html>
`
}
