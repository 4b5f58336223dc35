/** The signals that runsv sends for the letters of its control FIFO and of control/. Source: runsv(8) of runit 2.1.2. */
export const controlSignals = {
  t: 'TERM',
  k: 'KILL',
  p: 'STOP',
  c: 'CONT',
  h: 'HUP',
  a: 'ALRM',
  i: 'INT',
  q: 'QUIT',
  '1': 'USR1',
  '2': 'USR2',
} as const
