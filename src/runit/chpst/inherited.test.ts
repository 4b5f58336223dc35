import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { OpenDescriptor } from '../../sys/descriptor-list.ts'
import { inheritedDescriptors } from './inherited.ts'

it('Node keeps its epolls, its events, and the pipes it has both ends of; all else was there before', () => {
  const open = [
    ...[0, 1, 2].map((fd) => one(fd, 'pipe:[1]', 'write')),
    one(3, '/etc/passwd', 'read'),
    one(4, 'anon_inode:[eventpoll]'),
    one(5, 'anon_inode:[io_uring]'),
    one(6, 'pipe:[2]', 'read'),
    one(7, 'socket:[9]'),
    one(8, 'pipe:[2]', 'write'),
    one(9, 'anon_inode:[eventfd]'),
    one(10, 'pipe:[3]', 'write'),
    one(11, 'pipe:[3]', 'write'),
    one(12, 'pipe:[1]', 'write'),
    one(13, 'pipe:[4]', 'read'),
  ]
  assert.deepEqual(inheritedDescriptors(open), [0, 1, 2, 3, 7, 10, 11, 12, 13])
})

it('what stands before the first epoll of Node or is not close-on-exec was there before, whatever it is', () => {
  const open = [
    one(3, 'pipe:[1]', 'read'),
    one(4, 'pipe:[1]', 'write'),
    one(5, 'anon_inode:[eventfd]'),
    one(6, 'anon_inode:[eventpoll]'),
    one(7, 'pipe:[2]', 'read'),
    one(8, 'pipe:[2]', 'write'),
    { ...one(40, 'anon_inode:[eventpoll]'), isCloseOnExec: false },
  ]
  assert.deepEqual(inheritedDescriptors(open), [3, 4, 5, 40])
})

function one(fd: number, target: string, access: OpenDescriptor['access'] = 'both'): OpenDescriptor {
  return { fd, target, access, isCloseOnExec: true }
}
