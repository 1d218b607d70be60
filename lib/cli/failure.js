// What is said of a script that failed: the message, the place in the code, and Lua's traceback.
'use strict'

const { escaped } = require('../error-report')
const { frameOf, linesOf } = require('./frame')
const { dim } = require('./paint')
const { fail, tell } = require('./terminal')

/** The option that sets a limit. */
const OPTIONS = {
  timeout: '--timeout',
  cpuTimeout: '--cpu-timeout',
  memoryLimit: '--memory',
  maxOutput: '--max-output',
}

/** Code of ours, which is nowhere that an error happened. */
const OURS = '\t[moonpool]:'

/** Says why a script failed; `sourceOf` gives the source of a chunk by its name, where it is known. */
function tellFailure(error, sourceOf) {
  const { stderr } = process
  fail(escaped(error.message))
  const source = error.chunk === undefined ? undefined : sourceOf(error.chunk)
  if (source !== undefined && error.line !== undefined) {
    tell(frameOf(linesOf(source), { line: error.line, ...columnOf(error, source) }, stderr))
  }
  if (error.luaValue !== undefined) tell(`error value: ${escaped(JSON.stringify(error.luaValue))}\n`)
  if (error.luaStack !== undefined) tell(`${dim(stackOf(error), stderr)}\n`)
  const option = OPTIONS[error.limit]
  tell(`${dim(option ? `${error.code}: ${option} sets this limit` : error.code, stderr)}\n`)
}

const stackOf = ({ luaStack }) =>
  escaped(luaStack)
    .split('\n')
    .filter((line) => !line.startsWith(OURS))
    .join('\n')
    .replaceAll('\t', '  ')

/** Where in its line a syntax error is: at what it says that it is near to, if that is there once. */
function columnOf({ code, message, line }, source) {
  const near = code === 'ERR_LUA_SYNTAX' ? / near '(.+)'$/s.exec(message)?.[1] : undefined
  if (near === undefined) return {}
  const text = linesOf(source)[line - 1] ?? ''
  const wanted = Buffer.from(near).toString('latin1')
  const column = text.indexOf(wanted)
  return column >= 0 && column === text.lastIndexOf(wanted) ? { column, size: wanted.length } : {}
}

module.exports = { OPTIONS, columnOf, stackOf, tellFailure }
