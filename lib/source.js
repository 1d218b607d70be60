// Checks the `code` argument: Lua source as a string or as bytes.
'use strict'

const { shown, typeError, valueError } = require('./errors')

function checkSource(code) {
  if (typeof code === 'string') {
    if (code.isWellFormed()) return
    throw valueError('The "code" argument must be well-formed Unicode. Received a string with a lone surrogate')
  }
  if (!isUint8Array(code)) {
    throw typeError(`The "code" argument must be a string or a Uint8Array of Lua source. Received ${shown(code)}`)
  }
  if (isDetached(code.buffer)) {
    throw valueError('The "code" argument must have a live buffer. Received a Uint8Array whose buffer is detached')
  }
}

function checkSourceSize(code, maxSource) {
  const size = typeof code === 'string' ? Buffer.byteLength(code) : code.byteLength
  if (size <= maxSource) return
  throw valueError(`The "code" argument must not be longer than ${maxSource} bytes (maxSource). Received ${size} bytes`)
}

/** A copy of bytes that another thread could change while they are read; any other code as it is. */
function unshared(code) {
  return typeof code !== 'string' && isShared(code.buffer) ? new Uint8Array(code) : code
}

const typedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
).get

/** Also true for a `Buffer` and for arrays of other realms, where `instanceof` fails. */
function isUint8Array(value) {
  return typedArrayTag.call(value) === 'Uint8Array'
}

function isDetached(buffer) {
  if (buffer.byteLength > 0) return false
  try {
    buffer.slice(0, 0) // Throws if, and only if, the buffer is detached.
    return false
  } catch {
    return true
  }
}

function isShared(buffer) {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]'
}

module.exports = { checkSource, checkSourceSize, unshared }
