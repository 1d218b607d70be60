// Every option that callers pass: its default, and the check that a given value must pass.
'use strict'

const { inspect } = require('node:util')
const { isMap, isPromise, isSet } = require('node:util/types')
const { concurrency } = require('./concurrency')
const { LEVELS, tellingOf } = require('./logs')
const { maxMemory } = require('./max-memory')
const { shown, typeError, valueError } = require('./errors')
const { registry } = require('./native')
const { hint } = require('./nearest')
const { REPEATS, REPEATS_WITHIN } = require('./repeats')
const { checkState, optionsOf, placeOf } = require('./state-place')
const { isPlain } = require('./values')

const MIB = 1024 * 1024
const MAX_MILLISECONDS = 2 ** 31 - 1
const MAX_BYTES = 2 ** 31 - 1
const MAX_COUNT = 2 ** 32 - 1
const MAX_ARGS = 1000

const { defaults: DEFAULTS, libraries: LIBRARIES } = registry

/** What one run may use: the options that an engine has `defaults` for. */
const LIMITS = {
  timeout: { default: DEFAULTS.timeout, check: checkMilliseconds },
  cpuTimeout: { default: undefined, check: checkMilliseconds },
  queueTimeout: { default: undefined, check: checkMilliseconds },
  memoryLimit: { default: DEFAULTS.memoryLimit, check: whole('bytes', MIB, Number.MAX_SAFE_INTEGER) },
  maxOutput: { default: DEFAULTS.maxOutput, check: whole('bytes', 0, MAX_BYTES) },
  maxSource: { default: DEFAULTS.maxSource, check: whole('bytes', 1, MAX_BYTES) },
  maxNodes: { default: DEFAULTS.maxNodes, check: whole('values', 0, MAX_COUNT) },
}

/** What a run logs. */
const LOGS = {
  logLevel: { default: 'info', check: oneOf(...LEVELS) },
  maxLog: { default: DEFAULTS.maxLog, check: whole('bytes', 0, MAX_BYTES) },
}

const LIMIT_NAMES = Object.keys(LIMITS)
const LIMITED = Object.keys({ ...LIMITS, ...LOGS })

/** What is heard of a run while it runs. */
const HEARD = { ...LOGS, onOutput: { default: undefined, check: checkFunction } }

/** How values go into Lua. */
const INTO = {
  nulls: { default: 'null', check: oneOf('null', 'nil') },
  dates: { default: 'refuse', check: oneOf('refuse', 'iso') },
}

/** How values cross, in both directions. */
const CROSSING = {
  strings: { default: 'text', check: oneOf('text', 'buffer') },
  tables: { default: 'object', check: oneOf('object', 'map', 'record') },
  ...INTO,
}

/** What a run, or a context, is given: checked where it is taken apart; and data, which may be anything. */
const GIVEN = {
  host: { default: undefined, check: () => {} },
  modules: { default: undefined, check: () => {} },
  data: { default: undefined, check: () => {} },
}

const RUN = {
  ...LIMITS,
  ...HEARD,
  ...INTO,
  name: { default: undefined, check: checkLabel },
  signal: { default: undefined, check: checkSignal },
  args: { default: undefined, check: checkArgs },
  globals: { default: undefined, check: checkGlobals },
  ...GIVEN,
  ...REPEATS,
}

/** Of `engine.run`, which gives Lua's values to JavaScript. */
const RUN_FOR_VALUES = { ...RUN, ...CROSSING }

const FUNCTIONS = { default: false, check: checkBoolean }

const { memoryLimit: _, host: __, modules: ___, ...VALUE_RUN } = RUN_FOR_VALUES
const CONTEXT_RUN = { ...VALUE_RUN, functions: FUNCTIONS, ...REPEATS_WITHIN }

/** What is called by its name has its arguments beside the options. */
const { args: ____, maxSource: _____, ...CONTEXT_CALL } = CONTEXT_RUN

const CONTEXT = {
  ...LIMITS,
  ...HEARD,
  ...CROSSING,
  name: RUN.name,
  globals: RUN.globals,
  ...GIVEN,
  ...REPEATS,
  maxPending: { default: undefined, check: whole('calls', 0, MAX_COUNT) },
  functions: FUNCTIONS,
  maxFunctions: { default: DEFAULTS['context.maxFunctions'], check: whole('functions', 0, 65_535) },
}

