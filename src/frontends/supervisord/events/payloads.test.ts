import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OutputNews } from '../../../engine/ports.ts'
import type { ProcessEvent } from '../contract.ts'
import { stateEvent, view } from './fixture.ts'
import { outputEventName, outputPayload, remotePayload, stateEventName, statePayload, tickPayload } from './payloads.ts'
import { envelope } from './pool.ts'

// Each text was written by supervisord 4.2.5 to a listener of all events.

const chat = (state: Parameters<typeof view>[1], pid = 0) => view('chat', state, { pid })
const news = (more: Partial<OutputNews>): OutputNews => ({
  ...{ unit: 'chat/chat/1', stream: 'stdout', kind: 'logged', bytes: Buffer.from('') },
  ...more,
})

const states: readonly (readonly [string, Extract<ProcessEvent, { kind: 'state' }>])[] = [
  [
    'PROCESS_STATE_STARTING processname:chat groupname:chat from_state:STOPPED tries:0',
    stateEvent(chat('STARTING'), 'STOPPED'),
  ],
  [
    'PROCESS_STATE_RUNNING processname:chat groupname:chat from_state:STARTING pid:8711',
    stateEvent(chat('RUNNING', 8711), 'STARTING'),
  ],
  [
    'PROCESS_STATE_STOPPING processname:chat groupname:chat from_state:RUNNING pid:8711',
    stateEvent(chat('STOPPING', 8711), 'RUNNING'),
  ],
  [
    'PROCESS_STATE_STOPPED processname:chat groupname:chat from_state:STOPPING pid:8711',
    stateEvent(chat('STOPPED'), 'STOPPING', { pid: 8711 }),
  ],
  [
    'PROCESS_STATE_EXITED processname:once groupname:once from_state:RUNNING expected:1 pid:8742',
    stateEvent(view('once', 'EXITED'), 'RUNNING', { pid: 8742, isExpected: true }),
  ],
  [
    'PROCESS_STATE_EXITED processname:bad groupname:bad from_state:RUNNING expected:0 pid:8746',
    stateEvent(view('bad', 'EXITED'), 'RUNNING', { pid: 8746 }),
  ],
  [
    'PROCESS_STATE_BACKOFF processname:quick groupname:quick from_state:STARTING tries:1',
    stateEvent(view('quick', 'BACKOFF', { tries: 1 }), 'STARTING', { pid: 8770 }),
  ],
  [
    'PROCESS_STATE_STARTING processname:quick groupname:quick from_state:BACKOFF tries:1',
    stateEvent(view('quick', 'STARTING', { tries: 1 }), 'BACKOFF'),
  ],
  [
    'PROCESS_STATE_FATAL processname:quick groupname:quick from_state:BACKOFF',
    stateEvent(view('quick', 'FATAL'), 'BACKOFF'),
  ],
]

describe('what is said of an event', () => {
  it('of a process that changes its state', () => {
    for (const [expected, event] of states) assert.equal(`${stateEventName(event)} ${statePayload(event)}`, expected)
  })

  it('of output, and of what was captured of it', () => {
    const process = chat('RUNNING', 8711)
    const said = (more: Partial<OutputNews>) => `${outputEventName(news(more))} ${outputPayload(news(more), process)}`
    assert.deepEqual(
      [
        said({ bytes: Buffer.from('héllo\n') }),
        said({ kind: 'captured', bytes: Buffer.from('cömm') }),
        said({ stream: 'stderr', bytes: Buffer.from('err\n') }),
        said({ stream: 'stderr', kind: 'captured' }),
      ],
      [
        'PROCESS_LOG_STDOUT processname:chat groupname:chat pid:8711 channel:stdout\nhéllo\n',
        'PROCESS_COMMUNICATION_STDOUT processname:chat groupname:chat pid:8711\ncömm',
        'PROCESS_LOG_STDERR processname:chat groupname:chat pid:8711 channel:stderr\nerr\n',
        'PROCESS_COMMUNICATION_STDERR processname:chat groupname:chat pid:8711\n',
      ],
    )
  })

  it('output that is no UTF-8 is told as Python writes bytes', () => {
    const said = (text: string) =>
      outputPayload(news({ bytes: Buffer.from(text, 'latin1') }), chat('RUNNING')).split('\n')[1]
    assert.equal(said('\xffx'), "Undecodable: b'\\xffx'")
    assert.equal(said('\xff\t\r\\"'), `Undecodable: b'\\xff\\t\\r\\\\"'`)
    assert.equal(said("\xff'\x00\x7f"), `Undecodable: b"\\xff'\\x00\\x7f"`)
    assert.equal(said('\xff\'"'), `Undecodable: b'\\xff\\'"'`)
    assert.equal(outputPayload(news({ bytes: Buffer.from('\ufeffa') }), chat('RUNNING')).split('\n')[1], '\ufeffa')
  })

  it('of a tick, and of what somebody sent', () => {
    assert.deepEqual([tickPayload(1795307045), remotePayload('t0', 'd')], ['when:1795307045', 'type:t0\nd'])
  })

  it('its header counts characters, and its payload follows as it is', () => {
    const payload = Buffer.from(remotePayload('mytype', 'my data é\u{1f600}'))
    const waiting = { serial: 0, poolSerial: 3, name: 'REMOTE_COMMUNICATION', payload }
    assert.equal(
      Buffer.from(envelope(waiting, { server: 'rec', pool: 'die' })).toString(),
      'ver:3.0 server:rec serial:0 pool:die poolserial:3 eventname:REMOTE_COMMUNICATION len:22\ntype:mytype\nmy data é\u{1f600}',
    )
  })
})
