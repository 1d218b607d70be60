// Wrong uses of the public types: no line compiles without its expectation.
import {
  ContextPool,
  Engine,
  type EngineStats,
  FunctionSet,
  HostError,
  LuaError,
  type LuaErrorCode,
  LuaFunction,
  ModuleSet,
  runLua,
  Script,
  SharedDict,
} from 'moonpool'
import { createProcessor, type ScriptJobData } from 'moonpool/bullmq'
import { traceRuns } from 'moonpool/opentelemetry'
import { registerMetrics } from 'moonpool/prometheus'
import { createTester } from 'moonpool/testing'

// @ts-expect-error: an engine is required
registerMetrics()
// @ts-expect-error: a registry of prom-client
registerMetrics(new Engine(), { registry: {} })
// @ts-expect-error: a name is text
registerMetrics(new Engine(), { tenantOf: () => 7 })
// @ts-expect-error: a misspelt option
registerMetrics(new Engine(), { labels: [] })
// @ts-expect-error: a tracer
traceRuns({ tracer: {} })
// @ts-expect-error: attributes are text, numbers, booleans, or lists of them
traceRuns({ attributes: () => ({ a: new Date() }) })
// @ts-expect-error: an engine, not a function
traceRuns({ engine: runLua })

// @ts-expect-error: scriptId is required
runLua('return 1')
// @ts-expect-error: code is text or bytes
runLua(42, 'tenant-1')
// @ts-expect-error: code in 16-bit units is no source
runLua(new Uint16Array(1), 'tenant-1')
// @ts-expect-error: scriptId is a string
runLua('return 1', 7)
// @ts-expect-error: options are an object
runLua('return 1', 'tenant-1', null)
// @ts-expect-error: a misspelt option
runLua('return 1', 'tenant-1', { timeOut: 5 })
// @ts-expect-error: milliseconds are a number
runLua('return 1', 'tenant-1', { timeout: '5' })
// @ts-expect-error: bytes are a number, not a bigint
runLua('return 1', 'tenant-1', { memoryLimit: 1n })
// @ts-expect-error: name is a string
runLua('return 1', 'tenant-1', { name: 1 })

// @ts-expect-error: no such level
runLua('return 1', 'tenant-1', { logLevel: 'trace' })
// @ts-expect-error: a function, not a stream
runLua('return 1', 'tenant-1', { onOutput: process.stdout })
// @ts-expect-error: a logger has more methods
export const logs = new Engine({ logger: { info() {} } })

// @ts-expect-error: the result is a promise
export const text: string = runLua('return 1', 'tenant-1')

// @ts-expect-error: only moonpool makes them
export const made = new LuaError()

declare const error: LuaError
// @ts-expect-error: its properties are read-only
error.code = 'ERR_INTERNAL'
// @ts-expect-error: the line may be unknown
export const line: number = error.line
// @ts-expect-error: not one of the codes
export const code: LuaErrorCode = 'ERR_LUA'
// @ts-expect-error: not one of the limits
export const isMemory = error.limit === 'memory'

// @ts-expect-error: options are an object
new Engine(4)
// @ts-expect-error: a misspelt option
new Engine({ maxqueue: 4 })
// @ts-expect-error: threads are a number
new Engine({ concurrency: '4' })
// @ts-expect-error: no such store
new Engine({ state: 'sqlite' })
// @ts-expect-error: no such library
new Engine({ libraries: ['debug'] })
// @ts-expect-error: libraries are an array
new Engine({ libraries: 'math' })
// @ts-expect-error: a code cache is a yes, a no, or its options
new Engine({ codeCache: 100 })
// @ts-expect-error: a misspelt option of the code cache
new Engine({ codeCache: { maxEntry: 1 } })
// @ts-expect-error: a name is no limit
new Engine({ defaults: { name: 'x' } })
// @ts-expect-error: a signal is no limit
new Engine({ defaults: { signal: AbortSignal.timeout(1) } })