const POOL = {
  ...CONTEXT,
  size: { default: undefined, check: whole('contexts', 1, 10_000) },
  setup: { default: undefined, check: checkFunction },
  setupTimeout: { default: DEFAULTS['pool.setupTimeout'], check: checkMilliseconds },
}

const POOL_USE = { signal: RUN.signal, queueTimeout: LIMITS.queueTimeout }

const COMPILE = { name: { default: 'script', check: checkLabel } }

const CLOSE = { timeout: { default: DEFAULTS['close.timeout'], check: whole('milliseconds', 0, MAX_MILLISECONDS) } }

const CODE_CACHE = {
  maxEntries: { default: DEFAULTS['codeCache.maxEntries'], check: whole('entries', 1, MAX_COUNT) },
  maxBytes: { default: DEFAULTS['codeCache.maxBytes'], check: whole('bytes', 1, Number.MAX_SAFE_INTEGER) },
  ttl: { default: undefined, check: checkMilliseconds },
}

/** Of `expose` and `addModule`. */
const REPLACE = { replace: { default: false, check: checkBoolean } }

/** Of `addModules`. */
const WATCH = { watch: { default: false, check: checkBoolean } }

/** Of a named script: what all its runs begin with, and who may call it. */
const SCRIPT = {
  ...LIMITS,
  ...HEARD,
  ...CROSSING,
  globals: RUN.globals,
  ...GIVEN,
  ...REPEATS,
  scriptId: { default: undefined, check: checkLabel },
  callers: { default: [], check: checkIds },
}

const NEW_SCRIPT = { ...SCRIPT, ...REPLACE }
const SCRIPT_FOLDER = { ...SCRIPT, ...WATCH }

/** Of one call of a named script, which was compiled before. */
const { name: _______, args: ______, maxSource: ________, ...SCRIPT_CALL } = RUN_FOR_VALUES

/** What every run of a job may begin with. What is not given, the script has, or the engine. */
const JOB_RUN = unset({
  ...LIMITS,
  ...HEARD,
  nulls: INTO.nulls,
  tables: { check: oneOf('object', 'record') },
  globals: RUN.globals,
  ...GIVEN,
})

/** Of what processes jobs: a value becomes JSON at one go, so there are fewer than elsewhere. */
const PROCESSOR = {
  ...JOB_RUN,
  maxNodes: { ...LIMITS.maxNodes, default: 100_000 },
  maxResult: { default: 256 * 1024, check: whole('characters', 2, MAX_BYTES) },
  scripts: { default: [], check: checkScripts },
  allowCode: { default: false, check: checkBoolean },
  retryLimits: { default: true, check: checkBoolean },
}

/** What the data of a job may have. */
const JOB_DATA = unset({
  script: { check: checkLabel },
  code: { check: checkText },
  scriptId: { check: checkLabel },
  name: { check: checkLabel },
  args: { check: checkArgs },
  timeout: { check: checkMilliseconds },
})

/** Of `functions`: how values cross, as far as there is a choice. */
const SHARED_DICT = {
  maxItems: { default: undefined, check: whole('entries', 1, Number.MAX_SAFE_INTEGER) },
  maxBytes: { default: DEFAULTS['sharedDict.maxBytes'], check: whole('bytes', 1024, Number.MAX_SAFE_INTEGER) },
  readers: { default: '*', check: checkIds },
  writers: { default: '*', check: checkIds },
}

const STATE = optionsOf({ oneOf, whole, checkMilliseconds })

const GRANT = {
  owner: { default: undefined, check: checkLabel },
  keys: { default: undefined, check: checkPattern },
  to: { default: undefined, check: checkLabel },
  access: { default: undefined, check: oneOf('read', 'write') },
}

/** What one id may use. */
const PER_ID = {
  maxQueued: { default: undefined, check: whole('runs', 0, MAX_COUNT) },
  maxStarted: { default: undefined, check: whole('runs', 1, MAX_COUNT) },
  maxWaiting: { default: undefined, check: whole('runs', 1, MAX_COUNT) },
  cpuPerSecond: { default: undefined, check: checkMilliseconds },
  hostCallsPerSecond: { default: undefined, check: whole('calls', 1, MAX_COUNT) },
  memory: { default: undefined, check: whole('bytes', MIB, Number.MAX_SAFE_INTEGER) },
  stateQuota: { default: undefined, check: whole('bytes', 0, Number.MAX_SAFE_INTEGER) },
  weight: { default: DEFAULTS['perId.weight'], check: checkWeight },
}

