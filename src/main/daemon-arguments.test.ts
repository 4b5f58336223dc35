import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daemon } from '../cli/commands/program.ts'
import { commonOptions } from '../cli/parse.ts'
import { daemonArguments, parseDaemonArguments } from './daemon-arguments.ts'

test('what a daemon goes on with is read back as it was', () => {
  for (const given of [
    {
      home: undefined,
      driver: 'process',
      lenient: false,
      logTotalBytesMax: null,
      listen: null,
      runsvdir: null,
      sources: ['/a.yaml'],
    },
    {
      home: '/h h',
      driver: 'fake',
      lenient: true,
      logTotalBytesMax: 500 * 1024 ** 2,
      listen: { address: '::1', port: 8700 },
      runsvdir: 'inherit',
      sources: ['/a.yaml', '/b'],
    },
    {
      home: '/h',
      driver: 'process',
      lenient: false,
      logTotalBytesMax: 1024 ** 2 + 1,
      listen: null,
      runsvdir: null,
      sources: [],
    },
  ] as const) {
    const { home, driver, ...declared } = given
    assert.deepEqual(parseDaemonArguments(daemonArguments({ home, driver, declared })), { kind: 'arguments', ...given })
  }
})

test('a size of all logs has a unit, and sources become absolute', () => {
  const parsed = parseDaemonArguments(['--log-total', '2GB', 'x.yaml'])
  assert.ok(parsed.kind === 'arguments')
  assert.equal(parsed.logTotalBytesMax, 2 * 1024 ** 3)
  assert.deepEqual(parsed.sources, [`${process.cwd()}/x.yaml`])
})

const refused: readonly (readonly [readonly string[], RegExp])[] = [
  [['--log-total', '500'], /--log-total is a size of at least 1MB, such as 500MB or 2GB, not '500'/],
  [['--log-total', '0'], /not '0'/],
  [['--log-total', '10%'], /not '10%'/],
  [['--log-total', 'lots'], /not 'lots'/],
  [['--log-total='], /not ''/],
  [['--log-total', '9999999999tb'], /not '9999999999tb'/],
  [['--log-total'], /--log-total/],
  [['--listen', 'example.org:8700'], /--listen is PORT or ADDRESS:PORT, such as .*, not 'example.org:8700'/],
  [['--listen', '65536'], /not '65536'/],
  [['--listen', '::1:8700'], /not '::1:8700'/],
  [['--driver', 'docker'], /--driver is process or fake, not 'docker'/],
  [['--no-such'], /--no-such/],
]
for (const [args, says] of refused) {
  test(`'${args.join(' ')}' is refused, with the remedy`, () => {
    const parsed = parseDaemonArguments(args)
    assert.ok(parsed.kind === 'usage')
    assert.match(parsed.message, says)
    assert.match(parsed.message, /^daemon: .*; see: holdfast help daemon$/)
  })
}

test('it takes every option that help shows, and a misspelt one is told with what was meant', () => {
  for (const { name, value } of [...daemon.options, ...commonOptions.filter((option) => option.name !== 'help')]) {
    const parsed = parseDaemonArguments(value === null ? [`--${name}`] : [`--${name}`, 'x'])
    assert.ok(parsed.kind === 'arguments' || !/unknown option/i.test(parsed.message), name)
  }
  assert.deepEqual(parseDaemonArguments(['--lenien']), {
    kind: 'usage',
    message: 'daemon: unknown option --lenien, perhaps --lenient is meant; see: holdfast help daemon',
  })
})

test('what target states need is read back as it was, and an empty beginning is for this time only', () => {
  const declared = {
    ...{ lenient: false, logTotalBytesMax: null, listen: null, runsvdir: null, sources: ['/a.json'] },
    balena: { configFile: '/mnt/boot/config.json', lockRoot: null },
  }
  const args = daemonArguments({ home: undefined, driver: 'process', declared })
  assert.deepEqual(parseDaemonArguments(args), { kind: 'arguments', home: undefined, driver: 'process', ...declared })
  const parsed = parseDaemonArguments(['--allow-empty', '--preload', 'apps.json', '--balena-locks', '/locks'])
  assert.ok(parsed.kind === 'arguments')
  assert.deepEqual(
    [parsed.isEmptyAllowed, parsed.preload, parsed.balena],
    [true, `${process.cwd()}/apps.json`, { configFile: null, lockRoot: '/locks' }],
  )
})
