// A small HTTP server that ends in order on SIGTERM, and crashes when asked to.
import { createServer } from 'node:http'

const port = Number(process.env.PORT)
const server = createServer((request, response) => {
  console.log(request.method, request.url)
  if (request.url === '/crash') process.exit(1)
  response.end(`Hello from process ${process.pid}, up ${Math.round(process.uptime())} s\n`)
})
server.listen(port, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${port}/`))
process.on('SIGTERM', () => {
  console.log('closing')
  server.close()
  server.closeAllConnections()
})
