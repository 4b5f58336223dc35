import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePortText } from './port-text.ts'
import { parseDeviceText, parseHostText, parsePairText, parseTmpfsText } from './small-texts.ts'
import { isHostPath, parseVolumeText } from './volume-text.ts'

function ports(text: string, unsaid: 'chosen' | 'same' = 'chosen'): string {
  const result = parsePortText(text, unsaid)
  if (result.kind === 'error') return result.message
  return result.ports
    .map(({ hostAddress, hostPort, containerPort, protocol }) => {
      return `${hostAddress}|${hostPort ?? '?'}>${containerPort}/${protocol}`
    })
    .join(' ')
}

for (const [text, told] of [
  ['80', '|?>80/tcp'],
  ['8080:80', '|8080>80/tcp'],
  [':80', '|?>80/tcp'],
  ['53:53/udp', '|53>53/udp'],
  ['53:53/UDP', '|53>53/udp'],
  ['127.0.0.1:8080:80', '127.0.0.1|8080>80/tcp'],
  ['127.0.0.1::80', '127.0.0.1|?>80/tcp'],
  ['[::1]:8080:80', '::1|8080>80/tcp'],
  ['::1:8080:80', '::1|8080>80/tcp'],
  ['8080-8082:80-82', '|8080>80/tcp |8081>81/tcp |8082>82/tcp'],
  ['80-81', '|?>80/tcp |?>81/tcp'],
  ['8080-8082:80-81', 'the ranges of the host and of the container have different lengths'],
  ['80/quic', "'quic' is not a protocol"],
  ['0:80', "'0:80' is not a port"],
  ['80:65536', "'80:65536' is not a port"],
  ['81-80', "'81-80' is not a port"],
  ['web:80', "'web:80' does not begin with an address"],
  ['300.1.1.1:80:80', "'300.1.1.1:80:80' does not begin with an address"],
  ['', "'' is not a port"],
] as const) {
  test(`the port '${text}' is read as ${told}`, () => {
    assert.equal(ports(text), told)
  })
}

test("where no port of the host is written, balena's is that of the container", () => {
  assert.equal(ports('80', 'same'), '|80>80/tcp')
  assert.equal(ports('80-81/udp', 'same'), '|80>80/udp |81>81/udp')
  assert.equal(ports('8080:80', 'same'), '|8080>80/tcp')
})

test('mounts are read with their options', () => {
  const plain = { kind: 'volume', isReadOnly: false, isCopied: true, propagation: null, selinux: null }
  assert.deepEqual(parseVolumeText('data:/data'), { ...plain, source: 'data', target: '/data' })
  assert.deepEqual(parseVolumeText('/data'), { ...plain, source: null, target: '/data' })
  assert.deepEqual(parseVolumeText('/srv:/data:ro,z,rshared'), {
    ...plain,
    source: '/srv',
    target: '/data',
    isReadOnly: true,
    selinux: 'z',
    propagation: 'rshared',
  })
  assert.deepEqual(parseVolumeText('data:/data:rw,nocopy'), {
    ...plain,
    source: 'data',
    target: '/data',
    isCopied: false,
  })
  for (const text of ['data:data', 'data:/a:/b:ro', '', ':/data', 'data:/data:rx'])
    assert.equal(parseVolumeText(text).kind, 'error', text)
})

test('paths of the host are told from names', () => {
  assert.deepEqual(['/srv', './data', '~/x', 'a/b', 'data', 'my.data-1'].map(isHostPath), [
    true,
    true,
    true,
    true,
    false,
    false,
  ])
})

test('devices, tmpfs, hosts and pairs are read', () => {
  assert.deepEqual(parseDeviceText('/dev/a'), { source: '/dev/a', target: '/dev/a', permissions: 'rwm' })
  assert.deepEqual(parseDeviceText('/dev/a:/dev/b:r'), { source: '/dev/a', target: '/dev/b', permissions: 'r' })
  assert.equal(parseDeviceText('/dev/a:rw:x'), null)
  assert.deepEqual(parseTmpfsText('/run'), { target: '/run', sizeBytes: null, mode: null, options: '' })
  assert.deepEqual(parseTmpfsText('/run:size=64m,noexec,mode=1777,uid=1000'), {
    target: '/run',
    sizeBytes: 64 * 1024 * 1024,
    mode: 0o1777,
    options: 'noexec,uid=1000',
  })
  assert.equal(parseTmpfsText('run'), null)
  assert.deepEqual(['db:10.0.0.1', 'db=10.0.0.1', 'db:[::1]', 'db=::1', 'db', 'db:[::1'].map(parseHostText), [
    'db:10.0.0.1',
    'db:10.0.0.1',
    'db:::1',
    'db:::1',
    null,
    null,
  ])
  assert.deepEqual(parsePairText('A=b=c'), { key: 'A', value: 'b=c' })
  assert.deepEqual(parsePairText('A'), { key: 'A', value: null })
  assert.equal(parsePairText('=b'), null)
})