declare const engine: Engine
// @ts-expect-error: scriptId is required
engine.runLua('return 1')
// @ts-expect-error: a controller is no signal
engine.runLua('return 1', 'tenant-1', { signal: new AbortController() })
// @ts-expect-error: scriptId is required
engine.runFile('rule.lua')
// @ts-expect-error: a file is a path or a URL
engine.runFile(Buffer.from('rule.lua'), 'tenant-1')
// @ts-expect-error: a script is compiled already
engine.compile(engine.compile(''))
// @ts-expect-error: compiling has no limits of its own
engine.compile('', { timeout: 5 })
// @ts-expect-error: compiling is done when it returns
engine.compile('').then()
// @ts-expect-error: only an engine makes them
export const script = new Script()
// @ts-expect-error: a script keeps its name
engine.compile('').name = 'other'
// @ts-expect-error: milliseconds are a number
engine.close({ timeout: '5' })
// @ts-expect-error: a misspelt option
engine.close({ timeOut: 5 })
// @ts-expect-error: closing takes its time
export const closed: undefined = engine.close()
// @ts-expect-error: no such event
engine.on('empty', () => {})
// @ts-expect-error: full comes with nothing
engine.on('full', (runs: number) => runs)
// @ts-expect-error: an error comes with a LuaError
engine.on('error', (error: string) => error)
// @ts-expect-error: no such statistic
export const waiting: number = engine.stats().waiting
// @ts-expect-error: times are summaries
export const time: EngineStats['runTime'] = 5
// @ts-expect-error: compile threw it, perhaps: the scriptId may be absent
export const id: string = error.scriptId
// @ts-expect-error: args are an array
engine.run('', 'tenant-1', { args: 'a' })
// @ts-expect-error: a function cannot cross
engine.run('', 'tenant-1', { args: [() => 1] })
// @ts-expect-error: a date cannot cross
engine.runLua('', 'tenant-1', { args: [{ at: new Date() }] })
// @ts-expect-error: a symbol cannot cross
engine.runLua('', 'tenant-1', { globals: { a: Symbol('a') } })
// @ts-expect-error: globals are an object
engine.runLua('', 'tenant-1', { globals: 1 })
// @ts-expect-error: text has no shapes
engine.runLua('', 'tenant-1', { tables: 'map' })
// @ts-expect-error: no such shape of strings
engine.run('', 'tenant-1', { strings: 'bytes' })
// @ts-expect-error: a run gives values beside its output, and is no text
export const notText: Promise<string> = engine.run('return 1', 'tenant-1')
// @ts-expect-error: what came out of Lua may be anything
export const count: Promise<number> = engine.run('return 1', 'tenant-1').then(({ value }) => value)
// @ts-expect-error: a function or a group of them
engine.expose('limit', 5)
// @ts-expect-error: a group has functions only
engine.expose('db', { get: () => 1, limit: 5 })
// @ts-expect-error: the context comes first
engine.expose('add', (a: number, b: number) => a + b)
// @ts-expect-error: the context is not to be changed
engine.expose('forge', (context) => (context.scriptId = 'other'))
// @ts-expect-error: a script is no module
engine.addModule('rules', engine.compile(''))
// @ts-expect-error: reading a folder takes its time
export const modules: string[] = engine.addModules('rules')

