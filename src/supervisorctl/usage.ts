/** The names of the options are those of the original. */
export function usage(called: string): string {
  return `supervisorctl -- shows and controls what a supervisord runs, or a Holdfast that stands for one.

Usage: ${called} [options] [action [arguments]]

Options:
-c/--configuration FILENAME -- read [supervisorctl] from this file (else from the first of the usual ones)
-h/--help -- print this, and exit
-i/--interactive -- ask before what ends the server
-s/--serverurl URL -- where the server listens
     (default "http://localhost:9001").
-u/--username USERNAME -- who you are to the server
-p/--password PASSWORD -- and its proof
-r/--history-file -- keep what is typed in this file

action [arguments] -- see below

An action is one of "status", "start", "tail" and others; the action "help" lists them. Without one, a
session begins that takes actions as they are typed.

`
}
