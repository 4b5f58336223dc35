import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findHierarchies } from './hierarchies.ts'
import { mounts } from './mounts.ts'

it('our own cgroups are found where each tree is mounted', () => {
  const cgroup = '9:name=systemd:/\n4:memory:/jobs/7\n2:cpu,cpuacct:/\n0::/\n'
  const mountinfo = [
    '30 20 0:25 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory',
    '31 20 0:26 / /sys/fs/cgroup/cpu\\040and\\040more rw master:2 propagate_from:3 - cgroup cgroup rw,cpu,cpuacct',
    '32 20 0:27 / /no/such/unified rw - cgroup2 cgroup2 rw,nsdelegate',
  ].join('\n')
  assert.deepEqual(findHierarchies(cgroup, mounts(mountinfo)), [
    { version: 'v1', controllers: ['memory'], mount: '/sys/fs/cgroup/memory', own: '/sys/fs/cgroup/memory/jobs/7' },
    {
      version: 'v1',
      controllers: ['cpu', 'cpuacct'],
      mount: '/sys/fs/cgroup/cpu and more',
      own: '/sys/fs/cgroup/cpu and more',
    },
    { version: 'v2', controllers: [], mount: '/no/such/unified', own: '/no/such/unified' },
  ])
})

it('in a container our cgroup counts from what is mounted, and is that where it lies outside', () => {
  const own = (path: string, root: string): string | undefined =>
    findHierarchies(`0::${path}\n`, mounts(`32 20 0:27 ${root} /no rw - cgroup2 cgroup2 rw`))[0]?.own
  assert.equal(own('/docker/abc/worker', '/docker/abc'), '/no/worker')
  assert.equal(own('/docker/abc', '/docker/abc'), '/no')
  assert.equal(own('/docker/abcdef', '/docker/abc'), '/no')
  assert.equal(own('/../other', '/'), '/no')
  assert.equal(own('/a:b', '/'), '/no/a:b')
})

it('a line that is no mount is passed over', () => {
  assert.deepEqual(mounts('nonsense\n\n'), [])
})