// @ts-expect-error: a run is given functions, and no other things
engine.run('', 'tenant-1', { host: { limit: 5 } })
// @ts-expect-error: a function alone has no name
engine.run('', 'tenant-1', { host: () => 1 })
// @ts-expect-error: sets of modules are not sets of functions
engine.run('', 'tenant-1', { host: engine.modules({}) })
// @ts-expect-error: what looks like a set is none
engine.run('', 'tenant-1', { modules: { native: 5 } })
// @ts-expect-error: a set is made of functions
engine.functions(() => 1)
// @ts-expect-error: a misspelt option
engine.functions({}, { string: 'buffer' })
// @ts-expect-error: a function of a set cannot return a date, where those do not cross
engine.functions({ now: () => new Date() })
// @ts-expect-error: a script is no source
engine.modules({ tax: engine.compile('') })
// @ts-expect-error: only an engine makes them
export const functionSet = new FunctionSet()
// @ts-expect-error: only an engine makes them
export const moduleSet = new ModuleSet()
// @ts-expect-error: a misspelt option
engine.expose('f', () => 1, { replaced: true })
// @ts-expect-error: yes or no
engine.addModule('tax', '', { replace: 'yes' })
// @ts-expect-error: a misspelt option
engine.addModules('rules', { watched: true })
// @ts-expect-error: a context has its functions for all its runs
engine.createContext('tenant-1').run('', { host: {} })
// @ts-expect-error: all or a list
engine.addScript('a', '', { callers: 'shop' })
// @ts-expect-error: the name is the chunk's
engine.addScript('a', '', { name: 'other' })
// @ts-expect-error: a signal is for one call
engine.addScript('a', '', { signal: new AbortController().signal })
// @ts-expect-error: arguments come in an array
engine.callScript('a', 1)
// @ts-expect-error: who it is was said when it was added
engine.callScript('a', [], { scriptId: 'admin' })
// @ts-expect-error: one or the other
new Engine({ hostErrors: 'all' })
// @ts-expect-error: a message is text
new HostError(5)
// @ts-expect-error: a code is text
new HostError('no', { code: 404 })
// @ts-expect-error: a function cannot cross
new HostError('no', { details: () => 1 })
// @ts-expect-error: its code may be absent
export const hostCode: string = new HostError('no').code

// @ts-expect-error: only engines make them
export const shared = new SharedDict()
// @ts-expect-error: a misspelt option
engine.sharedDict('d', { maxItem: 5 })
// @ts-expect-error: all, or a list of ids
engine.sharedDict('d', { readers: 'a' })
// @ts-expect-error: a dictionary keeps no tables
engine.sharedDict('d').set('k', {})
// @ts-expect-error: undefined deletes, null does not
engine.sharedDict('d').set('k', null)
// @ts-expect-error: lists have no booleans
engine.sharedDict('d').lpush('l', true)
// @ts-expect-error: there may be no such key
export const found: string = await engine.sharedDict('d').get('k')
// @ts-expect-error: one place
export const twice = new Engine({ state: { redis: 'redis://localhost', sqlite: 5 } })
// @ts-expect-error: Redis wants a prefix
export const bare = new Engine({ state: { redis: 'redis://localhost' } })
// @ts-expect-error: no such place
export const disk = new Engine({ state: 'disk' })
// @ts-expect-error: a date cannot be stored
engine.state('tenant-1').set('k', new Date())
// @ts-expect-error: a key is a string
engine.state('tenant-1').get(5)
// @ts-expect-error: no such access
engine.grant({ owner: 'a', keys: 'k', to: 'b', access: 'admin' })
// @ts-expect-error: what is stored may be anything
export const stored: Promise<number> = engine.state('tenant-1').get('k')

interface Dated {
  id: string
  at: Date
}
declare const dated: Dated
// @ts-expect-error: a date cannot cross, wherever it is
engine.run('', 'tenant-1', { args: [dated] })
// @ts-expect-error: nor in a global
engine.run('', 'tenant-1', { globals: { list: [{ dated }] } })
// @ts-expect-error: nor when dates are refused
engine.run('', 'tenant-1', { dates: 'refuse', args: [new Date()] })
// @ts-expect-error: an object with functions is no data
engine.run('', 'tenant-1', { args: [{ f: () => 1 }] })
// @ts-expect-error: a Set is no data
engine.run('', 'tenant-1', { args: [new Set([1])] })
// @ts-expect-error: globals are no list
engine.run('', 'tenant-1', { globals: [1] })
// @ts-expect-error: globals are no Map
engine.run('', 'tenant-1', { globals: new Map() })
// @ts-expect-error: no such mode
engine.run('', 'tenant-1', { dates: 'json' })
// @ts-expect-error: no such mode
engine.run('', 'tenant-1', { nulls: 'undefined' })
// @ts-expect-error: a misspelt option beside values
engine.run('', 'tenant-1', { args: [1], timeOut: 5 })
// @ts-expect-error: a function cannot return a date
engine.expose('now', () => new Date())
// @ts-expect-error: nor promise one
engine.expose('now', async () => new Date())
// @ts-expect-error: nor have one in what it returns
engine.expose('dated', async (_context, id: string) => ({ ...dated, id }))
// @ts-expect-error: nor a function in a group
engine.expose('db', { find: { dated: (_context, ids: string[]) => ids.map(() => dated) } })
// @ts-expect-error: a function cannot return a function
engine.expose('make', () => () => 1)
// @ts-expect-error: nor a symbol
engine.expose('make', () => Symbol('s'))
// @ts-expect-error: an argument without an annotation is unknown
engine.expose('length', (_context, text) => text.length)
// @ts-expect-error: a misspelt option of values
export const shaped = new Engine({ values: { string: 'buffer' } })
// @ts-expect-error: values are no list of options
export const listed = new Engine({ values: 'record' })
// @ts-expect-error: text has no shapes
engine.runLua('', 'tenant-1', { strings: 'buffer' })
// @ts-expect-error: a context keeps its memory limit
engine.createContext('tenant-1').run('', { memoryLimit: 2 ** 20 })
// @ts-expect-error: a date cannot be a global
engine.createContext('tenant-1').set('at', new Date())
// @ts-expect-error: what a global is, nothing says
export const global: Promise<number> = engine
  .createContext('tenant-1')
  .get('n')
  .then((value) => value)
