import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFaultyStore } from '../../src/store/faulty.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import { storeContract } from './store.ts'

storeContract('sqlite', {
  open: () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-store-'))
    const open = () =>
      openSqliteStore({ stateDirectory: join(directory, 'state'), runDirectory: join(directory, 'run') })
    return { store: open(), reopen: open, dispose: () => rmSync(directory, { recursive: true }) }
  },
})

storeContract('memory', {
  open: () => {
    const store = createMemoryStore()
    return { store, reopen: () => store, dispose: () => {} }
  },
})

storeContract('faulty over memory', {
  open: () => {
    const store = createFaultyStore(createMemoryStore)
    const reopen = () => {
      store.crash({ kind: 'process' })
      return store
    }
    return { store, reopen, dispose: () => {} }
  },
})
