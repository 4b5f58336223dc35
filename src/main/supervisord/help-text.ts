/** What `-h` prints: the options of supervisord, in its order. */
export function usageText(program: string): string {
  return `supervisord, by Holdfast: supervises the programs of a supervisord configuration file

Usage: ${program} [options]

Options:
-c/--configuration FILENAME -- the configuration file (searched for if not given)
-n/--nodaemon -- stay in the foreground (as 'nodaemon=true' in the file)
-s/--silent -- nothing on stdout (as 'silent=true' in the file)
-h/--help -- print this and exit
-v/--version -- print the version of supervisord that this stands for and exit
-u/--user USER -- run as this user (or numeric uid)
-m/--umask UMASK -- umask of the daemon and its programs (default is 022)
-d/--directory DIRECTORY -- change to this directory
-l/--logfile FILENAME -- the activity log
-y/--logfile_maxbytes BYTES -- its size before it is rotated
-z/--logfile_backups NUM -- rotated files that are kept
-e/--loglevel LEVEL -- debug, info, warn, error or critical
-j/--pidfile FILENAME -- where the pid is written
-i/--identifier STR -- what this supervisord is called by its clients
-q/--childlogdir DIRECTORY -- where AUTO logs of programs are
-k/--nocleanup -- accepted: AUTO logs are never removed at the start
-a/--minfds NUM -- descriptors that programs may have at least
-t/--strip_ansi -- leave terminal sequences out of program output
--minprocs NUM -- accepted
--profile_options OPTIONS -- accepted

Everything else of Holdfast works beside it: see 'holdfast help'.
`
}