const ENGINE = {
  concurrency: { default: undefined, check: whole('threads', 1, 1024) },
  maxQueue: { default: DEFAULTS.maxQueue, check: whole('runs', 0, MAX_COUNT) },
  maxMemory: { default: undefined, check: whole('bytes', MIB, Number.MAX_SAFE_INTEGER) },
  maxTimers: { default: DEFAULTS.maxTimers, check: whole('timers', 0, 1_000_000) },
  maxTimersPerId: { default: DEFAULTS.maxTimersPerId, check: whole('timers', 0, 1_000_000) },
  warmVms: { default: DEFAULTS.warmVms, check: whole('VMs', 0, 1024) },
  state: { default: 'memory', check: checkState },
  foreignKeys: { default: 'refuse', check: oneOf('refuse', 'missing') },
  stateQuota: { default: DEFAULTS.stateQuota, check: whole('bytes', 0, Number.MAX_SAFE_INTEGER) },
  perId: { default: undefined, check: checkPerId },
  trackedIds: { default: DEFAULTS.trackedIds, check: whole('ids', 1, 10_000_000) },
  codeCache: { default: true, check: checkCodeCache },
  logger: { default: undefined, check: checkLogger },
  ...LOGS,
  defaults: { default: {}, check: () => {} },
  values: { default: {}, check: () => {} },
  libraries: { default: LIBRARIES, check: checkLibraries },
  prelude: { default: [], check: checkArray('{ name, source } objects') },
  preludeModules: { default: [], check: checkArray('names') },
  hostErrors: { default: 'masked', check: oneOf('masked', 'messages') },
}

/** An engine's options, with every part of them filled in; `defaults` has what calls begin with that say nothing. */
function readEngineOptions(given) {
  const options = readOptions(given, ENGINE)
  const { codeCache, defaults, values, state, foreignKeys, perId, logLevel, maxLog, ...rest } = options
  return {
    ...rest,
    state:
      state === 'memory'
        ? { kind: state }
        : placeOf(readOptions(state, STATE, 'options.state'), 'The "options.state" property'),
    foreignKeysMissing: foreignKeys === 'missing',
    concurrency: options.concurrency ?? concurrency(),
    maxMemory: options.maxMemory ?? maxMemory(),
    codeCache: codeCache
      ? readOptions(codeCache === true ? {} : codeCache, CODE_CACHE, 'options.codeCache')
      : undefined,
    defaults: {
      ...readOptions(defaults, LIMITS, 'options.defaults'),
      ...readCrossing(values, 'options.values'),
      logLevel,
      maxLog,
    },
    telling: tellingOf(logLevel, maxLog, false),
    perId: typeof perId === 'function' ? perId : undefined,
    idLimits: typeof perId === 'object' ? readPerId(perId, 'options.perId') : undefined,
  }
}

