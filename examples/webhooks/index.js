// A server for webhooks of many tenants: tenants/acme/order.lua gets what is posted to /acme/order.
//
//   npm install express
//   node examples/webhooks
//   curl -d '{"id":"7","customer":"ada","cents":1250,"items":["tea","cake"]}' http://127.0.0.1:3000/acme/order
//   curl -T new-order.lua http://127.0.0.1:3000/acme/order
//   curl http://127.0.0.1:3000/bill
//
// What the script returns is the answer. PUT replaces a script, for as long as the server runs. PORT sets another port,
// 0 any free one. SIGTERM ends it: what runs may finish, for at most two seconds.
'use strict'

const { randomUUID } = require('node:crypto')
const { readdirSync, readFileSync } = require('node:fs')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const express = require('express')
const { Engine, HostError, LuaError } = require('moonpool')

const MAX_BODY = 64 * 1024
const MAX_DELIVERIES = 5

/** In a real server they come from a database, and who calls from credentials. Here anybody may do anything. */
const TENANTS = new Map([
  ['acme', { plan: 'large', targets: new Map([['warehouse', 'https://warehouse.example']]) }],
  ['globex', { plan: 'small', targets: new Map([['crm', 'https://down.example']]) }],
])
const CUSTOMERS = new Map([['ada', { name: 'Ada', address: '1 Moon Street' }]])

const LIMITS = {
  large: { weight: 4, maxQueued: 100, memory: 64 * 2 ** 20 },
  small: { maxQueued: 2, maxStarted: 1, cpuPerSecond: 100, hostCallsPerSecond: 10, stateQuota: 64 * 1024 },
}

const engine = new Engine({
  perId: (tenant) => LIMITS[TENANTS.get(tenant).plan],
  trackedIds: 100_000, // More than there are tenants, so that no bill is forgotten.
  foreignKeys: 'missing', // No script learns which keys others have.
  values: { nulls: 'nil' },
  maxQueue: 1000,
  defaults: { timeout: 1000, cpuTimeout: 100, queueTimeout: 2000, memoryLimit: 8 * 2 ** 20, maxSource: MAX_BODY },
})

/** What the scripts of a plan may call. */
const FUNCTIONS = {
  large: engine.functions({ deliver, customer: (_run, id) => CUSTOMERS.get(id) }),
  small: engine.functions({ deliver }),
}

/** Sends a message to a target of the tenant. `data` is the request that the run serves. */
async function deliver({ scriptId, data, signal }, target, message) {
  const url = TENANTS.get(scriptId).targets.get(target)
  if (!url) throw new HostError('you have no such target', { code: 'NO_TARGET' })
  if (++data.deliveries > MAX_DELIVERIES) throw new HostError('too many deliveries', { code: 'TOO_MANY' })
  await wait(20, undefined, { signal }) // It stands for fetch(url, { method: 'POST', body, signal }).
  if (url.includes('down')) throw new Error(`no answer from ${url}`)
  log({ tenant: scriptId, request: data.id, delivered: target, message })
}

/** The script of each route, such as 'acme/order'. */
const scripts = new Map()

/** Throws for a script that does not compile, and then the old one stays. Runs keep the script that they were given. */
function load(route, source) {
  scripts.set(route, engine.compile(source, { name: `${route}.lua` }))
}

async function handle({ params: { tenant, event }, body }, response) {
  const script = scripts.get(`${tenant}/${event}`)
  if (!script) return answer(response, 404, { error: 'no such webhook' })
  // Nobody waits for the result any more when the sender has gone.
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const data = { id: randomUUID(), deliveries: 0 }
  const host = FUNCTIONS[TENANTS.get(tenant).plan]
  try {
    const { value, output } = await engine.run(script, tenant, { args: [body], host, data, signal: gone.signal })
    if (output) log({ tenant, request: data.id, output })
    answer(response, 200, value ?? null)
  } catch (error) {
    if (gone.signal.aborted) return
    if (!(error instanceof LuaError)) throw error
    log({ tenant, request: data.id, error })
    refuse(response, error)
  }
}

const STATUS = {
  ERR_QUOTA: 429,
  ERR_QUEUE_FULL: 503,
  ERR_QUEUE_TIMEOUT: 503,
  ERR_ENGINE_CLOSED: 503,
  ERR_LUA_TIMEOUT: 504,
}

/** A sender hears what the script says with error({ status = 422, message = ... }). Of other errors, only the code. */
function refuse(response, { code, luaValue, retryAfter }) {
  const { status, message } = luaValue ?? {}
  if (Number.isInteger(status) && status >= 400 && status < 500) return answer(response, status, { error: message })
  if (retryAfter) response.set('retry-after', String(Math.ceil(retryAfter / 1000)))
  answer(response, STATUS[code] ?? 500, { error: code })
}

/** The author of a script sees what is wrong with it. */
function replace({ params: { tenant, event }, body }, response) {
  const route = `${tenant}/${event}`
  if (!scripts.has(route)) return answer(response, 404, { error: 'no such webhook' })
  try {
    load(route, body)
    answer(response, 200, { replaced: route })
  } catch ({ message }) {
    answer(response, 422, { error: message })
  }
}

/** What each tenant has taken since the server began. */
function bill() {
  return [...TENANTS].map(([tenant, { plan }]) => {
    const { completed, failed, timedOut, rejected, cpuTime, hostCalls, stateBytes } = engine.usage(tenant)
    return { tenant, plan, runs: completed + failed + timedOut, rejected, cpuTime, hostCalls, stateBytes }
  })
}

function answer(response, status, body) {
  // After SIGTERM a connection that is kept alive would keep the process alive.
  if (!server.listening) response.set('connection', 'close')
  response.status(status).json(body)
}

/** Writes a line of JSON, in which nothing that a script says can look like another line. */
function log(entry) {
  console.log(JSON.stringify(entry, jsonOf))
}

/** Integers beyond the safe ones come from Lua as BigInts, which JSON.stringify refuses. */
function jsonOf(_key, value) {
  return typeof value === 'bigint' ? String(value) : value
}

const app = express()
app.set('json replacer', jsonOf)
app.get('/bill', (_request, response) => answer(response, 200, bill()))
app.post('/:tenant/:event', express.json({ limit: MAX_BODY, type: () => true }), handle)
app.put('/:tenant/:event', express.text({ limit: MAX_BODY, type: () => true }), replace)
app.use((error, _request, response, _next) => {
  // A body that is no JSON or too long, or something in it that cannot go into Lua.
  const status = error.code?.startsWith('ERR_INVALID_ARG') ? 400 : (error.status ?? 500)
  if (status === 500) console.error(error)
  answer(response, status, { error: status === 500 ? 'internal error' : 'a wrong body' })
})

let server
async function main() {
  await engine.addModules(path.join(__dirname, 'modules'))
  for (const tenant of TENANTS.keys()) {
    const folder = path.join(__dirname, 'tenants', tenant)
    for (const file of readdirSync(folder)) {
      load(`${tenant}/${path.basename(file, '.lua')}`, readFileSync(path.join(folder, file)))
    }
  }
  server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${server.address().port}`)
  })
  process.once('SIGTERM', async () => {
    server.close()
    await engine.close({ timeout: 2000 })
    log({ bill: bill() })
    console.log('closed')
  })
}
main()
