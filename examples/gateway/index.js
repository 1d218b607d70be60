// A gateway in the manner of OpenResty: each route is a script, and so is what happens before it, in phases/.
//
//   node examples/gateway
//   curl -i -H 'x-key: ada-key' 'http://127.0.0.1:3000/api/stock?item=tea'
//
// routes/api/stock.lua answers /api/stock. PORT sets another port, 0 any free one, and FLUSH the seconds between two
// entries in the log with what was counted. SIGTERM ends it, and nothing that was counted gets lost.
'use strict'

const http = require('node:http')
const path = require('node:path')
const { Engine, LuaError } = require('moonpool')

/** In a real gateway they come from a database. Who has no key shares what its address may have. */
const CLIENTS = new Map([
  ['ada-key', 'ada'],
  ['bob-key', 'bob'],
])
const STOCK = new Map([['tea', 3]])

/** How many requests a client may make in a window, and how many seconds that has. */
const RATE = { limit: 5, window: 60 }

const engine = new Engine({ defaults: { timeout: 250, memoryLimit: 8 * 2 ** 20 } })
engine.expose('stock', async (_run, item) => STOCK.get(item))
engine.on('log', ({ time, run, ...entry }) => console.log(JSON.stringify(entry)))

// Routes find neither of the gateway's own dictionaries: none of them can lift its clients' limit.
const own = { readers: ['gateway'], writers: ['gateway'] }
engine.sharedDict('rate', { ...own, maxItems: 100_000 })
engine.sharedDict('hits', own)
engine.sharedDict('cache', { maxItems: 1000, readers: ['api.stock'], writers: ['api.stock'] })

const STATUS = { ERR_QUEUE_FULL: 503, ERR_ENGINE_CLOSED: 503, ERR_LUA_TIMEOUT: 504 }

async function serve(routes, request, response) {
  const { pathname, searchParams } = new URL(`http://localhost${request.url}`)
  const route = pathname.slice(1).replaceAll('/', '.')
  // So that no client can call the scripts of phases/.
  if (!routes.has(route)) return answer(response, { status: 404, body: 'no such route' })
  const client = CLIENTS.get(request.headers['x-key']) ?? request.socket.remoteAddress
  const asked = { method: request.method, route, client, query: Object.fromEntries(searchParams) }
  try {
    const refusal = await engine.callScript('access', [asked])
    const { value } = refusal.value ? refusal : await engine.callScript(route, [asked])
    answer(response, value)
  } catch (error) {
    if (!(error instanceof LuaError)) throw error
    console.log(JSON.stringify({ level: 'error', route, message: error.message }))
    answer(response, { status: STATUS[error.code] ?? 500, body: error.code })
  }
}

/** What a script returns may be anything. */
function answer(response, value) {
  const { status = 200, body = '', retryAfter } = typeof value === 'object' && value !== null ? value : {}
  const isRight = Number.isInteger(status) && status >= 200 && status <= 599 && typeof body === 'string'
  if (Number.isInteger(retryAfter)) response.setHeader('retry-after', retryAfter)
  // After SIGTERM a connection that is kept alive would keep the process alive.
  if (!server.listening) response.setHeader('connection', 'close')
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.writeHead(isRight ? status : 502).end(isRight ? body : 'the script returned no response')
}

const server = http.createServer()

async function main() {
  await engine.addScripts(path.join(__dirname, 'phases'), { scriptId: 'gateway', globals: { RATE } })
  // Each route is an id of its own, with its own State.
  const routes = new Set(await engine.addScripts(path.join(__dirname, 'routes')))
  server.on('request', (request, response) => {
    serve(routes, request, response).catch((error) => {
      console.error(error)
      if (!response.headersSent) answer(response, { status: 500, body: 'internal error' })
    })
  })
  await engine.callScript('start', [Number(process.env.FLUSH ?? 1)])
  server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${server.address().port}`)
  })
  process.once('SIGTERM', () => {
    // First the requests, and then the engine: the timer, which runs once more then, counts all of them.
    server.close(() => engine.close({ timeout: 2000 }).then(() => console.log('closed')))
    setTimeout(() => server.closeAllConnections(), 2000).unref()
  })
}

main()