/** How values cross, where `defaults` has what is not given: of an engine, or of a set of functions. */
const readCrossing = (given, what = 'options', defaults = undefined) => readOptions(given, CROSSING, what, defaults)
/** The options of a run on an engine with these defaults, whose results are text. */
const readRunOptions = (given, defaults) => readOptions(given, RUN, 'options', defaults)
/** The options of a run whose results are values. */
const readValueRunOptions = (given, defaults) => readOptions(given, RUN_FOR_VALUES, 'options', defaults)
/** The options of a context on an engine with these defaults. */
const readContextOptions = (given, defaults) => readOptions(given, CONTEXT, 'options', defaults)
/** The options of a pool on an engine with these defaults, and those of its contexts. */
function readPoolOptions(given, defaults, concurrency) {
  const read = readOptions(given, POOL, 'options', defaults)
  const { size = concurrency, setup, setupTimeout, maxPending, ...options } = read
  return { size, setup, setupTimeout, maxPending, options }
}
/** How a context of a pool with these options is borrowed. */
const readPoolUseOptions = (given, pool) => readOptions(given, POOL_USE, 'options', pool)
/** The options of a run in a context with these. */
const readContextRunOptions = (given, context) => readWithinContext(given, CONTEXT_RUN, context)
/** The options of a call in a context with these. */
const readContextCallOptions = (given, context) => readWithinContext(given, CONTEXT_CALL, context)
/** A name is there only when it is given. */
function readWithinContext(given, known, context) {
  const defaults = remembered(withinContext, context, () => {
    const { memoryLimit: _, name: __, ...others } = context
    return others
  })
  return { ...readOptions(given, known, 'options', defaults), memoryLimit: context.memoryLimit }
}
const withinContext = new WeakMap()
/** Whether a run with these options may use, and tells, what every run with the defaults does. */
const isLimitedAs = (options, defaults) => areSame(LIMITED, options, defaults) && options.onOutput === undefined
const areSame = (names, one, other) => names.every((name) => one[name] === other[name])
/** The limits among options, and whether they are these. */
const limitsIn = (options) => Object.fromEntries(LIMIT_NAMES.map((name) => [name, options[name]]))
const hasLimits = (options, limits) => areSame(LIMIT_NAMES, options, limits)
/** A grant, or without `access` what takes one back. */
function readGrant(given, optional = []) {
  const grant = readOptions(given, GRANT, 'grant')
  for (const name of Object.keys(GRANT)) {
    if (grant[name] !== undefined || optional.includes(name)) continue
    throw typeError(`The "grant.${name}" property is missing`)
  }
  return grant
}
const readCompileOptions = (given) => readOptions(given, COMPILE)
const readReplaceOptions = (given) => readOptions(given, REPLACE)
const readWatchOptions = (given) => readOptions(given, WATCH)
/** The options of a named script on an engine with these defaults: of a new one, of those of a folder, and of one call. */
const readScriptOptions = (given, defaults) => withIds(readOptions(given, NEW_SCRIPT, 'options', defaults))
const readScriptFolderOptions = (given, defaults) => withIds(readOptions(given, SCRIPT_FOLDER, 'options', defaults))
const readScriptCallOptions = (given, script) => readOptions(given, SCRIPT_CALL, 'options', script)
/** The ids are read once, too. */
const withIds = ({ callers, ...options }) => ({ ...options, callers: sortedIds(callers) })
const readCloseOptions = (given) => readOptions(given, CLOSE)
/** The options of a shared dictionary; ids sorted, each once. */
function readSharedDictOptions(given) {
  const { readers, writers, ...limits } = readOptions(given, SHARED_DICT)
  return { ...limits, readers: sortedIds(readers), writers: sortedIds(writers) }
}

/** What one id may use. */
const readPerId = (given, what) => readOptions(given, PER_ID, what)

/** The options of a processor of jobs: its own, and those of each run. */
function readProcessorOptions(given) {
  const { scripts, allowCode, retryLimits, maxResult, ...run } = readOptions(given, PROCESSOR)
  return { scripts, allowCode, retryLimits, maxResult, run }
}
const readJobData = (given) => readOptions(given, JOB_DATA, 'job.data')

/** The same options, none of which has a default. */
function unset(known) {
  return Object.fromEntries(Object.entries(known).map(([name, { check }]) => [name, { default: undefined, check }]))
}

const sortedIds = (ids) => (ids === '*' ? ids : [...new Set(ids)].sort())

/** Each option's value, or its default. Every property is read once, as a getter may answer differently next time. */
function readOptions(given = {}, known, what = 'options', defaults = undefined) {
  checkObject(given, what)
  for (const key of Object.keys(given)) if (!Object.hasOwn(known, key)) throw unknownOption(key, Object.keys(known))
  const read = { ...unchanged(known, defaults) }
  for (const name of namesIn(given, known, what)) {
    const value = given[name]
    if (value === undefined) continue
    known[name].check(value, `The "${what}.${name}" property`)
    read[name] = known[name].take ? known[name].take(value) : value
  }
  return read
}

/** Which options may be given: a plain object has all that it gives itself. */
function namesIn(given, known, what) {
  const parent = Object.getPrototypeOf(given)
  if (parent !== Object.prototype && parent !== null) {
    // They have no properties: what is in there, or is still awaited, would be ignored, and with it the limits.
    if (isPromise(given) || isMap(given) || isSet(given)) throw noObject(given, what)
    return Object.keys(known)
  }
  return Object.getOwnPropertyNames(given).filter((name) => Object.hasOwn(known, name))
}

/** What options are when nothing is given: for each set of defaults, which nobody changes, found out once. */
function unchanged(known, defaults = NO_DEFAULTS) {
  const all = remembered(unchangedOf, defaults, () => new WeakMap())
  return remembered(all, known, () => {
    const entryOf = (name) => [name, defaults[name] === undefined ? known[name].default : defaults[name]]
    return Object.fromEntries(Object.keys(known).map(entryOf))
  })
}

const NO_DEFAULTS = {}
const unchangedOf = new WeakMap()

