// The server of the playground: who is let in, what is given out, and how much is read.
'use strict'

const http = require('node:http')
const net = require('node:net')
const { once } = require('node:events')
const { MAX_BODY } = require('../lib/cli/serve/server')
const { playground } = require('./support/playground')
const { testIf } = require('./support/test-if')

const APIS = ['hello', 'check', 'state', 'stop', 'run']
const BODY = JSON.stringify({ code: 'State.set("in", true)', id: 'main', page: 'p', run: 1 })

/** That nothing of what was asked has been done. */
async function nothingWasRun({ ask }) {
  expect(await ask('state', { id: 'main' })).toMatchObject({ entries: 0 })
}

test('the page and its files are given to anybody here, and say what a browser may do with them', async () => {
  const { send } = await playground()
  const { status, headers, text } = await send('GET', '/')
  expect(status).toBe(200)
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  const policy = headers['content-security-policy'].split('; ')
  expect(policy).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]),
  )
  expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:|\*/)
  const [, nonce] = /'nonce-([^']+)'/.exec(headers['content-security-policy'])
  expect(text).toContain(`nonce="${nonce}"`)
  expect((await send('GET', '/')).headers['content-security-policy']).not.toContain(nonce)
  for (const [, file] of text.matchAll(/(?:src|href)="([^"]+)"/g)) expect((await send('GET', file)).status).toBe(200)
  expect(text).not.toMatch(/https?:/)
})

test('the key is not on the page, and each playground has another one', async () => {
  const [one, other] = await Promise.all([playground(), playground()])
  expect(one.key.length).toBeGreaterThanOrEqual(32)
  expect(one.key).not.toBe(other.key)
  for (const path of ['/', '/page.js']) expect((await one.send('GET', path)).text).not.toContain(one.key)
})

test('names of other hosts are refused, whatever else is right', async () => {
  const served = await playground()
  const { send, port } = served
  const names = ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, 'localhost.evil.example']
  for (const host of [
    ...names,
    `127.0.0.2:${port}`,
    `0.0.0.0:${port}`,
    `[::1]:${port}`,
    `127.0.0.1:${port}@evil.example`,
  ]) {
    const headers = { host, origin: `http://${host}` }
    expect({ host, ...(await send('GET', '/', { headers })) }).toMatchObject({ status: 403 })
    expect({ host, ...(await send('POST', '/api/run', { body: BODY, headers })) }).toMatchObject({ status: 403 })
  }
  // Behind a port that is passed on, it has another one.
  const headers = { host: 'localhost:9999', origin: 'http://localhost:9999' }
  expect(await send('POST', '/api/hello', { body: BODY, headers })).toMatchObject({ status: 200 })
  await nothingWasRun(served)
})

test('pages of other origins are refused, and so is who has none', async () => {
  const served = await playground()
  const { send, port, host } = served
  const refused = async (api, origin) => {
    const { status, text } = await send('POST', `/api/${api}`, { body: BODY, headers: { origin } })
    expect({ origin, api, status, text }).toMatchObject({ status: 403, text: expect.stringContaining('only the page') })
  }
  const near = [`https://${host}`, `http://127.0.0.1:${port + 1}`, `http://localhost:${port}`, `http://${host}/`]
  for (const origin of [...near, 'null', '', undefined, `http://${host}.evil.example`]) await refused('run', origin)
  for (const api of APIS) await refused(api, 'http://evil.example')
  await nothingWasRun(served)
})

test('a key that is missing or wrong is refused', async () => {
  const served = await playground()
  const { send, key } = served
  const refused = async (api, wrong) => {
    const answer = await send('POST', `/api/${api}`, { body: BODY, headers: { 'x-moonpool-key': wrong } })
    expect({ wrong, api, ...answer }).toMatchObject({ status: 401 })
    expect(answer.text).not.toContain(key)
  }
  for (const wrong of ['', 'x', `${key}x`, key.slice(1), key.toLowerCase()]) await refused('run', wrong)
  for (const api of APIS) await refused(api, undefined)
  await nothingWasRun(served)
})

