// The server of the playground: it gives out the page, and answers what the page asks.
'use strict'

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const http = require('node:http')
const { mistakesIn } = require('../mistakes')
const { registry } = require('../../native')
const { checkLabel } = require('../../options')
const { version } = require('../../../package.json')
const { headersWith, newKey, refusalOf } = require('./guard')
const { stateOf } = require('./state')

/** So many bytes of a request are read: a source of which each byte is escaped in JSON by two, and a little more. */
const MAX_BODY = 2 * registry.defaults.maxSource + 64 * 1024

/** So long may it take until a request is there, in ms. */
const REQUEST_TIME = 30_000

/** Longer sources are not looked through while they are typed. */
const MAX_CHECKED = 128 * 1024

/** What is wrong with a request: its status, and a sentence. */
class Refused extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * Listens on 127.0.0.1, and nowhere else. Resolves with the address of the page, which has the key behind its `#`: that is sent to
 * nobody; and with `close()`. Rejects with the error of `listen`.
 */
async function startServer({ engine, runs, page, names, port, defaults }) {
  const key = newKey()
  const answers = {
    '/api/hello': () => ({ version, ...defaults }),
    '/api/check': ({ code }) => ({ mistakes: mistakesOf(engine, textIn({ code }, 'code'), names) }),
    '/api/state': ({ id }) => stateOf(engine, idIn({ id })),
    '/api/stop': ({ run }) => ({ stopped: runs.stop(run) }),
  }
  const server = http.createServer({ requestTimeout: REQUEST_TIME, headersTimeout: REQUEST_TIME })
  server.on('request', (request, response) => {
    const nonce = randomBytes(16).toString('base64')
    for (const [name, value] of Object.entries(headersWith(nonce))) response.setHeader(name, value)
    answer(request, response, nonce).catch((error) => refuse(request, response, error))
  })

  async function answer(request, response, nonce) {
    const refusal = refusalOf(request, key)
    if (refusal) throw new Refused(...refusal)
    const [path] = request.url.split(/[?#]/)
    if (request.method !== 'POST') return give(page.get(path), response, nonce)
    if (path !== '/api/run' && !Object.hasOwn(answers, path)) throw new Refused(404, 'there is no such thing')
    const body = await bodyOf(request)
    if (path === '/api/run') return stream(runs, body, response)
    return json(response, 200, await answers[path](body))
  }

  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { address: `http://127.0.0.1:${server.address().port}/#key=${key}`, close }
}

function give(file, response, nonce) {
  if (!file) throw new Refused(404, 'there is no such page')
  const isHtml = file.type.startsWith('text/html')
  const content = isHtml ? file.content.toString('utf8').replaceAll('{{nonce}}', nonce) : file.content
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': Buffer.byteLength(content) }).end(content)
}

/** What happens in a run, a line of JSON each, as it happens. When the page goes away, the run ends. */
function stream(runs, { code, id, page }, response) {
  const send = (event) => {
    if (!response.destroyed) response.write(`${JSON.stringify(event)}\n`)
  }
  const asked = { code: textIn({ code }, 'code'), id: idIn({ id }), page: textIn({ page }, 'page') }
  const run = runs.begin(asked, send)
  if (!run) throw new Refused(429, 'too many runs are at work: stop one of them first')
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson; charset=utf-8' })
  response.on('close', () => run.stop())
  return run.begin().then(() => response.end())
}

/** The body of a request, which is an object. */
async function bodyOf(request) {
  const pieces = []
  let size = 0
  for await (const piece of request) {
    size += piece.length
    if (size > MAX_BODY) throw new Refused(413, `the request is too long: it may have ${MAX_BODY} bytes`)
    pieces.push(piece)
  }
  let body
  try {
    body = JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch {
    throw new Refused(400, 'the body is no JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Refused(400, 'the body is no object')
  return body
}

function textIn(body, name) {
  if (typeof body[name] === 'string') return body[name]
  throw new Refused(400, `the property "${name}" must be a string`)
}

function idIn(body) {
  checkLabel(textIn(body, 'id'), 'The id')
  return body.id
}

function mistakesOf(engine, code, names) {
  const source = Buffer.from(code)
  return source.length > MAX_CHECKED ? [] : mistakesIn(engine, 'script', source, names).slice(0, 100)
}

function json(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

/** A request that was not read to its end ends its connection. */
function refuse(request, response, error) {
  // The page has gone.
  if (response.destroyed || error?.code === 'ECONNRESET') return
  const status = error instanceof Refused ? error.status : 400
  if (!request.complete) response.setHeader('Connection', 'close')
  if (response.headersSent) response.destroy()
  else json(response, status, { error: error.message })
}

module.exports = { MAX_BODY, startServer }
