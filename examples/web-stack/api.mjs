// Counts requests in the store. `/ready` fails while the store does not answer; `/hang` makes it stop answering for good,
// so that its liveness check ends it.
import { createServer } from 'node:http'
import { connect } from 'node:net'

const ask = (line) =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(process.env.STORE_PORT), '127.0.0.1', () => socket.write(`${line}\n`))
    socket.setTimeout(1_000, () => socket.destroy(new Error('the store does not answer')))
    socket.once('data', (data) => {
      resolve(String(data).trim())
      socket.destroy()
    })
    socket.once('error', reject)
  })

let isHanging = false
createServer(async (request, response) => {
  if (request.url === '/hang') isHanging = true
  if (isHanging) return
  try {
    const count = Number(await ask('GET hits')) || 0
    if (request.url === '/') await ask(`SET hits ${count + 1}`)
    response.end(`${count + (request.url === '/' ? 1 : 0)} requests so far\n`)
  } catch (error) {
    response.writeHead(503).end(`${error.message}\n`)
  }
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log(`listening on ${process.env.PORT}`))
