// moonpool run: runs a script, and shows what it writes and returns.
'use strict'

const { escaped } = require('../error-report')
const { ENGINE_OPTIONS, engineOf, usageOf } = require('./engine')
const { tellFailure } = require('./failure')
const { INTERRUPTED, onInterrupt } = require('./interrupt')
const { readScript } = require('./source-file')
const { fail, say, tell } = require('./terminal')
const { UsageError } = require('./usage')

const OK = 0
const FAILED = 1

/** The reason of a run that Ctrl-C stopped. */
const STOPPED = Symbol('stopped')

/** Resolves with the exit code. */
async function run([file, ...args], options) {
  if (options.watch) {
    if (file === '-') throw new UsageError('--watch needs a file: the standard input is read once')
    const act = async (signal) => runOnce(await readScript(file), args, options, signal)
    return require('./watch').watch(act, [file], options.modules)
  }
  // While it is typed, there is no script that Ctrl-C could stop: it ends the program.
  const script = await readScript(file)
  const controller = new AbortController()
  const letGo = onInterrupt(() => controller.abort(STOPPED))
  try {
    return await runOnce(script, args, options, controller.signal)
  } finally {
    letGo()
  }
}

async function runOnce({ source, name }, args, options, signal) {
  const sources = new Map([[name, source]])
  let engine
  try {
    const made = await engineOf(options)
    engine = made.engine
    for (const module of made.modules) sources.set(module.name, module.source)
    for (const module of made.modules) engine.addModule(module.name, module.source)
    await show(engine, source, { name, args, signal, ...made.limits }, options)
    return OK
  } catch (error) {
    return failed(error, signal, (chunk) => sources.get(chunk))
  } finally {
    await engine?.close()
  }
}

/** Runs it, and writes what it writes, and then what it returns: as text, or one line of JSON for each value. */
async function show(engine, source, limits, { id = 'main', json }) {
  let isLineOpen = false
  // The values alone are the result, for a program that reads it.
  const write = json ? tell : say
  const onOutput = (text) => {
    isLineOpen = !text.endsWith('\n')
    write(text)
  }
  const given = { ...limits, onOutput }
  try {
    const results = json
      ? (await engine.run(source, id, { ...given, tables: 'record' })).values.map(jsonOf)
      : [await engine.runLua(source, id, given)].filter((text) => text !== '')
    if (isLineOpen && results.length > 0) write('\n')
    for (const result of results) say(`${result}\n`)
  } catch (error) {
    // What it has done is done: only the result cannot be shown.
    if (json || error?.code !== 'ERR_LUA_RESULT' || error.line !== undefined || error.limit !== undefined) throw error
    tell(`(${escaped(error.message)})\n`)
  }
}

/** A value as JSON; integers beyond those of JavaScript are text. */
const jsonOf = (value) => JSON.stringify(value ?? null, (_key, inner) => jsonPartOf(inner))

function jsonPartOf(value) {
  if (typeof value === 'bigint') return `${value}`
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  const message = `the result cannot be shown: it has ${Number.isNaN(value) ? 'NaN' : 'an infinity'}, which JSON does not have`
  throw Object.assign(new Error(message), { code: 'ERR_LUA_RESULT' })
}

function failed(error, signal, sourceOf) {
  if (signal.aborted && error === signal.reason) {
    if (error === STOPPED) tell('stopped\n')
    return INTERRUPTED
  }
  const usage = usageOf(error)
  if (usage instanceof UsageError) throw usage
  if (error?.code === undefined) throw error
  if (error.name === 'LuaError' && error.code !== 'ERR_STATE_UNAVAILABLE') tellFailure(error, sourceOf)
  else fail(error.message)
  return FAILED
}

module.exports = {
  usage: 'FILE [args…]',
  about: `Runs the Lua script FILE ('-': the standard input). It finds the arguments in '...', as strings; write -- before
them when one begins with '-'. What it prints comes as it is printed, and then what it returns. Ctrl-C stops it.`,
  operands: [1, Number.POSITIVE_INFINITY],
  options: {
    ...ENGINE_OPTIONS,
    json: { help: 'print each returned value as a line of JSON; what the script writes goes to the standard error' },
    watch: { help: 'run it again when the file or a module changes' },
  },
  exitCodes: {
    0: 'all is well',
    1: 'the script failed',
    2: 'the command is wrong, or a file cannot be read',
    130: 'stopped by Ctrl-C',
  },
  run,
  STOPPED,
}
