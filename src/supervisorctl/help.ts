import { topicTable } from './columns.ts'
import { type Control, exits, type Outcome } from './control.ts'
import { say } from './output.ts'

/** The overview, or what one topic says. */
export function help(argument: string): void {
  if (argument === '')
    say(`\ndefault commands (type help <topic>):\n=====================================\n${topicTable(topics)}\n`)
  else if (argument === 'help') say('help\t\tPrint the table of commands\nhelp <action>\tPrint what one of them is for')
  else if (argument in texts) showHelp(argument)
  else say(`*** No help on ${argument}`)
}

export function showHelp(topic: string): void {
  say(texts[topic]!.join('\n'))
}

export function refuseArguments(control: Control, command: string): Outcome {
  say(`Error: ${command} accepts no arguments`)
  control.exitStatus = exits.failed
  showHelp(command)
  return 'done'
}

/** What stands before the tabs is the same as in the original, for whoever looks for it. */
const texts: Readonly<Record<string, readonly string[]>> = {
  add: ['add <name> [...]\tStart to run groups that are new in the configuration'],
  avail: ['avail\t\t\tShow every process that is configured'],
  clear: [
    'clear <name>\t\tEmpty the logs of a process',
    'clear <name> <name>\tThe same for several processes',
    'clear all\t\tThe same for all of them',
  ],
  exit: ['exit\tLeave this shell.'],
  fg: ['fg <process>\tSee what a process prints, and type into its stdin', '\t\tCtrl-C ends it'],
  maintail: [
    "maintail -f \tFollow the daemon's own log (until Ctrl-C)",
    'maintail -100\tits last 100 bytes',
    'maintail\tits last 1600 bytes',
    '',
  ],
  open: ['open <url>\tTalk to another supervisord.', '\t\t(over its socket: unix:///path/of/socket)'],
  pid: [
    'pid\t\t\tPrint the process id of the daemon.',
    'pid <name>\t\tThat of one process.',
    'pid all\t\t\tThose of all processes, each in a line.',
  ],
  quit: ['quit\tLeave this shell.'],
  reload: ['reload \t\tStart the daemon anew, with all its processes.'],
  remove: ['remove <name> [...]\tForget stopped groups'],
  reread: ['reread \t\t\tRead the configuration, and say what differs; nothing is changed'],
  restart: [
    'restart <name>\t\tStop and start a process',
    'restart <gname>:*\tThe same for all of a group',
    'restart <name> <name>\tThe same for several',
    'restart all\t\tThe same for all',
    'Note: the configuration stays the one that was read before. See reread and update.',
  ],
  shutdown: ['shutdown \tEnd the daemon, and all its processes.'],
  signal: [
    'signal <signal name> <name>\t\tSend a signal to a process',
    'signal <signal name> <gname>:*\t\tThe same for all of a group',
    'signal <signal name> <name> <name>\tThe same for several',
    'signal <signal name> all\t\tThe same for all',
  ],
  start: [
    'start <name>\t\tStart a process',
    'start <gname>:*\t\tAll of a group',
    'start <name> <name>\tSeveral, of both kinds',
    'start all\t\tAll that there are',
  ],
  status: [
    'status <name>\t\tShow how a process is',
    'status <gname>:*\tHow all of a group are',
    'status <name> <name>\tHow several are',
    'status\t\t\tHow all are',
  ],
  stop: [
    'stop <name>\t\tStop a process',
    'stop <gname>:*\t\tAll of a group',
    'stop <name> <name>\tSeveral, of both kinds',
    'stop all\t\tAll that there are',
  ],
  tail: [
    'tail [-f] <name> [stdout|stderr] (default stdout)',
    'Ex:',
    'tail -f <name>\t\tFollow what a process prints',
    '\t\t\tuntil Ctrl-C.',
    'tail -100 <name>\tthe last 100 bytes of its stdout',
    'tail <name> stderr\tthe last 1600 bytes of its stderr',
  ],
  update: [
    'update\t\t\tRead the configuration, and bring what runs in line with it; what has changed is restarted',
    'update all\t\tThe same',
    'update <gname> [...]\tThe same for these groups alone',
  ],
  version: ['version\t\t\tShow the version of the daemon'],
}

const topics = Object.keys(texts)
