import { readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { file, shell } from '../runit/files.ts'
import { configured } from './config.ts'
import { conform } from './conform.ts'
import type { Scene } from './scene.ts'

/** Answers each who connects to what stands at its descriptor 0, with its number. */
const server = file(
  `#!/usr/bin/python3 -S
import socket, sys
listening = socket.socket(fileno=0)
print('ready', flush=True)
while True:
    connection, _ = listening.accept()
    connection.sendall(b'hello\\n')
    connection.close()
`,
  0o755,
)

/** It fails, but not before it counts as started. */
const late = shell('until grep -q " success: grouped " stdout; do sleep 0.1; done\nexec bin/server')

function connecting(scene: Scene, at: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = at.startsWith('/') ? connect(at) : connect(Number(at), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}`))
    socket.on('end', () => resolve(text.trim()))
    socket.setTimeout(20_000, () => {
      socket.destroy()
      resolve('no answer')
    })
  }).then((answer) => {
    scene.seeText('a client hears', String(answer))
    return String(answer)
  })
}

const common = 'command=DIR/bin/server\nautostart=false\nautorestart=false\nstartsecs=0\n'

conform('fcgi', [
  {
    name: 'sockets',
    files: { 'bin/server': server, 'bin/late': late },
    config: configured(`[fcgi-program:unix]
${common}socket=unix://%(here)s/%(program_name)s.sock
socket_mode=0770
numprocs=2
process_name=%(process_num)d
stdout_logfile=DIR/unix.%(process_num)d.out
[fcgi-program:tcp]
${common}socket=tcp://localhost:PORT
socket_backlog=5
stdout_logfile=DIR/tcp.out
[fcgi-program:owned]
${common}socket=unix://DIR/owned.sock
socket_owner=nobody:nogroup
user=nobody
stdout_logfile=DIR/owned.out
[fcgi-program:grouped]
${common.replace('bin/server', 'bin/late')}socket=unix://DIR/grouped.sock
[group:g]
programs=grouped
`),
    scenes: {
      'a unix socket that two share': async (scene) => {
        const at = scene.path('unix.sock')
        scene.seeFiles('.', /^(?:unix|owned|grouped)\.sock/)
        await connecting(scene, at)
        await scene.rpc('supervisor.startProcess', 'unix:0')
        await scene.untilText('unix.0.out', 'ready')
        scene.seeFiles('.', /^unix\.sock/)
        await connecting(scene, at)
        await scene.rpc('supervisor.startProcess', 'unix:1')
        await scene.untilText('unix.1.out', 'ready')
        const [first, second] = [await scene.pid('unix:0'), await scene.pid('unix:1')]
        scene.seeText(
          'one socket for both',
          String(readlinkSync(`/proc/${first}/fd/0`) === readlinkSync(`/proc/${second}/fd/0`)),
        )
        await scene.rpc('supervisor.stopProcess', 'unix:0')
        await connecting(scene, at)
        await scene.rpc('supervisor.stopProcess', 'unix:1')
        await connecting(scene, at)
        scene.seeFiles('.', /^unix\.sock/)
        await scene.ctl('start', 'unix:*')
        await scene.until('both', () => /ready\nready\n$/.test(scene.read('unix.1.out')))
        await connecting(scene, at)
        await scene.rpc('supervisor.sendProcessStdin', 'unix:0', 'text')
        await scene.rpc('supervisor.getProcessInfo', 'unix:0')
      },
      'a port': async (scene) => {
        await connecting(scene, String(scene.side.port))
        await scene.rpc('supervisor.startProcess', 'tcp')
        await scene.untilText('tcp.out', 'ready')
        await connecting(scene, String(scene.side.port))
        await scene.rpc('supervisor.stopProcess', 'tcp')
        await connecting(scene, String(scene.side.port))
      },
      'of another user': async (scene) => {
        await scene.rpc('supervisor.startProcess', 'owned')
        await scene.untilText('owned.out', 'ready')
        scene.seeFiles('.', /^owned\.sock/)
        await connecting(scene, scene.path('owned.sock'))
      },
      'in a group': async (scene) => {
        await scene.rpc('supervisor.startProcess', 'g:grouped')
        await scene.untilState('g:grouped', 'EXITED')
        await scene.see('g:grouped')
        scene.seeFiles('.', /^grouped\.sock/)
      },
    },
  },
])
