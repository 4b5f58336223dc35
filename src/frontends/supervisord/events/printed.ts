/**
 * What is printed of an event that a listener gives back as its result, as the package supervisor-stdout does it: each line of
 * output with its program and channel before it. Anything else is printed as it is.
 */
export function printedResult(result: Uint8Array): string {
  const text = Buffer.from(result).toString()
  const end = text.indexOf('\n')
  const about = /^processname:(\S+) groupname:\S* pid:\d+ channel:(stdout|stderr)$/.exec(
    text.slice(0, Math.max(end, 0)),
  )
  if (about === null) return text === '' || text.endsWith('\n') ? text : `${text}\n`
  const [, process, channel] = about
  const lines = text.slice(end + 1).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => `${process} ${channel} | ${line}\n`).join('')
}
