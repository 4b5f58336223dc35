/** Linux signals by number, without SIG. The gaps are the same on x86-64 and arm64. */
const names: readonly string[] = [
  '',
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'IO',
  'PWR',
  'SYS',
]
const aliases: Readonly<Record<string, string>> = { IOT: 'ABRT', CLD: 'CHLD', POLL: 'IO' }

export const signalNames: readonly string[] = names.slice(1)

/** `TERM` of `TERM`, `SIGTERM`, `sigterm` or `15`; null when there is no such signal. */
export function parseSignalName(text: string): string | null {
  if (/^\d+$/.test(text)) return names[Number(text)] || null
  const name = text.toUpperCase().replace(/^SIG/, '')
  if (names.indexOf(name) > 0) return name
  return Object.hasOwn(aliases, name) ? aliases[name]! : null
}
