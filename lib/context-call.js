// What a call asks of a context: checked, and its values copied, when the call is made.
'use strict'

const { inspect } = require('node:util')
const { shown, typeError, valueError } = require('./errors')
const { checkArgs, readContextCallOptions, readContextRunOptions } = require('./options')
const { repeatsOf } = require('./repeats')
const { checkCode, codeOf } = require('./source')
const { encode, encodeOne, exchangeOf } = require('./values')

/** How many parts a name has at most, as `a.b` has two. */
const MAX_PARTS = 32

// `about` is what `aboutOf` gives; `functions` are those that may be among the values, if any may.

/** A context, or a pool: who runs in it, its options, and those of calls that are given none, if the native context knows all of them. */
function aboutOf(scriptId, options) {
  const call = readContextCallOptions({}, options)
  // Of the time in the queue a pool takes some, for each call.
  const isPlain = !repeatsOf(call) && call.queueTimeout === undefined
  return { scriptId, options, plain: isPlain ? Object.freeze(call) : undefined }
}

function runOf(code, given, about, functions) {
  checkCode(code)
  const options = readContextRunOptions(given, about.options)
  const chunk = codeOf(code, options, nameOf(about))
  return callOf(options, { ...chunk, code: copyOf(chunk.code) }, functions)
}

/** Without `given`, it is what all calls of the context have in common, which the native context knows. */
function namedCallOf(name, args, given, about, functions) {
  checkName(name)
  if (given === undefined && about.plain) return plainCallOf(name, args, about, functions)
  return targetCallOf({ named: name }, args, given, about, functions)
}

function plainCallOf(named, args, about, functions) {
  checkArgs(args, 'The "args" argument')
  const lent = new Set()
  const exchange = args.length > 0 ? { args: encode(args, 'args', about.plain, functions?.lender(lent)) } : {}
  return { options: about.plain, what: { code: { named }, name: nameOf(about) }, exchange, lent, isPlain: true }
}

function functionCallOf(handle, args, given, about, functions) {
  const call = targetCallOf({ function: handle.lentTo(functions, typeError) }, args, given, about, functions)
  call.lent.add(handle)
  return call
}

function targetCallOf(target, args, given, about, functions) {
  checkArgs(args, 'The "args" argument')
  const options = { ...readContextCallOptions(given, about.options), args }
  return callOf(options, { code: { act: 'call', ...target }, name: options.name ?? nameOf(about) }, functions)
}

function getOf(name, about) {
  checkName(name)
  const options = readContextCallOptions({}, about.options)
  return callOf(options, { code: { act: 'get', named: name }, name: nameOf(about) })
}

function setOf(name, value, about, functions) {
  checkName(name)
  const options = readContextCallOptions({}, about.options)
  const call = callOf(options, { code: { act: 'set', named: name }, name: nameOf(about) })
  call.exchange.args = encodeOne(value, 'value', options, { lend: functions.lender(call.lent) })
  return call
}

/** `what` is the code to run and its name; `lent` are the handles of the functions that it is given. */
function callOf(options, what, functions) {
  const lent = new Set()
  const root = typeof what.code.act === 'string' ? 'args' : undefined
  return { options, what, exchange: exchangeOf(options, { lend: functions?.lender(lent), root }), lent }
}

const nameOf = ({ scriptId, options }) => options.name ?? scriptId

/** A copy of bytes, which the caller may change; any other code as it is. */
function copyOf(code) {
  return ArrayBuffer.isView(code) ? new Uint8Array(code) : code
}

function checkName(name) {
  const rule = `The "name" argument must be the name of a global, or up to ${MAX_PARTS} names with dots between them`
  if (typeof name !== 'string') throw typeError(`${rule}. Received ${shown(name)}`)
  const parts = name.split('.', MAX_PARTS + 1)
  if (parts.length > MAX_PARTS || parts.includes('') || !name.isWellFormed())
    throw valueError(`${rule}. Received ${inspect(name)}`)
}

module.exports = { aboutOf, functionCallOf, getOf, nameOf, namedCallOf, runOf, setOf }
