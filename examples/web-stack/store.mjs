// A key-value store in ten lines: `SET key value` and `GET key`, a line each. It ends in order on SIGTERM.
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

const values = new Map()
const server = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  createInterface({ input: socket }).on('line', (line) => {
    const [verb, key, ...value] = line.split(' ')
    if (verb === 'SET') values.set(key, value.join(' '))
    socket.write(`${values.get(key) ?? ''}\n`)
  })
})
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(`ready for connections on ${process.env.PORT}`))
process.on('SIGTERM', () => {
  console.log(`keeping ${values.size} values`)
  process.exit(0)
})
