import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createWallClock } from '../../../src/svlog/clock.ts'
import { closeLogDirectory, createLogDirectory, openLogDirectory } from '../../../src/svlog/directory.ts'
import type { LogServices, LogSettings } from '../../../src/svlog/model.ts'
import { writeLog } from '../../../src/svlog/write.ts'
import { lockFile } from '../../../src/sys/flock.ts'
import { until } from '../../real/until.ts'
import { type Case, type Outcome, play, programs, type Started, snapshot, start } from './svlogd-bench.ts'

const root = mkdtempSync(join(tmpdir(), 'holdfast-svlogd-'))
after(() => rmSync(root, { recursive: true, force: true }))
const isInstalled = existsSync('/usr/bin/svlogd')
const skip = isInstalled ? false : 'the original svlogd is not installed'

const lines = (from: number, to: number) =>
  Array.from(
    { length: to - from + 1 },
    (_, at) => `line ${String(from + at).padStart(4, '0')} ${'x'.repeat(20)}\n`,
  ).join('')
const allBytes = Buffer.from(Array.from({ length: 1024 }, (_, at) => (at * 7) % 256))
const oldFile = (at: number, suffix: string) => `@40000000000000000000000${at}.${suffix}`

/** Both programs do the same with the same input. */
const cases: Readonly<Record<string, Case>> = {
  'lines without a stamp': { input: 'one\n\ntwo\n\n\n' },
  'lines with a TAI64N stamp': { args: ['-t'], input: 'one\n\ntwo\n' },
  'lines with a readable stamp': { args: ['-tt'], input: 'one\n\ntwo\n' },
  'lines with an ISO stamp': { args: ['-ttt'], input: 'one\n\ntwo\n' },
  'more than three t': { args: ['-ttt', '-t', '-t'], input: 'one\n' },
  'no input at all': { input: '' },
  'every byte': { args: ['-tt'], input: Buffer.concat([allBytes, Buffer.from('\n')]) },
  'lines longer than -l and -b': {
    args: ['-tt', '-l', '20', '-b', '30'],
    input: `${'a'.repeat(19)}\n${'b'.repeat(20)}\n${'c'.repeat(21)}\n${'d'.repeat(5000)}\n\nend\n`,
  },
  'a long line that is not ended': { args: ['-tt', '-l', '20', '-b', '30'], input: `one\n${'d'.repeat(500)}` },
  'values of options that make no sense': { args: ['-l', 'abc', '-b', '0'], input: 'one\n' },
  'a prefix': { args: ['-tt'], config: 'p$& $1 prefix: \n', input: 'one\n\ntwo\n' },
  'a config without a newline at its end': { config: 'ignored\n\n#s1\nn3\npX: \npY: ', input: 'one\n' },
  'a config with a zero byte': { config: 'pX: \0abc\n', input: 'one\n' },
  'addresses and ports that are none': {
    config: 'u\nu1.2.3\nu1.2.3.4:0\nu1.2.3.4:x\ns5x\nt\nN\n!\np\n',
    input: 'one\n',
  },
  'replacement of what cannot be printed': { args: ['-r', '%'], input: Buffer.concat([allBytes, Buffer.from('\n')]) },
  'replacement of more bytes': { args: ['-R', 'ab:', '-tt'], input: 'cab:c\u00e9\u007f\t\r\n\nxyz\n' },
  'replacement within -l only': {
    args: ['-r', '%', '-R', 'x', '-l', '8', '-b', '9'],
    input: '1\tx456789\tx\n1234567\t\n1234567\t9\n',
  },
  'replacement of unprintable bytes by an empty -R': { args: ['-R', ''], input: 'a\tb\n' },
  'rotation by size': { args: ['-l', '10'], config: 's100\nn20\n', input: lines(1, 30) },
  'rotation by size with stamps': { args: ['-tt', '-l', '30'], config: 's200\nn20\n', input: lines(1, 60) },
  'rotation by size in k': { args: ['-l', '30'], config: 's1k\nn20\n', input: lines(1, 100) },
  'a size below -l': { config: 's100\nn50\np26 bytes like those of time \n', input: lines(1, 20) },
  'a size that is -l': { args: ['-l', '10'], config: 's10\nn0\n', input: lines(1, 3) },
  'long lines across files': {
    args: ['-l', '20', '-b', '30'],
    config: 's150\nn0\np26 bytes like those of time \n',
    input: `${'a'.repeat(400)}\n${'b'.repeat(90)}\n${'c'.repeat(124)}\n${'d'.repeat(123)}\nend\n`,
  },
  'no rotation by size 0': { config: 's0\n', input: lines(1, 100) },
  'old files beyond n': { args: ['-l', '10'], config: 's100\nn3\n', input: lines(1, 40) },
  'n 0 keeps all': { args: ['-l', '10'], config: 's100\nn0\n', input: lines(1, 50) },
  'n does not delete more than one': {
    args: ['-l', '10'],
    config: 's100\nn2\n',
    files: {
      ...Object.fromEntries([1, 2, 3, 4, 5].map((at) => [oldFile(at, 's'), `${at}`])),
      [oldFile(6, 't')]: 'half',
      [oldFile(7, 'u')]: 'raw',
      [oldFile(8, 'xx')]: 'other',
      '@short': 'other',
      [oldFile(9, 'x')]: 'odd',
    },
    input: lines(1, 4),
  },
  'files that wait for a processor do not count': {
    args: ['-l', '10'],
    config: 's100\nn3\n',
    files: Object.fromEntries([1, 2, 3].map((at) => [oldFile(at, 'u'), `${at}`])),
    input: lines(1, 13),
  },
  'an unclean current': {
    files: { current: 'torn', [oldFile(1, 't')]: 'half', [oldFile(2, 'u')]: 'raw' },
    input: 'one\n',
  },
  'an unclean current, with a processor': { config: '!cat\n', files: { current: 'torn' }, input: 'one\n' },
  'an unclean current that is empty': { files: { current: '' }, input: 'one\n' },
  'a clean current': { files: { current: 'before\n' }, modes: { current: 0o744 }, input: 'one\n' },
  'a clean current that is too large': {
    args: ['-l', '10'],
    config: 's100\n',
    files: { current: lines(1, 20) },
    modes: { current: 0o700 },
    input: lines(21, 24),
  },
  'a processor': {
    args: ['-l', '10'],
    config: 's100\n!tr x y; cat <&4; date >/dev/null; echo next >&5\n',
    steps: [lines(1, 4), { until: ['processed:', 1] }, lines(5, 7), { until: ['processed:', 2] }, lines(8, 8)],
    ignores: /sigchild/,
  },
  'a processor that fails twice': {
    args: ['-l', '10'],
    config: 's100\n!cat; echo >>tries; test $(wc -l <tries) -gt 2 || exit 3\n',
    steps: [lines(1, 4), { until: ['processed:', 1] }, lines(5, 5)],
    ignores: /sigchild/,
  },
  'a processor that still runs at the next rotation': {
    args: ['-l', '10'],
    config: 's100\n!sleep 2; cat\n',
    input: lines(1, 13),
    ignores: /sigchild/,
    isUnordered: true,
  },
  'a processor that still runs at the end': {
    args: ['-l', '10'],
    config: 's100\n!sleep 2; cat; echo $0 $PWD | sed s:/.*/::\n',
    input: lines(1, 4),
    ignores: /sigchild/,
  },
  'the environment of a processor': {
    args: ['-l', '10'],
    config: 's100\n!cat >/dev/null; ulimit -Sn >/dev/null; umask; basename "$PWD"; echo $0 $# >&2\n',
    input: lines(1, 3),
    ignores: /sigchild/,
  },
  'SIGHUP with a changed config': {
    steps: [
      'one\n',
      { file: ['current', 'one\n'] },
      { write: ['config', 'pX: \n'] },
      { signal: 'SIGHUP' },
      { until: ['append: log', 1] },
      'two\n',
    ],
  },
  'SIGHUP within a line': {
    steps: [
      'one\ntw',
      { file: ['current', 'one\n'] },
      { write: ['config', 'pX: \n'] },
      { signal: 'SIGHUP' },
      { until: ['append: log', 1] },
      'o\nthree\n',
    ],
  },
  'SIGHUP within a line that is longer than -l': {
    args: ['-l', '5', '-tt'],
    steps: [
      'one\ntwabcdefgh',
      { file: ['current', 'efgh'] },
      { write: ['config', 'pX: \n'] },
      { signal: 'SIGHUP' },
      { until: ['append: log', 1] },
      'o\nthree\n',
    ],
  },
  SIGALRM: {
    steps: [
      'one\n',
      { file: ['current', 'one\n'] },
      { signal: 'SIGALRM' },
      { until: ['rename:', 1] },
      { signal: 'SIGALRM' },
      { until: ['sigalarm', 2] },
      'two\n',
    ],
  },
  'SIGALRM within a line': {
    steps: ['one\ntw', { file: ['current', 'one\n'] }, { signal: 'SIGALRM' }, { until: ['rename:', 1] }, 'o\nthree\n'],
  },
  SIGTERM: { steps: ['one\n', { file: ['current', 'one\n'] }, { signal: 'SIGTERM' }, { exit: true }] },
  'SIGTERM while a processor runs': {
    args: ['-l', '10'],
    config: 's100\n!sleep 2; cat\n',
    steps: [lines(1, 4), { until: ['processing:', 1] }, { signal: 'SIGTERM' }, { exit: true }],
    ignores: /sigchild/,
  },
  'rotation by age': {
    config: 't1\n',
    steps: [
      'one\n',
      { until: ['rename:', 1] },
      'two\n',
      { until: ['rename:', 2] },
      'three\n',
      { until: ['rename:', 3] },
    ],
  },
  'two directories with different configs': {
    args: ['-tt', '-l', '20'],
    directories: ['log', 'other'],
    config: 'pA: \ns200\n',
    more: { other: { config: '-*\n+line 0003*\n' } },
    input: lines(1, 12),
  },
  'one directory that is not there': { directories: ['log', 'missing'], input: 'one\n', ignores: /close/ },
  'one directory that is a file': {
    directories: ['log', 'log/file'],
    files: { file: 'x' },
    input: 'one\n',
    ignores: /close/,
  },
  'one directory whose lock is a directory': {
    directories: ['log', 'other'],
    more: { other: { folders: ['lock'] } },
    input: 'one\n',
    ignores: /close/,
  },
  'one directory twice': { directories: ['log', 'log'], input: 'one\n', ignores: /close/ },
  'a config that is a directory': { folders: ['config'], input: 'one\n' },
  'no directory that is there': { directories: ['missing', 'gone'], input: 'one\n', ignores: /close/ },
  'selection for standard error': {
    args: ['-t', '-l', '20'],
    config: 'e*err*\nE*noerr*\n-*\n++ab*\n',
    input: 'aab\nxx err\nthe noerr\nab\nxerr\n0123456789012345678901234567890 err\nerr 5678901234567890123\n\n',
  },
  'selection, replacement and prefix together': {
    args: ['-tt', '-r', '.', '-l', '8', '-b', '9'],
    config: 'p>\n-*\n+a.c*\ne*.*\ns120\nn0\n',
    input: `a\tc tells and stays\nabc\na\tc\n${'a\tc'.repeat(100)}\nx.\n`.repeat(3),
  },
}