/** What a map has for a key, which is made when it is asked for first. */
function remembered(map, key, make) {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function checkObject(given, what = 'options') {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return
  throw noObject(given, what)
}

function noObject(given, what) {
  const place = what.includes('.') ? `The "${what}" property` : `The "${what}" argument`
  return typeError(`${place} must be an object. Received ${shown(given)}`)
}

function unknownOption(key, names) {
  const known = names.join(', ') || 'none'
  const place = elsewhere(key, names)
  return typeError(`unknown option ${inspect(key)}${place ? '' : hint(key, names)} (known options: ${known})${place}`)
}

/** Says where an option belongs that an engine, a context or a run was given and does not know. */
function elsewhere(key, names) {
  const isEngine = names.includes('defaults')
  if (!isEngine && !names.includes('signal') && !names.includes('maxPending')) return ''
  const places = isEngine
    ? { 'options.defaults': LIMITS, 'options.values': CROSSING, 'engine.run': RUN_FOR_VALUES }
    : { 'new Engine': ENGINE, 'engine.run': names.includes('memoryLimit') ? RUN_FOR_VALUES : {} }
  const all = Object.entries({ ...places, 'engine.createContext': CONTEXT, 'engine.createPool': POOL })
  const place = all.find(([, known]) => Object.hasOwn(known, key))
  return place ? `. It is an option of ${place[0]}` : ''
}

/** A tester's options have these names, and those of an engine's. */
function checkTesterOptions(given, names) {
  checkObject(given)
  const all = [...names, ...Object.keys(ENGINE)]
  for (const key of Object.keys(given)) if (!all.includes(key)) throw unknownOption(key, all)
}

/** The number of a timer, which a script was given. */
function checkTimerId(value) {
  const rule = 'The "id" argument must be the number of a timer'
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!Number.isSafeInteger(value) || value < 1) throw valueError(`${rule}. Received ${value}`)
}

/** The label that was checked last: most are asked about again and again. */
let lastLabel = ''

/** A scriptId or a chunk name: text that may stand in a log line. */
function checkLabel(value, what) {
  if (value === lastLabel && value !== '') return
  const rule = `${what} must be a string of 1 to 256 UTF-8 bytes without control characters`
  if (typeof value !== 'string') throw typeError(`${rule}. Received ${shown(value)}`)
  if (value === '') throw valueError(`${rule}. Received an empty string`)
  if (!value.isWellFormed()) throw valueError(`${rule}. Received a string with a lone surrogate`)
  const size = Buffer.byteLength(value)
  if (size > 256) throw valueError(`${rule}. Received ${size} bytes`)
  if (/\p{Cc}/u.test(value)) throw valueError(`${rule}. Received ${shown(value)}`)
  lastLabel = value
}

/** Which keys a grant is about: more than this only Rust knows. */
function checkPattern(value, what) {
  const rule = `${what} must be a key, or what keys begin with and '*'`
  if (typeof value !== 'string') throw typeError(`${rule}. Received ${shown(value)}`)
  if (value === '') throw valueError(`${rule}. Received an empty string`)
  if (!value.isWellFormed()) throw valueError(`${rule}. Received a string with a lone surrogate`)
}

function checkFunction(value, what) {
  if (typeof value !== 'function') throw typeError(`${what} must be a function. Received ${shown(value)}`)
}

function checkBoolean(value, what) {
  if (typeof value !== 'boolean') throw typeError(`${what} must be a boolean. Received ${shown(value)}`)
}

function checkMilliseconds(value, what) {
  const rule = `${what} must be a number of milliseconds above 0 and at most ${MAX_MILLISECONDS}`
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!(value > 0 && value <= MAX_MILLISECONDS)) throw valueError(`${rule}. Received ${value}`)
}

function checkWeight(value, what) {
  const rule = `${what} must be a number from 0.01 to 100`
  if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
  if (!(value >= 0.01 && value <= 100)) throw valueError(`${rule}. Received ${value}`)
}