// @ts-expect-error: a date cannot be added
engine.state('tenant-1').add('k', new Date())
// @ts-expect-error: a misspelt limit
export const misspelt = new Engine({ perId: { maxQueue: 5 } })
// @ts-expect-error: the function answers at once
export const late = new Engine({ perId: async () => ({}) })
// @ts-expect-error: the store may not say so at once
export const bytes: number = engine.usage('tenant-1').stateBytes
// @ts-expect-error: an id is a string
engine.refreshLimits(5)
// @ts-expect-error: made by engine.createPool only
new ContextPool()
// @ts-expect-error: comes out of a context only
new LuaFunction()
// @ts-expect-error: functions are a yes or a no
engine.createContext('x', { functions: 'all' })
// @ts-expect-error: setup is a function
engine.createPool('x', { setup: 'n = 1' })
// @ts-expect-error: a misspelt option
engine.createPool('x', { sise: 1 })
// @ts-expect-error: arguments are an array
engine.createContext('x').apply('f', 1)
// @ts-expect-error: arguments stand beside the options
engine.createContext('x').apply('f', [], { args: [] })
// @ts-expect-error: the host functions are the context's
engine.createContext('x').run('', { host: {} })
// @ts-expect-error: a date cannot go into a pool that refuses dates
engine.createPool('x').call('f', new Date())
// @ts-expect-error: nor into one by its globals
engine.createPool('x', { globals: { at: new Date() } })
// @ts-expect-error: it needs something to do
engine.createPool('x').use()
// @ts-expect-error: a time is a number or a Date
runLua('', 'x', { now: '2020-01-01' })
// @ts-expect-error: a seed is a number
runLua('', 'x', { seed: 'x' })
// @ts-expect-error: the seed is the context's
engine.createContext('x').run('', { seed: 1 })
// @ts-expect-error: a tester has the host functions
createTester().run('', 'x', { host: {} })
// @ts-expect-error: a misspelt option
createTester({ function: {} })
// @ts-expect-error: a clock goes by milliseconds
createTester().clock.advance('1 s')
// @ts-expect-error: a number of timers
new Engine({ maxTimers: 'many' })
// @ts-expect-error: timers have numbers
engine.cancelTimer('1')
// @ts-expect-error: which timer
engine.cancelTimer()
// @ts-expect-error: timers are made by scripts
engine.timers('x')
// @ts-expect-error: an engine first
createProcessor({ scripts: '*' })
// @ts-expect-error: it needs options
createProcessor(new Engine())
// @ts-expect-error: scripts are all, or a list, or sources
createProcessor(new Engine(), { scripts: 'price' })
// @ts-expect-error: a misspelt option
createProcessor(new Engine(), { script: '*' })
// @ts-expect-error: results become JSON
createProcessor(new Engine(), { scripts: '*', tables: 'map' })
// @ts-expect-error: code runs under an id
export const ofNobody: ScriptJobData = { code: 'return 1' }
// @ts-expect-error: either a name or code
export const both: ScriptJobData = { code: 'return 1', scriptId: 'x', script: 'price' }