test('what a form of another page could send is refused, and no other page is allowed anything', async () => {
  const served = await playground()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined]) {
    const answer = await served.send('POST', '/api/run', { body: BODY, headers: { 'content-type': type } })
    expect(answer.status).toBe(415)
  }
  const asked = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
  const { status, headers } = await served.send('OPTIONS', '/api/run', { headers: asked })
  expect(status).toBe(405)
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  for (const method of ['PUT', 'DELETE', 'PATCH']) expect((await served.send(method, '/')).status).toBe(405)
  expect((await served.send('GET', `/api/run?body=${encodeURIComponent(BODY)}`)).status).toBe(404)
  await nothingWasRun(served)
})

test('no path leads to another file', async () => {
  const { send } = await playground()
  const paths = [
    '/../package.json',
    '/../../serve.js',
    '/%2e%2e/%2e%2e/serve.js',
    '/..%2f..%2fserve.js',
    '//etc/passwd',
  ]
  const more = [
    '/./page.js',
    '/page/page.js',
    '/page.js/',
    '/etc/passwd',
    '/__proto__',
    '/constructor',
    '/page.js%00.html',
  ]
  for (const path of [...paths, ...more, '/%', '/\\..\\serve.js', 'http://127.0.0.1/../serve.js', '*']) {
    expect({ path, ...(await send('GET', path)) }).toMatchObject({ status: 404 })
  }
  for (const path of ['/api/__proto__', '/api/', '/api/constructor', '/api/hello/', '/page.js']) {
    expect({ path, ...(await send('POST', path, { body: '{}' })) }).toMatchObject({ status: 404 })
  }
})

test('a body that is too long is not read to its end', async () => {
  const { send, port, host, key } = await playground()
  const headers = { host, origin: `http://${host}`, 'x-moonpool-key': key, 'content-type': 'application/json' }
  const request = http.request({ host: '127.0.0.1', port, method: 'POST', path: '/api/check', headers, agent: false })
  request.on('error', () => {})
  const piece = Buffer.alloc(64 * 1024, 'x')
  let sent = 0
  const pour = () => {
    while (!request.destroyed && sent < 20 * MAX_BODY) {
      sent += piece.length
      if (!request.write(piece)) return request.once('drain', pour)
    }
    return undefined
  }
  pour()
  const [response] = await once(request, 'response')
  expect([response.statusCode, response.headers.connection]).toEqual([413, 'close'])
  request.destroy()
  expect(sent).toBeLessThan(20 * MAX_BODY)
  // One that is long, but not too long, is refused by the engine, in its own words.
  const body = JSON.stringify({ code: ' '.repeat(2 ** 20 + 1), id: 'main', page: 'p' })
  const { text } = await send('POST', '/api/run', { body })
  expect(text).toContain('"end":"rejected"')
})

test.each([
  ['no JSON', '{', 'no JSON'],
  ['nothing', '', 'no JSON'],
  ['a list', '[]', 'no object'],
  ['null', 'null', 'no object'],
  ['a number for the code', '{"code":1,"id":"main","page":"p"}', '"code" must be a string'],
  ['no id', '{"code":"","page":"p"}', '"id" must be a string'],
  ['no page', '{"code":"","id":"main"}', '"page" must be a string'],
])('a body that is %s is refused', async (_, body, words) => {
  const { send } = await playground()
  const { status, text } = await send('POST', '/api/run', { body })
  expect([status, JSON.parse(text).error]).toEqual([400, expect.stringContaining(words)])
})

testIf(process.platform === 'linux')('it listens on one address of this machine', async () => {
  const { port } = await playground()
  const socket = net.connect({ host: '127.0.0.2', port })
  const [error] = await once(socket, 'error')
  expect(error.code).toBe('ECONNREFUSED')
})

test('what is no HTTP harms nobody', async () => {
  const { port, send } = await playground()
  const socket = net.connect({ host: '127.0.0.1', port }).setEncoding('utf8')
  socket.end('\x16\x03\x01 not HTTP\r\n\r\n')
  let text = ''
  for await (const piece of socket) text += piece
  expect(text).toMatch(/^HTTP\/1\.1 400/)
  expect((await send('GET', '/')).status).toBe(200)
})
