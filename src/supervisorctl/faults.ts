/** Codes of faults, and that of success, as supervisord has them. */
export const faults = {
  shutdownState: 6,
  badName: 10,
  badSignal: 11,
  noFile: 20,
  notExecutable: 21,
  failed: 30,
  abnormalTermination: 40,
  spawnError: 50,
  alreadyStarted: 60,
  notRunning: 70,
  success: 80,
  alreadyAdded: 90,
  stillRunning: 91,
  cantReread: 92,
} as const
