// An HTTP server whose routes are scripts of its tenants: tenants/acme.lua answers /acme and everything below it.
//
//   node examples/http-server
//   curl 'http://127.0.0.1:3000/acme/hello?name=ada'
//
// A script gets the request as `...` and returns `{ status = 200, body = ... }`: text, or a table that is sent as JSON.
// PORT sets another port, 0 any free one. SIGTERM ends it: what runs may finish, for at most two seconds.
'use strict'

const { readdirSync, readFileSync } = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { Engine, LuaError } = require('moonpool')

const TENANTS = path.join(__dirname, 'tenants')
const MAX_BODY = 64 * 1024

const engine = new Engine({ maxQueue: 100, defaults: { timeout: 250, queueTimeout: 1000, memoryLimit: 8 * 2 ** 20 } })

/** The script of each tenant. A script that does not compile stops the server here. */
const routes = new Map(
  readdirSync(TENANTS).map((file) => {
    const source = readFileSync(path.join(TENANTS, file))
    return [path.basename(file, '.lua'), engine.compile(source, { name: file })]
  }),
)

/** What a client gets for a run that failed. All other codes are the script's own failure: 500. */
const STATUS = { ERR_QUEUE_FULL: 503, ERR_QUEUE_TIMEOUT: 503, ERR_ENGINE_CLOSED: 503, ERR_LUA_TIMEOUT: 504 }

async function serve(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const [, tenant, ...rest] = pathname.split('/')
  const script = routes.get(tenant)
  if (!script) return answer(response, 404, { error: 'no such tenant' })
  const body = await bodyOf(request)
  if (body === undefined) return answer(response, 413, { error: 'the body is too large' })

  const input = { method: request.method, path: `/${rest.join('/')}`, query: Object.fromEntries(searchParams), body }
  // Nobody waits for the result any more when the client has gone.
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const { value, output } = await engine.run(script, tenant, { args: [input], signal: gone.signal })
    if (output) process.stdout.write(`${tenant}: ${output}`)
    const { status, body } = checked(value)
    answer(response, status, body)
  } catch (error) {
    if (gone.signal.aborted) return
    if (!(error instanceof LuaError)) throw error
    console.log(`${tenant}: ${error.code}: ${error.message}`)
    answer(response, STATUS[error.code] ?? 500, { error: error.code })
  }
}

/** What a script returns may be anything. */
function checked(value) {
  const { status = 200, body = '' } = typeof value === 'object' && value !== null ? value : {}
  const isRight = Number.isInteger(status) && status >= 200 && status <= 599
  return isRight ? { status, body } : { status: 502, body: { error: 'the script returned no response' } }
}

/** The bytes of the body, or undefined when there are too many. */
async function bodyOf(request) {
  const pieces = []
  let size = 0
  for await (const piece of request) {
    size += piece.length
    if (size <= MAX_BODY) pieces.push(piece)
  }
  return size <= MAX_BODY ? Buffer.concat(pieces) : undefined
}

function answer(response, status, body) {
  // After SIGTERM a connection that is kept alive would keep the process alive.
  if (!server.listening) response.setHeader('connection', 'close')
  const isText = typeof body === 'string'
  const text = isText ? body : JSON.stringify(body, jsonOf)
  response.writeHead(status, { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' }).end(text)
}

/** Integers beyond the safe ones come from Lua as BigInts, which JSON.stringify refuses. */
function jsonOf(_key, value) {
  return typeof value === 'bigint' ? String(value) : value
}

const server = http.createServer((request, response) => {
  serve(request, response).catch((error) => {
    console.error(error)
    if (!response.headersSent) answer(response, 500, { error: 'internal error' })
  })
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})

process.once('SIGTERM', async () => {
  server.close()
  await engine.close({ timeout: 2000 })
  console.log('closed')
})
