// A small HTTP server that stops answering when asked to: only a check can tell that it is of no use any more.
import { createServer } from 'node:http'

const port = Number(process.env.PORT)
let isHanging = false
const server = createServer((request, response) => {
  if (request.url === '/hang') {
    isHanging = true
    console.log('answers nothing from now on')
  }
  if (!isHanging) response.end(`Hello from process ${process.pid}, up ${Math.round(process.uptime())} s\n`)
})
server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${port}/`))
process.on('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