describe('svlogd and the original', { skip, concurrency: 4 }, () => {
  for (const [name, each] of Object.entries(cases)) {
    test(`make the same of: ${name}`, async () => {
      const [theirs, ours] = await both(each)
      assert.deepEqual(ours, theirs)
    })
  }

  test('match all patterns alike', async () => {
    const pieces = ['a', 'b', '*', '+', ' ']
    // A `+` at the very end: there the original reads beyond its pattern.
    const patterns = Array.from({ length: 150 }, (_, at) =>
      Array.from({ length: 1 + (at % 5) }, (_, digit) => pieces[Math.floor(at / 3 ** digit + at * digit) % 5]).join(''),
    ).filter((pattern) => !pattern.endsWith('+'))
    const texts = [
      '',
      'a',
      'b',
      'ab',
      'aab',
      'ba',
      'a b',
      '*',
      '+',
      'a*b',
      'a+b',
      'aaa',
      'b a',
      ' ',
      'abab',
      '**',
      '+a',
    ]
    // The original also looks beyond the end of a line, where the one before it still is.
    const input = texts.map((text) => `${'~'.repeat(20)}\n${text}\n`).join('')
    // One directory for each pattern.
    const directories = patterns.map((_, at) => `p${at}`)
    const more = Object.fromEntries(patterns.map((pattern, at) => [`p${at}`, { config: `-${pattern}\n` }]))
    const [theirs, ours] = await both({ directories, more, args: [], input, isQuiet: true })
    for (const [at, pattern] of patterns.entries()) {
      assert.deepEqual(ours.directories[`p${at}`], theirs.directories[`p${at}`], `the pattern ${pattern}`)
    }
  })

  test('send the same datagrams', async () => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    let got: string[] = []
    socket.on('message', (message) => got.push(message.toString('latin1').replace(/^\S+ /, '<stamp> ')))
    const sent: string[][] = []
    const outcomes: Outcome[] = []
    try {
      for (const program of programs) {
        got = []
        const each: Case = {
          args: ['-tt', '-l', '10'],
          directories: ['log', 'other'],
          config: `u127.0.0.1:${port}\npPRE: \n-no*\n`,
          more: { other: { config: `U127.0.0.1:${port}\n` } },
          input: `hello\nno\nlong${'5'.repeat(30)}\n\n0123456789\n`,
        }
        outcomes.push(await play(root, program, each))
        await until('the datagrams', () => got.length >= 9)
        // Which directory comes first is nobody's business.
        sent.push(['PRE', ''].map((of) => got.filter((each) => each.includes('PRE') === (of !== '')).join('')))
      }
    } finally {
      socket.close()
    }
    assert.deepEqual(sent[1], sent[0])
    assert.deepEqual(outcomes[1], outcomes[0])
  })

  for (const args of [
    [],
    ['-r', 'xx', 'log'],
    ['-r', '', 'log'],
    ['-x', 'log'],
    ['-l'],
    ['-l', '2000', 'log'],
    ['-b', '1000', 'log'],
  ]) {
    test(`refuse alike: ${args.join(' ')}`, () => {
      const [theirs, ours] = programs.map(({ command }) => {
        const { status, stderr } = spawnSync(command[0]!, [...command.slice(1), ...args], {
          cwd: root,
          argv0: 'svlogd',
          input: '',
        })
        return { status, text: stderr.toString() }
      })
      assert.deepEqual(ours, theirs)
      assert.equal(ours!.status, 111)
    })
  }

  test('respect each other’s lock', async () => {
    for (const [holder, other] of [programs, [...programs].reverse()]) {
      const place = mkdtempSync(join(root, 'lock-'))
      mkdirSync(join(place, 'log'))
      const held = start(place, holder!, ['-v', 'log'])
      await until('the lock is held', () => held.text().includes('new: log/current'))
      const { status, stderr } = spawnSync(other!.command[0]!, [...other!.command.slice(1), 'log'], {
        cwd: place,
        input: 'x',
      })
      assert.equal(status, 111)
      assert.match(stderr.toString(), /warning: unable to lock directory: log: temporary failure\n/)
      held.end()
      await held.exited
      const lock = lockFile(join(place, 'log/lock'))
      assert.equal(typeof lock, 'number')
    }
  })
})

