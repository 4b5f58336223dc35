/** The usage text of a program, with the empty line that follows it. `name`: what it was called by. */
export function usage(kind: keyof typeof synopses, name: string = kind): string {
  return `usage: ${name} ${synopses[kind]}\n\n`
}

const synopses = {
  chpst:
    '[-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-n nice] [-l|-L lock] ' +
    '[-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog',
  setuidgid: 'account child',
  envuidgid: 'account child',
  envdir: 'dir child',
  pgrphack: 'child',
  setlock: '[ -nNxX ] file program [ arg ... ]',
  softlimit:
    '[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] ' +
    '[-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child',
} as const
