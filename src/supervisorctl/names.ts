/** What a name means that somebody gives: a process, or with `process` null all of a group. */
export interface ProcessName {
  readonly group: string
  readonly process: string | null
}

/** `name` is the process of that name in the group of that name; `group:*` and `group:` are all of the group. */
export function splitName(text: string): ProcessName {
  const colon = text.indexOf(':')
  if (colon === -1) return { group: text, process: text }
  const process = text.slice(colon + 1)
  return { group: text.slice(0, colon), process: process === '' || process === '*' ? null : process }
}

/** How a process is shown. A group without a process is shown as in the original. */
export function shownName(group: string, process: string | null): string {
  return group === process ? group : `${group}:${process ?? 'None'}`
}

/** The words of an argument, between whatever Python takes for white space. */
export function wordsOf(argument: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these control characters are whitespace there
  return argument.split(/[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/).filter(Boolean)
}
