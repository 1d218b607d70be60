// The example of signed webhooks: what is taken, once, and what is refused.
'use strict'

const { createHmac } = require('node:crypto')
const { once } = require('node:events')
const { startServer } = require('./support/server')

let started
beforeEach(async () => {
  started = await startServer('signed-webhooks')
})

async function post(tenant, body, signature) {
  const headers = signature === undefined ? {} : { 'x-signature': signature }
  const response = await fetch(`${started.address}/${tenant}`, { method: 'POST', body, headers })
  return [response.status, await response.json()]
}

const macOf = (secret, ...parts) =>
  createHmac('sha256', secret)
    .update(Buffer.concat(parts.map(Buffer.from)))
    .digest('hex')

const now = () => Math.floor(Date.now() / 1000)

/** As the sender of acme signs, and that of globex. */
const timed = (body, seconds = now(), secret = 'acme-secret') => `t=${seconds},v1=${macOf(secret, `${seconds}.`, body)}`
const plain = (body, secret = 'globex-secret') => `sha256=${macOf(secret, body)}`

/** What was delivered, once it is so much. */
async function delivered(count) {
  for (;;) {
    const lines = started.printed().split('\n').slice(0, -1)
    if (lines.length >= count || started.server.killed) return lines.map((line) => JSON.parse(line))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Nothing, that is, but an order that comes now. */
async function nothingDelivered() {
  expect(await post('globex', GLOBEX, plain(GLOBEX))).toEqual([200, { delivered: '9' }])
  expect(await delivered(1)).toMatchObject([{ tenant: 'globex', order: { id: '9' } }])
}

const ACME = '{"id":"7","customer":"ada","cents":1250}'
const GLOBEX = '{"sale":"9","buyer":"Zoë","amount":"12.05"}'

test('what each sender has signed in its own way is delivered in one form; SIGTERM ends it', async () => {
  expect(await post('acme', ACME, timed(ACME))).toEqual([200, { delivered: '7' }])
  expect(await post('globex', GLOBEX, plain(GLOBEX))).toEqual([200, { delivered: '9' }])
  expect(await delivered(2)).toEqual([
    { tenant: 'acme', order: { id: '7', customer: 'ada', cents: 1250 } },
    { tenant: 'globex', order: { id: '9', customer: 'Zoë', cents: 1205 } },
  ])
  if (process.platform === 'win32') return
  const exit = once(started.server, 'close')
  started.server.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect(started.printed()).toMatch(/closed\n$/)
})

test('of copies that come at once, and later ones, one is delivered', async () => {
  const signature = timed(ACME)
  const answers = await Promise.all(Array.from({ length: 10 }, () => post('acme', ACME, signature)))
  answers.push(await post('acme', ACME, signature))
  expect(answers.filter(([, { delivered }]) => delivered === '7')).toHaveLength(1)
  expect(answers.filter(([, { repeated }]) => repeated)).toHaveLength(10)
  // What comes last shows that there was no other.
  expect(await post('globex', GLOBEX, plain(GLOBEX))).toEqual([200, { delivered: '9' }])
  expect((await delivered(2)).map(({ tenant }) => tenant)).toEqual(['acme', 'globex'])
})

test('nothing is delivered whose signature is not right, or too old', async () => {
  const refused = [401, { error: 'a wrong signature' }]
  const right = timed(ACME)
  for (const signature of [
    undefined,
    '',
    right.slice(0, -1),
    right.slice(0, -2),
    `${right}00`,
    `${right},v1=${'0'.repeat(64)}`,
    right.replace(/t=\d/, 't=2'),
    't=1,v1=',
    timed(ACME, now(), 'globex-secret'),
    plain(ACME, 'acme-secret'),
  ]) {
    expect([signature, await post('acme', ACME, signature)]).toEqual([signature, refused])
  }
  expect(await post('acme', ACME.replace('1250', '1'), right)).toEqual(refused)
  expect(await post('globex', GLOBEX, plain(GLOBEX, 'acme-secret'))).toEqual(refused)
  const late = [401, { error: 'signed too long ago, or too early' }]
  for (const seconds of [now() - 400, now() + 400, '9'.repeat(400)]) {
    expect(await post('acme', ACME, timed(ACME, seconds))).toEqual(late)
  }
  await nothingDelivered()
})

test('what is signed, but no order, is refused, and any bytes may be signed', async () => {
  const bytes = Buffer.from([0xff, 0, 0x0a, 0xfe])
  for (const body of [bytes, '', '7', 'null', '{"sale":"9"}', '{"sale":"9","buyer":"ada","amount":"1.5"}']) {
    expect(await post('globex', body, plain(body))).toMatchObject([422, { error: expect.stringMatching(/^a wrong/) }])
  }
  const none = '{"id":7,"customer":"ada","cents":1250}'
  expect(await post('acme', none, timed(none))).toEqual([500, { error: 'the script returned no order' }])
  expect(await post('acme', 'x'.repeat(70_000), '')).toMatchObject([413, {}])
  expect(await post('absent', '', '')).toMatchObject([404, {}])
  await nothingDelivered()
})
