import assert from 'node:assert/strict'
import { it } from 'node:test'
import { variable, withSettings } from './environment.ts'

it('a setting replaces or removes its variable, and the last one takes the place of what is gone', () => {
  const changed = withSettings(
    ['A=1', 'B=2', 'C=3'],
    [
      { name: 'A', value: 'new' },
      { name: 'D', value: null },
      { name: 'B', value: null },
    ],
  )
  assert.deepEqual(changed, ['C=3', 'A=new'])
})

it('the last variable may go as well', () => {
  assert.deepEqual(withSettings(['A=1'], [{ name: 'A', value: null }]), [])
})

it('a name with an equals sign sets the variable before it', () => {
  assert.deepEqual(withSettings(['G=1', 'X='], [{ name: 'G=H', value: 'v' }]), ['X=', 'G=H=v'])
})

it('a variable is found by its whole name', () => {
  const environment = ['PATHS=no', 'PATH=/bin', 'PATH=/other', 'EMPTY=']
  assert.deepEqual(
    ['PATH', 'EMPTY', 'NONE'].map((name) => variable(environment, name)),
    ['/bin', '', null],
  )
})
