// Express middleware that asks a script of the tenant whether a request may pass.
//
//   npm install express
//   node examples/express
//   curl -H 'x-tenant: acme' 'http://127.0.0.1:3000/orders?amount=50'
//
// PORT sets another port, 0 any free one. SIGTERM ends it: what runs may finish, for at most two seconds.
'use strict'

const express = require('express')
const { Engine, LuaError } = require('moonpool')

const engine = new Engine({ maxQueue: 100, defaults: { timeout: 250, queueTimeout: 1000 } })

/** In a real server they come from a database, and who the tenant is from the credentials. */
const RULES = new Map([
  [
    'acme',
    `local request = ...
     local amount = tonumber(request.query.amount)
     if not amount then return { allow = false, reason = "no amount" } end
     if amount > 100 then return { allow = false, reason = "too much: " .. request.query.amount } end
     return { allow = true, tags = json.array { "checked by " .. script.id } }`,
  ],
  ['globex', 'while true do end'],
])

/** Middleware: what the tenant's script allows goes on, with `request.tags`. */
function tenantRule() {
  return async (request, response, next) => {
    const tenant = request.get('x-tenant')
    const rule = RULES.get(tenant)
    if (!rule) return answer(response, 401, { error: 'no such tenant' })
    const input = { method: request.method, path: request.path, query: { ...request.query } }
    // An error goes to the error handler below, as that of every async middleware does.
    const { value } = await engine.run(rule, tenant, { args: [input], name: `${tenant}.lua` })
    if (value?.allow !== true) return answer(response, 403, { error: value?.reason ?? 'refused' })
    request.tags = value.tags
    next()
  }
}

function failed(error, _request, response, next) {
  if (!(error instanceof LuaError)) return next(error)
  const isBusy = ['ERR_QUEUE_FULL', 'ERR_QUEUE_TIMEOUT', 'ERR_ENGINE_CLOSED'].includes(error.code)
  answer(response, isBusy ? 503 : 502, { error: error.code })
}

function answer(response, status, body) {
  // After SIGTERM a connection that is kept alive would keep the process alive.
  if (!server.listening) response.set('connection', 'close')
  response.status(status).json(body)
}

const app = express()
app.get('/orders', tenantRule(), (request, response) => {
  answer(response, 200, { ordered: Number(request.query.amount), tags: request.tags })
})
app.use(failed)

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})

process.once('SIGTERM', async () => {
  server.close()
  await engine.close({ timeout: 2000 })
  console.log('closed')
})
