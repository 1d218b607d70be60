// The host functions of steps that ask other services: `fetch`, to what their tenant has listed, and its secrets.
'use strict'

const { HostError } = require('moonpool')

const MAX_BODY = 64 * 1024
/** How often the steps of one login may fetch, together. */
const MAX_FETCHES = 4
/** With any other, as `x-forwarded-for`, a step could pass for a proxy of ours. Names are in small letters. */
const HEADERS = ['accept', 'authorization', 'content-type']

/** The `data` of a login has the tenant's `origins` and `secrets`. No step can name another tenant's. */
const services = {
  secret: ({ data }, name) => data.secrets.get(name),

  async fetch({ data, signal }, url, options) {
    const { method = 'GET', headers = {}, body } = options ?? {}
    if (typeof url !== 'string' || !URL.canParse(url)) throw new HostError('no URL', { code: 'BAD_FETCH' })
    // As it is read, and not as it is written: 'http://listed@other/' is not listed. A blob: has the origin of another URL.
    const { href, origin, protocol } = new URL(url)
    const isListed = /^https?:$/.test(protocol) && data.origins.has(origin)
    if (!isListed) throw new HostError('the host is not listed', { code: 'NOT_LISTED' })
    if (++data.fetches > MAX_FETCHES) throw new HostError('too many fetches', { code: 'TOO_MANY' })
    const given = Object.fromEntries(HEADERS.filter((name) => name in headers).map((name) => [name, headers[name]]))
    // A redirect may lead anywhere: it is an answer, and not followed. The signal is aborted when the step has ended.
    const response = await fetch(href, { method, headers: given, body, redirect: 'manual', signal })
    return { status: response.status, body: await textOf(response) }
  },
}

async function textOf(response) {
  const pieces = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > MAX_BODY) throw new HostError('the answer is too large', { code: 'TOO_LARGE' })
    pieces.push(piece)
  }
  return new TextDecoder().decode(Buffer.concat(pieces))
}

module.exports = { services }
