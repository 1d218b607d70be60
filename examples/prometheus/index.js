// An HTTP server that runs tenants' scripts, and tells Prometheus how its engine does.
//
//   npm install prom-client
//   node examples/prometheus
//   curl -X POST 'http://127.0.0.1:9464/run?script=hello&tenant=acme'
//   curl http://127.0.0.1:9464/metrics
//
// PORT sets another port, 0 any free one. SIGTERM ends it: what runs may finish, for at most two seconds.
'use strict'

const http = require('node:http')
const { Engine, LuaError } = require('moonpool')
const { registerMetrics } = require('moonpool/prometheus')
const { Registry } = require('prom-client')

const engine = new Engine({ maxQueue: 100, defaults: { timeout: 250, queueTimeout: 1000 } })

/** What tenants may run. In a real server, who the tenant is comes from its credentials, not from the URL. */
const SCRIPTS = {
  hello: 'return "hello, " .. script.id',
  count: 'State.set("visits", (State.has("visits") and State.get("visits") or 0) + 1) return State.get("visits")',
  broken: 'error("out of order")',
  endless: 'while true do end',
}

const scripts = new Map(
  Object.entries(SCRIPTS).map(([name, source]) => [name, engine.compile(source, { name: `${name}.lua` })]),
)

/** What a client gets for a run that failed. All other codes are the script's own failure: 422. */
const STATUS = { ERR_QUEUE_FULL: 503, ERR_QUEUE_TIMEOUT: 503, ERR_ENGINE_CLOSED: 503, ERR_LUA_TIMEOUT: 504 }

// In a real server with many tenants, `tenantOf` would give names to a few groups of them, such as their plans.
const { registry } = registerMetrics(engine, {
  registry: new Registry(),
  tenantOf: (scriptId) => scriptId,
  maxTenants: 20,
})

async function serve(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  if (request.method === 'GET' && pathname === '/metrics') {
    answer(response, 200, await registry.metrics(), registry.contentType)
  } else if (request.method === 'POST' && pathname === '/run') {
    await run(searchParams.get('script'), searchParams.get('tenant'), response)
  } else {
    answer(response, 404, 'there are GET /metrics and POST /run?script=...&tenant=...')
  }
}

async function run(name, tenant, response) {
  const script = scripts.get(name)
  if (!script) return answer(response, 404, `there are the scripts ${[...scripts.keys()].join(', ')}`)
  // Nobody waits for the result any more when the client has gone.
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    answer(response, 200, await engine.runLua(script, tenant, { signal: gone.signal }))
  } catch (error) {
    if (gone.signal.aborted) return
    answer(response, statusOf(error), error.message)
  }
}

function statusOf(error) {
  if (error instanceof LuaError) return STATUS[error.code] ?? 422
  return error.code?.startsWith('ERR_INVALID_ARG') ? 400 : 500
}

function answer(response, status, text, type = 'text/plain; charset=utf-8') {
  // After SIGTERM a connection that is kept alive would keep the process alive.
  if (!server.listening) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': type }).end(`${text}\n`)
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => answer(response, 500, error.message))
})

server.listen(Number(process.env.PORT ?? 9464), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/metrics`)
})

process.once('SIGTERM', async () => {
  server.close()
  await engine.close({ timeout: 2000 })
  console.log('closed')
})
