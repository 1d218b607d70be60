// The example HTTP servers: what their routes answer, and that SIGTERM ends them cleanly.
'use strict'

const { once } = require('node:events')
const { startServer } = require('./support/server')
const { unixTest } = require('./support/test-if')

let started

async function start(example) {
  started = await startServer(example)
}

async function get(target, options) {
  const response = await fetch(started.address + target, options)
  const isJson = /json/.test(response.headers.get('content-type'))
  return { status: response.status, body: isJson ? await response.json() : await response.text() }
}

test('http-server: each tenant has its routes and its State', async () => {
  await start('http-server')
  expect(await get('/acme/hello?name=ada')).toEqual({ status: 200, body: 'hello, ada' })
  expect(await get('/acme/visits')).toEqual({ status: 200, body: { tenant: 'acme', visits: 1 } })
  expect(await get('/acme/visits')).toEqual({ status: 200, body: { tenant: 'acme', visits: 2 } })
  expect(await get('/globex/visits')).toEqual({ status: 200, body: { tenant: 'globex', visits: 0 } })
  expect(await get('/acme/echo', { method: 'POST', body: 'moon' })).toEqual({ status: 201, body: 'MOON' })
  expect(await get('/acme/absent')).toEqual({ status: 404, body: 'acme has no such page' })
  expect(await get('/absent')).toEqual({ status: 404, body: { error: 'no such tenant' } })
})

test('http-server: what goes wrong in a script or a request has a status', async () => {
  await start('http-server')
  expect(await get('/globex/endless')).toEqual({ status: 504, body: { error: 'ERR_LUA_TIMEOUT' } })
  expect(await get('/globex/broken')).toEqual({ status: 500, body: { error: 'ERR_LUA_RUNTIME' } })
  expect(await get('/globex/odd')).toMatchObject({ status: 502 })
  expect(await get('/acme/echo', { method: 'POST', body: 'x'.repeat(65 * 1024) })).toMatchObject({ status: 413 })
})

const order = (amount, tenant) => get(`/orders?amount=${amount}`, { headers: tenant ? { 'x-tenant': tenant } : {} })

test('express: the rule of a tenant decides what may pass', async () => {
  await start('express')
  expect(await order(50, 'acme')).toEqual({ status: 200, body: { ordered: 50, tags: ['checked by acme'] } })
  expect(await order(500, 'acme')).toEqual({ status: 403, body: { error: 'too much: 500' } })
  expect(await order('x', 'acme')).toEqual({ status: 403, body: { error: 'no amount' } })
  expect(await order(50, 'globex')).toEqual({ status: 502, body: { error: 'ERR_LUA_TIMEOUT' } })
  expect(await order(50)).toEqual({ status: 401, body: { error: 'no such tenant' } })
})

unixTest.each([
  ['http-server', () => get('/globex/endless'), 504],
  ['express', () => order(50, 'globex'), 502],
])('%s: SIGTERM lets a request finish, and then the process ends by itself', async (example, request, status) => {
  await start(example)
  const exit = once(started.server, 'exit')
  // So that there is a connection already.
  await get('/')
  const answer = request()
  // Long enough for the request to arrive, and shorter than the timeout of the script that it runs.
  await new Promise((resolve) => setTimeout(resolve, 200))
  started.server.kill('SIGTERM')
  expect(await answer).toMatchObject({ status })
  expect(await exit).toEqual([0, null])
  expect(started.printed()).toMatch(/closed\n$/)
})
