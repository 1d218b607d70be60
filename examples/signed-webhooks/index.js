// Signed webhooks: tenants/acme.lua checks what is posted to /acme, as its sender signs it, and brings it into our form.
//
//   node examples/signed-webhooks
//   curl -H "x-signature: sha256=$(printf '{"sale":"7","buyer":"ada","amount":"12.50"}' |
//     openssl dgst -sha256 -hmac globex-secret -r | cut -c 1-64)" \
//     -d '{"sale":"7","buyer":"ada","amount":"12.50"}' http://127.0.0.1:3000/globex
//
// PORT sets another port, 0 any free one. SIGTERM ends it.
'use strict'

const { once } = require('node:events')
const { readFileSync } = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { Engine, LuaError } = require('moonpool')

const MAX_BODY = 64 * 1024

/** In a real server they come from a vault. */
const SECRETS = new Map([
  ['acme', 'acme-secret'],
  ['globex', 'globex-secret'],
])

const engine = new Engine({
  foreignKeys: 'missing', // No tenant learns what others have received.
  defaults: { timeout: 500, cpuTimeout: 100, memoryLimit: 8 * 2 ** 20 },
})

/** What an order has, after a tenant's script. Whatever else that returns is not delivered. */
const isOrder = ({ id, customer, cents }) =>
  typeof id === 'string' && typeof customer === 'string' && Number.isSafeInteger(cents)

async function receive(request) {
  const tenant = request.url.slice(1)
  if (!SECRETS.has(tenant)) return [404, { error: 'no such tenant' }]
  const body = await bodyOf(request)
  if (!body) return [413, { error: 'the body is too large' }]
  try {
    // The bytes as they came: text that was parsed and written again would have another signature.
    const { value } = await engine.callScript(tenant, [body, request.headers['x-signature'] ?? ''])
    if (value === undefined) return [200, { repeated: true }]
    if (value === null || !isOrder(value)) return [500, { error: 'the script returned no order' }]
    console.log(JSON.stringify({ tenant, order: value }))
    return [200, { delivered: value.id }]
  } catch (error) {
    if (!(error instanceof LuaError)) throw error
    // What signed.lua refuses. Of other errors, a sender hears the code alone.
    const { status, message } = error.luaValue ?? {}
    if (status === 401 || status === 422) return [status, { error: String(message) }]
    console.log(JSON.stringify({ tenant, error: error.message }))
    return [error.code === 'ERR_LUA_TIMEOUT' ? 504 : 500, { error: error.code }]
  }
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

const server = http.createServer(async (request, response) => {
  const [status, answer] = await receive(request).catch((error) => {
    console.error(error)
    return [500, { error: 'internal error' }]
  })
  // After SIGTERM a connection that is kept alive would keep the process alive.
  if (!server.listening) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})

async function main() {
  await engine.addModules(path.join(__dirname, 'modules'))
  for (const [tenant, SECRET] of SECRETS) {
    // A global of this script alone: no other tenant's has it.
    engine.addScript(tenant, readFileSync(path.join(__dirname, `tenants/${tenant}.lua`)), { globals: { SECRET } })
  }
  server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
  await once(server, 'listening')
  console.log(`http://127.0.0.1:${server.address().port}`)
  process.once('SIGTERM', async () => {
    server.close()
    await engine.close({ timeout: 2000 })
    console.log('closed')
  })
}

main()
