"""An event listener that treats each event as a word of its command line says. Notes what it gets in DIR/NAME.events."""
import os
import sys
import time

name, plan = sys.argv[1], sys.argv[2:]
notes = open(os.path.join(os.environ['CONFORM_PLACE'], name + '.events'), 'a')


def note(text):
    notes.write(text + '\n')
    notes.flush()


def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def main():
    note('starts')
    while True:
        word = plan.pop(0) if plan else 'ok'
        if word == 'unready':
            say('NOT READY\n')
            continue
        say('READY\n')
        header = sys.stdin.readline()
        if not header:
            return
        words = dict(each.split(':', 1) for each in header.split())
        payload = sys.stdin.read(int(words['len']))
        note('%s | %r' % (header.strip(), payload))
        if word == 'ok':
            say('RESULT 2\nOK')
        elif word == 'fail':
            say('RESULT 4\nFAIL')
        elif word == 'slow':
            while not os.path.exists(os.path.join(os.environ['CONFORM_PLACE'], name + '.go')):
                time.sleep(0.05)
            say('RESULT 2\nOK')
        elif word == 'junk':
            say('RESULT x\n')
            sys.stdin.readline()
        elif word == 'echo':
            say('RESULT 2\nOK\n')
        elif word == 'paint':
            sys.stderr.write('\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m\n')
            say('RESULT 11\n\x1b[31mOK\x1b[0m')
        elif word == 'mark':
            sys.stderr.write('before<!--XSUPERVISOR:BEGIN-->the message<!--XSUPERVISOR:END-->behind, and long enough to be told from an end\n')
            say('RESULT 56\n<!--XSUPERVISOR:BEGIN-->its result<!--XSUPERVISOR:END-->')
        elif word == 'die':
            sys.exit(3)


main()
