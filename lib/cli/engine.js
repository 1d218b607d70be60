// The engine of a command, as its options have it; and what is wrong with those, in their own words.
'use strict'

const { Engine, LuaError } = require('../../index')
const { escaped } = require('../error-report')
const { sourcesOfFolder } = require('../folder')
const { registry } = require('../native')
const { dim, yellow } = require('./paint')
const { tell } = require('./terminal')
const { bytes, milliseconds } = require('./units')
const { UsageError } = require('./usage')

/** What scripts are run with. */
const ENGINE_OPTIONS = {
  id: { value: 'ID', help: "who runs it, and whose State it sees: 'main' if nothing is said" },
  timeout: { value: 'TIME, such as 500, 200ms or 5s', read: milliseconds, help: 'how long it may run: 5s' },
  'cpu-timeout': {
    value: 'TIME, such as 500, 200ms or 5s',
    read: milliseconds,
    help: 'how long it may compute: no limit',
  },
  memory: { value: 'SIZE, such as 65536, 64k or 16m', read: bytes, help: 'how much memory it may use: 64m' },
  'max-output': { value: 'SIZE, such as 65536, 64k or 16m', read: bytes, help: 'how much it may write: 1m' },
  state: { value: 'FILE.db', help: 'keep State in this SQLite database, not in memory' },
  modules: { value: 'DIR', help: 'let it require the *.lua files of this folder' },
  'log-level': {
    value: 'LEVEL: debug, info, warn, error or silent',
    help: 'from which level on log entries are shown: info',
  },
}

/** What the engine calls things, and what they are called on the command line. */
const NAMES = [
  ['The "options.timeout" property', '--timeout'],
  ['The "options.cpuTimeout" property', '--cpu-timeout'],
  ['The "options.memoryLimit" property', '--memory'],
  ['The "options.maxOutput" property', '--max-output'],
  ['The "options.state.sqlite" property', '--state'],
  ['The "options.logLevel" property', '--log-level'],
  ['The "scriptId" argument', '--id'],
  ['The "options.args" property', 'the list of arguments'],
]

/**
 * An engine, whose log entries go to the standard error, or to `hear`; the modules that are to be added; and the limits of runs.
 * They do not limit what the program itself does with the engine.
 */
async function engineOf(options, hear = tellEntry) {
  const modules = await modulesOf(options)
  const { state, timeout, memory: memoryLimit } = options
  const limits = { timeout, memoryLimit, cpuTimeout: options['cpu-timeout'], maxOutput: options['max-output'] }
  const place = state === undefined ? undefined : { sqlite: state }
  const engine = asUsage(() => new Engine({ state: place, logLevel: options['log-level'] }))
  engine.on('log', hear)
  return { engine, modules, limits }
}

/** What `--modules` names: names, files and sources. */
async function modulesOf({ modules: folder }) {
  if (folder === undefined) return []
  try {
    return (await sourcesOfFolder(folder, registry.defaults.maxSource, 'module')).sources
  } catch (error) {
    throw new UsageError(`--modules: ${error.message}`)
  }
}

/** Does something with the engine. What it refuses is a mistake of the command line. */
function asUsage(act) {
  try {
    return act()
  } catch (error) {
    throw usageOf(error)
  }
}

/** An error of the engine's about what it was given, in the words of the command line; any other error as it is. */
function usageOf(error) {
  const isAboutAnOption = ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE'].includes(error?.code)
  if (!isAboutAnOption || error instanceof LuaError) return error
  return new UsageError(NAMES.reduce((text, [theirs, ours]) => text.replace(theirs, ours), error.message))
}

function tellEntry({ level, name, line, message, fields }) {
  const place = line === undefined ? name : `${name}:${line}`
  const more = fields === undefined ? '' : ` ${dim(escaped(JSON.stringify(fields)), process.stderr)}`
  const shown = level === 'warn' || level === 'error' ? yellow(`[${level}]`, process.stderr) : `[${level}]`
  // The script chooses the names of what it loads, too.
  tell(`${shown} ${escaped(`${place}: ${message}`)}${more}\n`)
}

module.exports = { ENGINE_OPTIONS, asUsage, engineOf, usageOf }