const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0
const skipDisk = isInstalled && canMount ? false : 'a file system of 400 kB needs root, mount and the original svlogd'

describe('on a full disk, svlogd and the original', { skip: skipDisk }, () => {
  for (const [name, config] of [
    ['delete down to N files, and go on', 's100000\nn10\nN2\n'],
    ['pause, and lose nothing when there is room again', 's100000\nn10\n'],
  ] as const) {
    test(name, async () => {
      for (const program of programs) {
        const place = mkdtempSync(join(root, 'disk-'))
        mkdirSync(join(place, 'm'))
        assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'none', join(place, 'm')]).status, 0)
        let run: Started | null = null
        try {
          mkdirSync(join(place, 'm/log'))
          writeFileSync(join(place, 'm/log/config'), config)
          writeFileSync(join(place, 'm/log/@400000000000000000000000.u'), 'unprocessed')
          run = start(place, program, ['-v', 'm/log'])
          const input = lines(1, 15000)
          const written = run.write(input)
          if (config.includes('N2')) {
            assert.match(await allOf(run, written), /out of disk space, delete: m\/log\/@400000000000000000000000\.u\n/)
          } else {
            await until('it pauses', () =>
              run!.text().includes('pausing: unable to write to current: m/log: out of disk space'),
            )
            assert.equal(spawnSync('mount', ['-o', 'remount,size=2m', join(place, 'm')]).status, 0)
            await allOf(run, written)
          }
          const kept = Object.entries(snapshot(join(place, 'm/log'))).filter(([file]) =>
            /^@\d+\.s$|^current$/.test(file),
          )
          const text = kept.map(([, { bytes }]) => bytes).join('')
          assert.ok(input.endsWith(text), `${program.name}: what is kept is the end of the input, without a gap`)
          assert.ok(text.length > 200_000)
          if (!config.includes('N2')) assert.equal(text, input)
        } finally {
          run?.kill()
          await run?.exited
          spawnSync('umount', ['-l', join(place, 'm')])
        }
      }
    })
  }
})

