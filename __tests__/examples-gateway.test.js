// The example of a gateway: its limit, its cache, and that its timer counts every request, to the last.
'use strict'

const { once } = require('node:events')
const { startServer } = require('./support/server')
const { unixTest } = require('./support/test-if')

let started

/** `seconds` between two times that the timer runs. */
async function start(seconds) {
  started = await startServer('gateway', { FLUSH: String(seconds) })
}

async function get(target, key = 'ada-key') {
  const response = await fetch(started.address + target, { headers: { 'x-key': key } })
  const { status, headers } = response
  return { status, body: await response.text(), retryAfter: headers.get('retry-after') }
}

const ok = (body) => ({ status: 200, body, retryAfter: null })

/** The entries of the log with this message. */
function logged(message) {
  const lines = started.printed().split('\n').slice(0, -1)
  const entries = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  return entries.filter((entry) => entry.message === message)
}

async function until(isSo) {
  while (!isSo()) {
    // After a test that has failed, nobody waits any more.
    if (started.server.killed) throw new Error(started.printed())
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a client that has had its requests is told when to come again; others go on', async () => {
  await start(60)
  for (let n = 1; n <= 5; n++) expect(await get('/hello')).toEqual(ok(`hello, ada: call ${n}`))
  const refused = { status: 429, body: 'too many requests', retryAfter: expect.stringMatching(/^([1-9]|[1-5]\d|60)$/) }
  expect(await Promise.all([get('/hello'), get('/api/stock'), get('/endless')])).toEqual([refused, refused, refused])
  expect(await get('/hello', 'bob-key')).toEqual(ok('hello, bob: call 1'))
  expect(await get('/hello', 'none')).toEqual(ok('hello, 127.0.0.1: call 1'))
  await until(() => logged('too many requests').length > 0)
  expect(logged('too many requests').map(({ scriptId, fields }) => [scriptId, fields])).toEqual([
    ['gateway', { client: 'ada' }],
  ])
})

test('routes are scripts: one has a cache, one fails, and phases are none', async () => {
  await start(60)
  expect(await get('/api/stock?item=tea')).toEqual(ok('tea: 3'))
  expect(await get('/api/stock?item=tea', 'bob-key')).toEqual(ok('tea: 3'))
  expect(await get('/api/stock?item=cake')).toEqual(ok('cake: 0'))
  await until(() => logged('looked up').length >= 2)
  expect(logged('looked up').map(({ name, fields }) => [name, fields.item])).toEqual([
    ['api.stock', 'tea'],
    ['api.stock', 'cake'],
  ])
  expect(await get('/endless')).toEqual({ status: 504, body: 'ERR_LUA_TIMEOUT', retryAfter: null })
  for (const target of ['/', '//', '/access', '/start', '/api', '/api.', '/%2e', `/${'x'.repeat(300)}`]) {
    expect(await get(target)).toMatchObject({ status: 404 })
  }
})

unixTest('the timer adds up each request once while they go on; SIGTERM brings the rest', async () => {
  const sum = () => logged('flushed').reduce((sum, { fields }) => sum + fields.count, 0)
  await start(0.01)
  const exit = once(started.server, 'close')
  await get('/hello')
  await until(() => sum() >= 1)
  await Promise.all(Array.from({ length: 30 }, () => get('/hello')))
  await until(() => sum() >= 31)
  started.server.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect([sum(), logged('flushed').at(-1).fields.total]).toEqual([31, 31])

  await start(60)
  const end = once(started.server, 'close')
  await Promise.all([get('/hello'), get('/hello'), get('/api/stock')])
  expect(logged('flushed')).toEqual([])
  started.server.kill('SIGTERM')
  expect(await end).toEqual([0, null])
  const flushed = logged('flushed').map(({ scriptId, fields }) => ({ scriptId, ...fields }))
  expect(flushed.sort((a, b) => b.count - a.count)).toEqual([
    { scriptId: 'gateway', route: 'hello', count: 2, total: 2 },
    { scriptId: 'gateway', route: 'api.stock', count: 1, total: 1 },
  ])
  expect(started.printed()).toMatch(/closed\n$/)
})
