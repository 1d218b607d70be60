// What a run executes: checks Lua source in strings, bytes and files, and knows compiled scripts.
'use strict'

const { constants, promises: fs } = require('node:fs')
const path = require('node:path')
const { fileURLToPath } = require('node:url')
const { inspect } = require('node:util')
const { shown, typeError, valueError, withCode } = require('./errors')

/** A compiled chunk, made by `engine.compile`. */
class Script {
  #native
  #name

  constructor(native, name, token) {
    if (token !== MADE_HERE) throw typeError('A Script cannot be constructed. Use engine.compile(source)')
    this.#native = native
    this.#name = name
  }

  get name() {
    return this.#name
  }

  /** The native script behind a value, if it is a Script of this module instance. */
  static nativeOf(value) {
    return typeof value === 'object' && value !== null && #native in value ? value.#native : undefined
  }
}

const MADE_HERE = Symbol('made by engine.compile')
const { nativeOf } = Script
delete Script.nativeOf

const scriptOf = (native, name) => new Script(native, name, MADE_HERE)

/** Checks that something is Lua source: text, or bytes that are there. */
function checkSource(source, what = 'code', orScript = '') {
  if (typeof source === 'string') {
    if (source.isWellFormed()) return
    throw valueError(`The "${what}" argument must be well-formed Unicode. Received a string with a lone surrogate`)
  }
  if (!isUint8Array(source)) {
    const wanted = `a string or a Uint8Array of Lua source${orScript}`
    throw typeError(`The "${what}" argument must be ${wanted}. Received ${shown(source)}`)
  }
  if (isDetached(source.buffer)) {
    throw valueError(`The "${what}" argument must have a live buffer. Received a Uint8Array whose buffer is detached`)
  }
}

/** Source of at most `maxSource` bytes; bytes that another thread could change meanwhile are copied. */
function sourceOf(source, maxSource, what = 'code') {
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength
  checkSize(size, maxSource, `The "${what}" argument`)
  return typeof source !== 'string' && isShared(source.buffer) ? new Uint8Array(source) : source
}

function checkSize(size, maxSource, what) {
  if (size <= maxSource) return
  const message = `${what} must not be longer than ${maxSource} bytes (maxSource). Received ${size} bytes`
  throw Object.assign(valueError(message), { limit: 'maxSource' })
}

/** Checks that something is Lua source or a Script, and returns it. */
function checkCode(code) {
  if (nativeOf(code) === undefined) checkSource(code, 'code', ', or a Script')
  return code
}

/** What to run, and the name that it has: source, or the native part of a Script, whose name is fixed. */
function codeOf(code, { name, maxSource }, scriptId) {
  const compiled = nativeOf(code)
  if (compiled === undefined) return { code: sourceOf(code, maxSource), name: name ?? scriptId }
  if (name === undefined) return { code: compiled, name: code.name }
  throw valueError(
    `The "options.name" property must not be given with a Script, which was compiled with a name. Received ${inspect(name)}`,
  )
}

/** The path that a string or a `file:` URL names. */
function checkPath(value) {
  const rule = 'The "path" argument must be a path or a file: URL'
  if (typeof value === 'object' && value !== null && typeof value.href === 'string') {
    try {
      return checkPath(fileURLToPath(value.href))
    } catch {
      throw valueError(`${rule} of a file here. Received ${inspect(value.href)}`)
    }
  }
  if (typeof value !== 'string') throw typeError(`${rule}. Received ${shown(value)}`)
  if (value === '') throw valueError(`${rule}. Received an empty string`)
  if (value.includes('\0')) throw valueError(`${rule}. Received a string with a NUL character`)
  return value
}

/** The bytes of a file of at most `maxSource` bytes. */
async function readSource(file, maxSource) {
  const what = `The file ${inspect(file)}`
  let handle
  try {
    // Opening a pipe would wait for its other end.
    handle = await fs.open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await handle.stat()
    if (!stat.isFile()) throw valueError(`${what} must be a regular file. It is ${kindOf(stat)}`)
    checkSize(stat.size, maxSource, what)
    return await readWhole(handle, maxSource, what)
  } catch (error) {
    if (error.syscall === undefined) throw error
    const failure = withCode(Error, error.code, `${what} cannot be read: ${error.message}`, { cause: error })
    throw Object.assign(failure, { path: file })
  } finally {
    await handle?.close()
  }
}

const kindOf = (stat) => (stat.isDirectory() ? 'a directory' : 'a device, a pipe or a socket')

/** Reads to the end, or to one byte more than may be: what the system says of a file's size need not be so. */
async function readWhole(handle, maxSource, what) {
  const pieces = []
  let size = 0
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(65536, maxSource + 1 - size)))
    if (bytesRead === 0) return Buffer.concat(pieces, size)
    pieces.push(buffer.subarray(0, bytesRead))
    size += bytesRead
    checkSize(size, maxSource, what)
  }
}

/** The chunk name of a file: no folder of the host's in messages, and nothing that may not stand in a log line. */
const nameOfFile = (file) => path.basename(file).replaceAll(/\p{Cc}/gu, '?')

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

module.exports = {
  Script,
  checkCode,
  checkPath,
  checkSource,
  codeOf,
  isDetached,
  nameOfFile,
  nativeOf,
  readSource,
  scriptOf,
  sourceOf,
}