describe('on a full disk, the engine', { skip: skipDisk }, () => {
  test('says exactly which bytes are in the file, wherever the disk ends', () => {
    const place = mkdtempSync(join(root, 'exact-'))
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'none', place]).status, 0)
    try {
      // The disk ends at a page: each prefix moves the lines against that.
      for (let prefixBytes = 0; prefixBytes < 60; prefixBytes += 1) {
        for (const patterns of ['', '-no*\n']) {
          writeFileSync(join(place, 'config'), `s0\np${'p'.repeat(prefixBytes)}\n${patterns}`)
          const directory = createLogDirectory(place, engineSettings, engineServices)
          assert.equal(openLogDirectory(directory), null)
          const input = Buffer.from(lines(1, 3000))
          let at = 0
          while (directory.trouble === null)
            at += writeLog(directory, input.subarray(at, at + 5000), directory.services.now())
          assert.deepEqual(directory.trouble, { kind: 'failed', doing: 'unable to write to current', code: 'ENOSPC' })
          const text = readFileSync(join(place, 'current'), 'latin1')
          const raw = text.replace(/^\d{4}-\d\d-\d\d_[\d:.]{14} p*/gm, '')
          assert.equal(raw, input.toString('latin1', 0, at), `with ${prefixBytes} bytes of prefix`)
          closeLogDirectory(directory)
          rmSync(join(place, 'current'))
        }
      }
    } finally {
      spawnSync('umount', ['-l', place])
    }
  })
})

