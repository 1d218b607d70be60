// A playground for tests, and what asks it as its page does, or as nobody should.
'use strict'

const http = require('node:http')
const { start } = require('../../lib/cli/serve')

const begun = []

afterEach(async () => {
  await Promise.all(begun.splice(0).map((playground) => playground.close()))
})

/** A playground on a free port, which is closed after the test. */
async function playground(options) {
  const made = await opened(options)
  begun.push(made)
  return made
}

/** A playground on a free port: its `address`, `host`, `port` and `key`, what asks it, and `close()`. */
async function opened(options = {}) {
  const made = await start({ port: 0, ...options })
  const { address } = made
  const { host, port, hash } = new URL(address)
  const key = new URLSearchParams(hash.slice(1)).get('key')
  const rightful = { host, origin: `http://${host}`, 'x-moonpool-key': key, 'content-type': 'application/json' }

  /** Sends a request, with these headers beside those of the page; `undefined` leaves one out. Resolves with the answer. */
  async function send(method, path, { body, headers = {} } = {}) {
    const all = { ...(method === 'POST' ? rightful : { host }), ...headers }
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name]
    const { request, response } = await answered({ port, method, path, headers: all }, body)
    let text = ''
    for await (const piece of response.setEncoding('utf8')) text += piece
    request.destroy()
    return { status: response.statusCode, headers: response.headers, text }
  }

  /** As the page does. */
  async function ask(path, body) {
    const { status, text } = await send('POST', `/api/${path}`, { body: JSON.stringify(body) })
    return { status, ...JSON.parse(text) }
  }

  /** Runs a script. Gives its events as they come; `leave()` goes away. */
  async function run(code, { id = 'main', page = 'a page' } = {}) {
    const body = JSON.stringify({ code, id, page })
    const { request, response } = await answered({ port, method: 'POST', path: '/api/run', headers: rightful }, body)
    const events = []
    const wakes = new Set()
    let rest = ''
    response.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) events.push(JSON.parse(line))
      for (const wake of wakes) wake()
    })
    const over = new Promise((resolve) => response.on('close', resolve))
    /** Resolves with the first event of a type that there is, or comes. */
    const until = async (type, isIt = () => true) => {
      for (;;) {
        const found = events.find((event) => event.type === type && isIt(event))
        if (found) return found
        await new Promise((resolve) => wakes.add(resolve))
        wakes.clear()
      }
    }
    const leave = () => request.destroy()
    request.on('error', () => {})
    response.on('error', () => {})
    return { status: response.statusCode, events, over, until, leave }
  }

  /** Resolves with all events of a run. */
  async function eventsOf(code, options) {
    const running = await run(code, options)
    await running.over
    return running.events
  }

  /** Resolves with how a run ended. */
  const endOf = async (code, options) => (await eventsOf(code, options)).find(({ type }) => type === 'end')

  return { ...made, port, host, key, send, ask, run, eventsOf, endOf }
}

function answered(options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', agent: false, ...options })
    request.on('response', (response) => resolve({ request, response }))
    request.on('error', reject)
    request.end(body)
  })
}

module.exports = { opened, playground }
