"""The original's supervisorctl, many times without the 150 ms that Python takes to begin: for each line of JSON a child."""
import json
import os
import sys
import tempfile
import threading
import traceback

sys.argv = ['/usr/bin/supervisorctl']

from supervisor import supervisorctl  # noqa: E402


def become(call, files):
    for number, file in enumerate(files):
        os.dup2(file.fileno(), number)
    os.chdir(call['cwd'])
    os.environ.clear()
    os.environ.update(call['env'])
    sys.argv = ['/usr/bin/supervisorctl', *call['args']]
    try:
        supervisorctl.main()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    threading._shutdown()
    os._exit(code)


# A child must find nothing read ahead in sys.stdin.
for line in os.fdopen(os.dup(0), 'rb'):
    call = json.loads(line)
    files = [tempfile.TemporaryFile() for _ in range(3)]
    files[0].write(call['stdin'].encode())
    files[0].seek(0)
    child = os.fork()
    if child == 0:
        become(call, files)
    _, status = os.waitpid(child, 0)
    texts = []
    for file in files[1:]:
        file.seek(0)
        texts.append(file.read().decode())
    answer = {'stdout': texts[0], 'stderr': texts[1], 'code': os.waitstatus_to_exitcode(status)}
    os.write(1, json.dumps(answer).encode() + b'\n')