const engineSettings: LogSettings = {
  stamp: 'text',
  lineMaxBytes: 10,
  replacement: null,
  holdsPartialLines: false,
  followsMoves: false,
}

const engineServices: LogServices = {
  now: createWallClock(),
  info: null,
  warn: () => {},
  tell: () => {},
  sendUdp: () => {},
  syncFile: () => {},
  closeFile: closeSync,
  startProcessor: () => null,
  later: () => {},
  processorEnded: () => {},
}

describe('other than the original, svlogd', { skip, concurrency: 4 }, () => {
  const [, ourProgram] = programs
  const ours = (each: Case) => play(root, ourProgram!, each)

  test('writes the last line of an input that does not end it, and ends it', async () => {
    const [theirs, our] = await both({ args: ['-tt'], input: 'one\ntwo' })
    assert.equal(theirs.directories.log!.current!.bytes, '<stamp> one\n')
    assert.equal(our.directories.log!.current!.bytes, '<stamp> one\n<stamp> two\n')
  })

  test('writes the line that was begun when SIGTERM came, once its rest is there, and leaves what follows it', async () => {
    const steps: Case['steps'] = [
      'one\ntw',
      { file: ['current', 'one\n'] },
      { signal: 'SIGTERM' },
      { until: ['sigterm', 1] },
      'o\nthree\n',
      { exit: true },
    ]
    const [theirs, our] = await both({ steps })
    assert.equal(theirs.directories.log!.current!.bytes, 'one\n')
    assert.equal(our.directories.log!.current!.bytes, 'one\ntwo\n')
    assert.equal(our.leftInPipe, 'three\n')
  })

  test('takes a processor that died of a signal for a failed one', async () => {
    const config = 's100\n!if test -e tried; then cat; else echo half; touch tried; kill -9 $$; fi\n'
    const [theirs, our] = await both({ args: ['-l', '10'], config, input: lines(1, 3) })
    assert.equal(theirs.directories.log!['@1.s']!.bytes, 'half\n')
    assert.equal(our.directories.log!['@1.s']!.bytes, lines(1, 3))
  })

  test('leaves a file unprocessed in the end when its processor only fails', async () => {
    const { directories, text, code } = await ours({
      args: ['-l', '10'],
      config: 's100\n!exit 1\n',
      input: lines(1, 3),
    })
    assert.deepEqual(Object.keys(directories.log!), ['@1.u', 'config', 'current', 'lock', 'newstate', 'state'])
    assert.equal(text.match(/processor failed, restart: log/g)?.length, 3)
    assert.match(text, /warning: processor gave up, unprocessed: log\/@\.u\n/)
    assert.equal(code, 0)
  })

  test('keeps a processor over SIGHUP', async () => {
    const { directories } = await ours({
      args: ['-l', '10'],
      config: 's100\n!sleep 2; cat\n',
      steps: [
        lines(1, 3),
        { until: ['processing:', 1] },
        { signal: 'SIGHUP' },
        { until: ['append: log', 1] },
        lines(4, 6),
        { until: ['processed:', 2] },
      ],
    })
    const names = Object.keys(directories.log!)
    assert.deepEqual(names, ['@1.s', '@2.s', 'config', 'current', 'lock', 'state'])
  })

  test('writes to the file when the address of a U line cannot be read', async () => {
    const { directories } = await ours({ config: 'Uname:514\n', input: 'one\n' })
    assert.equal(directories.log!.current!.bytes, 'one\n')
  })

  test('tells of a datagram that could not be sent in a line of its own', async () => {
    const { directories } = await ours({
      config: 'u255.255.255.255:9\n',
      steps: ['one\n', { file: ['current', 'udp: one\n'] }],
    })
    assert.equal(directories.log!.current!.bytes, 'one\nwarning: failure sending through udp: one\n')
  })

  test('reads a file, and nothing, as it reads a pipe', async () => {
    for (const [input, expected] of [
      ['one\ntwo\n', 'one\ntwo\n'],
      ['', ''],
    ] as const) {
      const place = mkdtempSync(join(root, 'file-'))
      mkdirSync(join(place, 'log'))
      writeFileSync(join(place, 'input'), input)
      const script = `exec "$@" log <${input === '' ? '/dev/null' : 'input'}`
      const { status } = spawnSync('sh', ['-c', script, 'sh', ...ourProgram!.command], { cwd: place })
      assert.equal(status, 0)
      assert.equal(snapshot(join(place, 'log')).current!.bytes, expected)
    }
  })
})

async function both(each: Case): Promise<[Outcome, Outcome]> {
  const outcomes = await Promise.all(programs.map((program) => play(root, program, each)))
  return [outcomes[0]!, outcomes[1]!]
}

async function allOf(run: Started, written: Promise<void>): Promise<string> {
  await written
  run.end()
  assert.equal(await run.exited, 0)
  return run.text()
}
