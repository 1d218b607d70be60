// Who may ask the playground for what, and what browsers are told about its answers.
//
// A page of another site must not reach it. Browsers let such a page send requests to this machine, and a name of that site may
// even stand for this machine (DNS rebinding). Nor may another user of this machine: so there is a key.
'use strict'

const { createHash, randomBytes, timingSafeEqual } = require('node:crypto')

/** The only names under which it is reached: no other site's can be among them. */
const NAMES = new Set(['127.0.0.1', 'localhost'])

/** The header that has the key. No form can set it, and no other site's script may. */
const KEY = 'x-moonpool-key'

const newKey = () => randomBytes(24).toString('base64url')

const digest = (text) => createHash('sha256').update(text).digest()

/** Why a request is refused, if it is: the status, and a sentence. */
function refusalOf({ method, headers }, key) {
  const { host = '', origin } = headers
  if (!NAMES.has(host.replace(/:\d+$/, ''))) return [403, 'this is not an address of the playground']
  if (method === 'GET' || method === 'HEAD') return undefined
  if (method !== 'POST') return [405, 'there is GET and POST only']
  if (origin !== `http://${host}`) return [403, 'only the page of the playground itself may ask this']
  const given = headers[KEY]
  if (given === undefined || !timingSafeEqual(digest(given), digest(key)))
    return [401, 'the key is missing or wrong: open the address that the terminal shows']
  if (!/^application\/json\b/.test(headers['content-type'] ?? '')) return [415, 'the body must be application/json']
  return undefined
}

/** Of each answer. `nonce` lets the editor have its styles. */
function headersWith(nonce) {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  }
}

module.exports = { KEY, headersWith, newKey, refusalOf }
