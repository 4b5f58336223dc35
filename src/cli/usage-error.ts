/** The command line, or what it says, is wrong: what, and the remedy. Ends a command with 2. */
export class UsageError extends Error {}
