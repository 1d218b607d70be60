// The example server for webhooks: what senders are told, what tenants are billed, and that SIGTERM ends it cleanly.
'use strict'

const { once } = require('node:events')
const { startServer } = require('./support/server')
const { unixTest } = require('./support/test-if')

let started
beforeEach(async () => {
  started = await startServer('webhooks')
})

async function send(method, route, body, signal) {
  const response = await fetch(`${started.address}/${route}`, { method, body, signal })
  return { status: response.status, body: await response.json(), retryAfter: response.headers.get('retry-after') }
}

const post = (route, event, signal) => send('POST', route, JSON.stringify(event), signal)
const put = (route, source) => send('PUT', route, source)
const answered = (status, body) => ({ status, body, retryAfter: null })

async function billOf(tenant) {
  const { body } = await send('GET', 'bill')
  return body.find((line) => line.tenant === tenant)
}

/** What the server has logged, of what is asked for, once there are so many. */
async function logged(what, count = 1) {
  for (;;) {
    const lines = started.printed().split('\n').slice(0, -1)
    const entries = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
    const found = entries.filter((entry) => what in entry)
    if (found.length >= count) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const order = { id: '7', customer: 'ada', cents: 1250, items: ['tea', 'cake'] }

test('an event is checked, transformed, delivered once and counted; what is no event is refused', async () => {
  expect(await post('acme/order', order)).toEqual(answered(200, { month: 1250 }))
  expect(await post('acme/order', order)).toEqual(answered(200, { repeated: true }))
  const unknown = { ...order, id: '8', customer: 'eve' }
  expect(await post('acme/order', unknown)).toEqual(answered(422, { error: 'no such customer' }))
  expect(await post('acme/order', { ...order, id: '8' })).toEqual(answered(200, { month: 2500 }))
  const odd = { ...order, cents: '1' }
  expect(await post('acme/order', odd)).toEqual(answered(422, { error: 'cents must be of the type integer' }))

  const delivered = await logged('delivered', 2)
  const messages = ['7', '8'].map((id) => ({ order: id, to: '1 Moon Street', pack: 'tea, cake' }))
  expect(delivered.map(({ message }) => message)).toEqual(messages)
  const output = { tenant: 'acme', request: delivered[0].request, output: 'order 7 goes to Ada\n' }
  expect(await logged('output')).toContainEqual(output)

  const wrong = answered(400, { error: 'a wrong body' })
  expect(await send('POST', 'acme/order', '{')).toEqual(wrong)
  expect(await send('POST', 'acme/order', String.raw`{"id":"\ud800"}`)).toEqual(wrong)
  expect(await post('acme/order', { id: 'x'.repeat(70_000) })).toEqual({ ...wrong, status: 413 })
  expect(await post('absent/order', {})).toEqual(answered(404, { error: 'no such webhook' }))
})

test('scripts have the functions of their plan, and learn what a HostError says; they can be replaced', async () => {
  const signup = { email: 'Bob@moon.example', target: 'mail' }
  expect(await post('globex/signup', signup)).toEqual(answered(200, { later: 'you have no such target' }))
  const down = { ...signup, target: 'crm' }
  expect(await post('globex/signup', down)).toEqual(answered(500, { error: 'ERR_HOST_FUNCTION' }))
  const [{ error }] = await logged('error')
  expect(error.cause).toEqual({ name: 'Error', message: 'no answer from https://down.example' })

  const look =
    'local ok, e = pcall(host.deliver, "crm", {}) return { message = e.message, customer = type(host.customer) }'
  expect(await put('globex/signup', look)).toEqual(answered(200, { replaced: 'globex/signup' }))
  const seen = answered(200, { message: 'host.deliver failed', customer: 'nil' })
  expect(await post('globex/signup', {})).toEqual(seen)
  const problem = { error: "globex/signup.lua:1: unexpected symbol near '='" }
  expect(await put('globex/signup', 'return =')).toEqual(answered(422, problem))
  expect(await post('globex/signup', {})).toEqual(seen)
  expect(await put('globex/other', 'return 1')).toEqual(answered(404, { error: 'no such webhook' }))

  await put(
    'acme/order',
    'for i = 1, 6 do local ok, e = pcall(host.deliver, "warehouse", i) code = not ok and e.code end return code',
  )
  for (let request = 0; request < 2; request++) {
    expect(await post('acme/order', {})).toEqual(answered(200, 'TOO_MANY'))
  }
  expect(await logged('delivered', 10)).toHaveLength(10)
})

test('a plan bounds what runs and waits; the bill says what each tenant has taken', async () => {
  await put('globex/signup', 'while true do end')
  expect(await post('globex/signup', {})).toEqual(answered(504, { error: 'ERR_LUA_TIMEOUT' }))
  expect((await billOf('globex')).cpuTime).toBeGreaterThan(20)

  await put('globex/signup', 'sleep(10)')
  const gone = new AbortController()
  const answers = []
  // One runs and two wait. The others are refused, whichever they are.
  const requests = Array.from({ length: 5 }, async () => {
    answers.push(await post('globex/signup', {}, gone.signal).catch(() => 'gone'))
    if (answers.length === 2) gone.abort()
  })
  expect(await post('acme/order', order)).toMatchObject({ status: 200 })
  await Promise.all(requests)
  const refused = { status: 429, body: { error: 'ERR_QUOTA' }, retryAfter: expect.stringMatching(/^[1-9]\d*$/) }
  expect(answers).toEqual([refused, refused, 'gone', 'gone', 'gone'])

  expect(await billOf('globex')).toMatchObject({ plan: 'small', runs: 1, rejected: 2, hostCalls: 0, stateBytes: 0 })
  expect(await billOf('acme')).toMatchObject({ plan: 'large', runs: 1, rejected: 0, hostCalls: 2 })
  expect((await billOf('acme')).stateBytes).toBeGreaterThan(192)
})

unixTest('SIGTERM lets a request finish, logs the bill, and then the process ends by itself', async () => {
  const exit = once(started.server, 'close')
  await put('acme/order', 'host.deliver("warehouse", "first") sleep(0.2) return "done"')
  const answer = post('acme/order', {})
  await logged('delivered')
  started.server.kill('SIGTERM')
  expect(await answer).toEqual(answered(200, 'done'))
  expect(await exit).toEqual([0, null])
  const [{ bill }] = await logged('bill')
  expect(bill[0]).toMatchObject({ tenant: 'acme', runs: 1 })
  expect(started.printed()).toMatch(/closed\n$/)
})