/** What an object says is checked when it is read, and what a function returns, when it was called. */
function checkPerId(value, what) {
  if (typeof value === 'function' || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
  throw typeError(`${what} must be an object or a function that returns one. Received ${shown(value)}`)
}

/** The check for a whole number of something. */
function whole(unit, least, most) {
  return (value, what) => {
    const rule = `${what} must be a whole number of ${unit} from ${least} to ${most}`
    if (typeof value !== 'number') throw typeError(`${rule}. Received ${shown(value)}`)
    if (!(Number.isInteger(value) && value >= least && value <= most)) throw valueError(`${rule}. Received ${value}`)
  }
}

/** Known by what it can do, not by its class: each realm has an `AbortSignal` of its own. */
function checkSignal(value, what) {
  const can = ['addEventListener', 'removeEventListener'].every((name) => typeof value?.[name] === 'function')
  if (can && typeof value.aborted === 'boolean') return
  throw typeError(`${what} must be an AbortSignal. Received ${shown(value)}`)
}

function checkArgs(value, what) {
  const rule = `${what} must be an array of at most ${MAX_ARGS} values`
  if (!Array.isArray(value)) throw typeError(`${rule}. Received ${shown(value)}`)
  if (value.length > MAX_ARGS) throw valueError(`${rule}. Received ${value.length}`)
}

function checkGlobals(value, what) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)) return
  throw typeError(`${what} must be a plain object of names and values. Received ${shown(value)}`)
}

function oneOf(...choices) {
  return (value, what) => {
    if (choices.includes(value)) return
    const error = typeof value === 'string' ? valueError : typeError
    throw error(
      `${what} must be one of ${choices.map((choice) => inspect(choice)).join(', ')}. Received ${shown(value)}`,
    )
  }
}

/** What an object says is checked when it is read. */
function checkCodeCache(value, what) {
  if (typeof value === 'boolean' || (typeof value === 'object' && value !== null)) return
  throw typeError(`${what} must be true, false or an object. Received ${shown(value)}`)
}

/** Known by what it can do. Its methods are looked up again for each entry: loggers exchange them when their level changes. */
function checkLogger(value, what) {
  const rule = `${what} must be an object with the methods debug, info, warn and error`
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    throw typeError(`${rule}. Received ${shown(value)}`)
  for (const name of LEVELS.slice(0, -1)) {
    let method
    try {
      method = value[name]
    } catch (error) {
      throw Object.assign(typeError(`${rule}. Its '${name}' cannot be read`), { cause: error })
    }
    if (typeof method !== 'function') throw typeError(`${rule}. Its '${name}' is ${shown(method)}`)
  }
}

function checkIds(value, what) {
  const rule = `${what} must be '*' or an array of scriptIds`
  if (value === '*') return
  if (typeof value === 'string') throw valueError(`${rule}. Received ${shown(value)}`)
  if (!Array.isArray(value)) throw typeError(`${rule}. Received ${shown(value)}`)
  for (const [i, id] of value.entries()) checkLabel(id, `${what}[${i}]`)
}

/** What is in it is checked when it is used: sources, and names of scripts. */
function checkScripts(value, what) {
  if (value === '*' || (typeof value === 'object' && value !== null && isPlain(value))) return
  const rule = `${what} must be '*', an array of names or an object of sources by name`
  if (typeof value === 'string') throw valueError(`${rule}. Received ${shown(value)}`)
  if (!Array.isArray(value)) throw typeError(`${rule}. Received ${shown(value)}`)
  for (const [i, name] of value.entries()) checkLabel(name, `${what}[${i}]`)
}

/** What is in it is checked when it is used. */
function checkArray(ofWhat) {
  return (value, what) => {
    if (!Array.isArray(value)) throw typeError(`${what} must be an array of ${ofWhat}. Received ${shown(value)}`)
  }
}

function checkText(value, what) {
  if (typeof value !== 'string') throw typeError(`${what} must be a string. Received ${shown(value)}`)
}

function checkLibraries(value, what) {
  checkArray('names')(value, what)
  for (const name of value) {
    if (typeof name !== 'string') throw typeError(`${what} must be an array of names. Received ${shown(name)} in it`)
    if (LIBRARIES.includes(name)) continue
    const known = LIBRARIES.join(', ')
    throw valueError(
      `${what} has an unknown library ${inspect(name)}${hint(name, LIBRARIES)} (known libraries: ${known})`,
    )
  }
}

module.exports = {
  checkArgs,
  checkFunction,
  checkLabel,
  checkObject,
  checkTesterOptions,
  checkTimerId,
  hasLimits,
  isLimitedAs,
  limitsIn,
  readCloseOptions,
  readCompileOptions,
  readContextCallOptions,
  readContextOptions,
  readContextRunOptions,
  readCrossing,
  readEngineOptions,
  readGrant,
  readJobData,
  readOptions,
  readPoolOptions,
  readPoolUseOptions,
  readReplaceOptions,
  readPerId,
  readProcessorOptions,
  readRunOptions,
  readScriptCallOptions,
  readScriptFolderOptions,
  readScriptOptions,
  readSharedDictOptions,
  readValueRunOptions,
  readWatchOptions,
  whole,
}
