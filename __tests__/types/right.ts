// Right uses of the public types: every line compiles.
import type { EventEmitter } from 'node:events'
import { trace } from '@opentelemetry/api'
import { type Processor, Queue, Worker } from 'bullmq'
import {
  type CloseOptions,
  type CodeCacheOptions,
  type CompileOptions,
  type Context,
  type ContextCallOptions,
  type ContextOptions,
  type ContextPool,
  type ContextRunOptions,
  type DateMode,
  Engine,
  type EngineOptions,
  type EngineStats,
  type FunctionSet,
  type HostContext,
  HostError,
  type HostErrorOptions,
  type HostFunction,
  type HostFunctions,
  type IdLimits,
  type IdUsage,
  type Library,
  type LimitName,
  type Limits,
  type LogEntry,
  type LogFields,
  type Logger,
  type LogLevel,
  type LogOptions,
  LuaError,
  type LuaErrorCode,
  type LuaErrorReport,
  type LuaFunction,
  type LuaInput,
  type LuaOutput,
  type ModuleSet,
  type ModuleSources,
  type PoolOptions,
  type PreludeEntry,
  type RunOptions,
  type RunResult,
  type RunStats,
  runLua,
  type Script,
  type ScriptCallOptions,
  type ScriptOptions,
  type SharedDict,
  type SharedDictOptions,
  type SharedInput,
  type SharedOutput,
  type SharedWritten,
  type StateGrant,
  type StateImport,
  type StateSpace,
  type TimerInfo,
  type TimeSummary,
  type ValueOptions,
  type ValueRunOptions,
} from 'moonpool'
import { createProcessor, currentJob, type ProcessorOptions, type ScriptJobData } from 'moonpool/bullmq'
import { type TracedRun, type Tracing, traceRuns } from 'moonpool/opentelemetry'
import { type EngineMetrics, type MetricsOptions, registerMetrics } from 'moonpool/prometheus'
import { createTester, type FakeCall, sequence, type Tester } from 'moonpool/testing'
import pino from 'pino'
import { type OpenMetricsContentType, Registry } from 'prom-client'

const text: Promise<string> = runLua('return 1', 'tenant-1')
runLua(new Uint8Array([45, 45]), 'tenant-1')
runLua(Buffer.from('--'), 'tenant-1', {})
runLua('return 1', 'tenant-1', undefined)

const options: RunOptions = {
  timeout: 0.5,
  cpuTimeout: 10,
  memoryLimit: 2 ** 20,
  maxOutput: 0,
  maxSource: 1,
  maxNodes: 0,
  name: 'rule.lua',
}
runLua('return 1', 'tenant-1', options)
runLua('return 1', 'tenant-1', { timeout: undefined, name: undefined })

export async function describe(): Promise<string> {
  try {
    return await text
  } catch (error) {
    if (!(error instanceof LuaError)) throw error
    const asError: Error = error
    const name: 'LuaError' = error.name
    const code: LuaErrorCode = error.code
    const line: number | undefined = error.line
    const where: (string | undefined)[] = [error.chunk, error.luaStack, error.limit]
    const limit: LimitName = error.limit ?? 'maxMemory'
    const wait: number = error.retryAfter ?? 0
    const value: unknown = error.luaValue
    const { cause, output }: LuaErrorReport = error.toJSON()
    const told: string = (error.scriptId ?? '') + error.output + error.message
    return [asError, name, code, line, where, limit, wait, value, cause, output, told].join()
  }
}

/** Every code, and no other: a new one makes this function fail to compile. */
export function isOurFault(code: LuaErrorCode): boolean {
  switch (code) {
    case 'ERR_INTERNAL':
      return true
    case 'ERR_LUA_SYNTAX':
    case 'ERR_LUA_RUNTIME':
    case 'ERR_LUA_TIMEOUT':
    case 'ERR_LUA_MEMORY':
    case 'ERR_LUA_OUTPUT':
    case 'ERR_LUA_RESULT':
    case 'ERR_STATE_DENIED':
    case 'ERR_STATE_VALUE':
    case 'ERR_STATE_QUOTA':
    case 'ERR_STATE_UNAVAILABLE':
    case 'ERR_HOST_FUNCTION':
    case 'ERR_SCRIPT_UNKNOWN':
    case 'ERR_SCRIPT_DENIED':
    case 'ERR_CONTEXT_CLOSED':
    case 'ERR_CONTEXT_BUSY':
    case 'ERR_QUEUE_FULL':
    case 'ERR_QUOTA':
    case 'ERR_QUEUE_TIMEOUT':
    case 'ERR_ENGINE_CLOSED':
    case 'ERR_SYSTEM':
      return false
    default:
      return code satisfies never
  }
}

const limits: Limits = { queueTimeout: 0.5, timeout: 100 }
const codeCache: CodeCacheOptions = { maxEntries: 1, maxBytes: 1, ttl: 0.5 }
const libraries: Library[] = [
  'base64',
  'coroutine',
  'crypto',
  'hex',
  'io',
  'json',
  'log',
  'math',
  'os',
  'regex',
  'scripts',
  'Shared',
  'State',
  'string',
  'table',
  'time',
  'timer',
  'url',
  'utf8',
]
const frozen: readonly Library[] = libraries

const engineOptions: EngineOptions = {
  concurrency: 1,
  maxQueue: 0,
  maxMemory: 2 ** 28,
  warmVms: 0,
  state: 'memory',
  stateQuota: 0,
  codeCache,
  defaults: limits,
  libraries: frozen,
  perId: { maxQueued: 0, maxStarted: 1, maxWaiting: 1, cpuPerSecond: 0.5, hostCallsPerSecond: 1, weight: 0.5 },
  trackedIds: 5,
}
const free: IdLimits = { memory: 2 ** 20, stateQuota: undefined }
export const engines: Engine[] = [
  new Engine(),
  new Engine(undefined),
  new Engine({}),
  new Engine(engineOptions),
  new Engine({ perId: (scriptId) => (scriptId.startsWith('free-') ? free : {}) }),
  new Engine({ codeCache: false, libraries: [], defaults: {} }),
  new Engine({ codeCache: true, maxQueue: undefined, defaults: { timeout: undefined } }),
]

export async function useEngine(engine: Engine, signal: AbortSignal): Promise<string[]> {
  const byName: CompileOptions = { name: 'rule.lua' }
  const script: Script = engine.compile('return 1', byName)
  const name: string = script.name
  engine.compile(Buffer.from('return 1'))
  engine.compile(new Uint8Array(1), {})
  runLua(script, 'tenant-1', { signal, queueTimeout: 10 })
  return Promise.all([
    name,
    engine.runLua('return 1', 'tenant-1'),
    engine.runLua(script, 'tenant-1', { signal: undefined }),
    engine.runLua(new Uint8Array(1), 'tenant-1', options),
    engine.runFile('rule.lua', 'tenant-1'),
    engine.runFile(new URL('file:///rule.lua'), 'tenant-1', { name: 'rule', signal: AbortSignal.timeout(100) }),
  ])
}

export async function endEngine(engine: Engine): Promise<void> {
  const patient: CloseOptions = { timeout: 0 }
  await engine.close()
  await engine.close(undefined)
  await engine.close(patient)
  const disposed: Promise<void> = engine[Symbol.asyncDispose]()
  const disposable: AsyncDisposable = engine
  return disposed.then(() => disposable[Symbol.asyncDispose]()).then(() => undefined)
}

export function listen(engine: Engine): EventEmitter {
  const same: Engine = engine
    .on('full', () => {})
    .once('drain', () => {})
    .on('error', (error) => error.code satisfies LuaErrorCode)
  same.off('full', () => {})
  const heard: boolean = engine.emit('full')
  const listeners: number = engine.listenerCount('drain')
  return heard && listeners > 0 ? engine : same
}

export function total(engine: Engine): number {
  const stats: EngineStats = engine.stats()
  engine.resetStats()
  const gauges: number = stats.queued + stats.running + stats.suspended + stats.memory + stats.snapshotBytes
  const ends: number = stats.completed + stats.failed + stats.timedOut + stats.aborted + stats.rejected
  const others: number = stats.started + stats.vmsCreated + stats.cacheHits + stats.cacheMisses + stats.utilization
  const times: TimeSummary[] = [stats.queueTime, stats.runTime, stats.cpuTime]
  const sums = times.map(({ min, mean, p50, p90, p99, p99_9, max, count }) =>
    [min, mean, p50, p90, p99, p99_9, max, count].reduce((sum: number, value: number) => sum + value, 0),
  )
  return gauges + ends + others + sums.length
}

export function engineAfter(source: Uint8Array): number {
  const entry: PreludeEntry = { name: 'base', source }
  const engine = new Engine({ prelude: [entry, { name: 'tax', source: 'return 1' }], preludeModules: ['tax'] })
  return engine.stats().snapshotBytes
}

/** Every statistic, and no other. */
export const everyStatistic: Record<keyof EngineStats, true> = {
  queued: true,
  running: true,
  suspended: true,
  memory: true,
  snapshotBytes: true,
  started: true,
  completed: true,
  failed: true,
  timedOut: true,
  aborted: true,
  rejected: true,
  vmsCreated: true,
  cacheHits: true,
  cacheMisses: true,
  utilization: true,
  queueTime: true,
  runTime: true,
  cpuTime: true,
}

export async function crossValues(engine: Engine, script: Script): Promise<LuaOutput> {
  const nothing: LuaInput = undefined
  const inputs: readonly LuaInput[] = [nothing, null, true, 1, 1n, 'a', Buffer.from('a'), [1, ['a']], { a: { b: [] } }]
  const map: LuaInput = new Map<string | number, LuaInput>([['a', new Map([[1, 'b']])]])
  runLua('return ...', 'tenant-1', { args: inputs, globals: { map, config: { limit: 1 } } })
  const byValue: ValueRunOptions = { args: [map], globals: undefined, strings: 'buffer', tables: 'map', timeout: 1 }
  const any: RunResult = await engine.run('return ...', 'tenant-1', byValue)
  const first: LuaOutput = any.value
  const { value, values, output, stats } = await engine.run<[{ total: number }, string]>(script, 'tenant-1')
  const [total, name]: [number, string] = [value.total, values[1]]
  const used: RunStats = stats
  const { queueTime, runTime, cpuTime, peakMemory, slices }: Record<keyof RunStats, number> = used
  const sum: number = queueTime + runTime + cpuTime + peakMemory + slices + total
  return [first, name, output, sum]
}

export async function openDoors(engine: Engine): Promise<string[]> {
  const get: HostFunction = async ({ scriptId, signal }: HostContext, key: string) => [scriptId, signal.aborted, key]
  const group: HostFunctions = { get, deep: { er: () => null } }
  engine.expose('get', get)
  engine.expose('db', group)
  engine.expose('add', (_context, a: number, b: number) => a + b)
  engine.expose('all', (_context, ...rest: LuaOutput[]) => rest.length)
  engine.expose('nothing', () => {})
  engine.addModule('rules', 'return 1')
  engine.addModule('bytes', Buffer.from('return 1'))
  const names: string[] = await engine.addModules('rules')
  return names.concat(await engine.addModules(new URL('file:///rules')))
}

export async function giveThings(engine: Engine): Promise<unknown[]> {
  type Request = { user: string }
  const get = ({ data, name }: HostContext<Request>, key: string) => [data.user, name, key]
  const tools: FunctionSet = engine.functions({ db: { get }, log: ({ data }) => void data.anything })
  engine.functions({ now: () => new Date(), all: () => [new Date()] }, { dates: 'iso', strings: 'buffer' })
  engine.functions({ get }, { tables: 'map', nulls: 'nil' })
  const sources: ModuleSources = { tax: 'return 1', bytes: Buffer.from('') }
  const modules: ModuleSet = engine.modules(sources)
  const data: Request = { user: 'ada' }
  const given: RunOptions = { host: tools, modules, data }
  await engine.run('', 'tenant-1', { ...given, strings: 'buffer' })
  await engine.runFile('rule.lua', 'tenant-1', { host: { get }, modules: { tax: '' }, data: null })
  await runLua('', 'tenant-1', { host: undefined, modules: undefined, data: undefined })
  const context = engine.createContext('tenant-1', given)
  await context.run('', { data: 5 })
  engine.expose('get', get, { replace: true })
  engine.addModule('tax', '', { replace: undefined })
  const gone: boolean[] = [engine.unexpose('get'), engine.removeModule('tax')]
  const names: string[] = await engine.addModules('rules', { watch: true })
  engine.on('moduleError', (error, name) => console.log(error.message, name?.length))
  return [gone, names, new Engine({ hostErrors: 'messages' })]
}

export async function nameThings(engine: Engine, script: Script): Promise<unknown[]> {
  const options: ScriptOptions = {
    scriptId: 'jobs',
    callers: ['a', 'b'] as const,
    timeout: 100,
    data: 5,
    now: 0,
    host: {},
  }
  engine.addScript('a', 'return 1', { ...options, globals: { limit: 5 } })
  engine.addScript('a', script, { replace: true, callers: '*', tables: 'map', dates: 'iso' })
  engine.addScript('b', Buffer.from(''))
  const names: string[] = await engine.addScripts(new URL('file:///jobs'), { watch: true, scriptId: 'jobs' })
  engine.on('scriptError', (error, name) => console.log(error.message, name?.length))
  const call: ScriptCallOptions = { signal: AbortSignal.timeout(5), timeout: 5, seed: 1, data: null }
  const { value, output } = await engine.callScript<[number]>('a', [1, { deep: [null] }], call)
  await engine.callScript('a', [new Date()], { dates: 'iso' })
  const gone: boolean = engine.removeScript('a')
  const kept = new Engine({ libraries: ['scripts'] })
  return [names, value + 1, output, await engine.callScript('b'), gone, kept]
}

export function refuse(why: unknown): never {
  const options: HostErrorOptions = { code: 'NOT_FOUND', details: { tries: [1, 2n], at: null }, cause: why }
  const error: Error = new HostError('no such customer', options)
  if (error instanceof HostError && error.code !== undefined)
    throw new HostError(error.code, { details: error.details })
  throw new HostError(error.message)
}

export async function shareThings(engine: Engine, value: SharedInput): Promise<unknown[]> {
  const options: SharedDictOptions = { maxItems: 10, maxBytes: 1024, readers: '*', writers: ['a'] as const }
  const dict: SharedDict = engine.sharedDict('d', options)
  const same: SharedDict = engine.sharedDict(dict.name)
  const { ok, err, forcible }: SharedWritten = await same.set('key', value, 0.5, 7)
  const problem: string | undefined = err
  const found: SharedOutput | undefined = await dict.get(Buffer.from('key'))
  const stale = await dict.get_stale('key')
  const flags: number | undefined = stale?.flags
  const { value: sum }: { value: number | bigint | undefined } = await dict.incr('n', 1, 0, 60)
  const { length }: { length: number | undefined } = await dict.lpush('list', 'x')
  const popped: string | Uint8Array | number | bigint | undefined = (await dict.rpop('list')).value
  const numbers: number[] = [await dict.flush_expired(5), await dict.capacity(), await dict.free_space()]
  const keys: Array<string | Uint8Array> = await dict.get_keys(0)
  const left: number | undefined = await dict.ttl('key')
  const there: boolean = await dict.expire('key', 1)
  await dict.set('key', undefined)
  await dict.flush_all()
  return [ok, problem, forcible, found, flags, sum, length, popped, numbers, keys, left, there]
}

export async function hearLogs(): Promise<string[]> {
  const told: string[] = []
  const levels: LogLevel[] = ['debug', 'info', 'warn', 'error']
  const options: LogOptions = { logLevel: 'silent', maxLog: 0 }
  const own: Logger = {
    debug: ({ scriptId, run, fields }: LogFields, message: string) =>
      told.push(scriptId, String(run), message, String(fields)),
    info() {},
    warn: async () => {},
    error: console.error,
  }
  const engine = new Engine({ logger: console, ...options })
  new Engine({ logger: pino(), logLevel: 'debug' })
  new Engine({ logger: own, logLevel: undefined, maxLog: undefined })
  engine.on('log', ({ time, level, name, line, message, fields }: LogEntry) => {
    if (levels.includes(level)) told.push(new Date(time).toISOString(), name, String(line ?? 0), message)
    if (fields !== undefined && !Array.isArray(fields)) told.push(String(fields.n))
  })
  await engine.run('', 'x', { logLevel: 'warn', maxLog: 5, onOutput: (text: string) => told.push(text) })
  const context = engine.createContext('x', { onOutput: (text) => void told.push(text), logLevel: 'error' })
  await context.run('', { logLevel: 'info', onOutput: undefined })
  await runLua('', 'x', { onOutput() {} })
  return told
}

export async function keepState(engine: Engine): Promise<LuaOutput> {
  const places: EngineOptions[] = [
    { state: 'memory', foreignKeys: 'missing' },
    { state: { memory: 'name' } },
    { state: { sqlite: new URL('file:///state.db'), cacheBytes: 1, durability: 'relaxed' } },
    { state: { redis: 'redis://localhost', prefix: 'app', commandTimeout: 10 }, foreignKeys: undefined },
  ]
  const space: StateSpace = engine.state('tenant-1')
  await space.set('k', { list: [1, 2n, null] }, { ttl: 1000 })
  const sum: number | bigint = await space.incr('n', 2n, { init: 5, ttl: undefined })
  const met: boolean[] = [await space.add('k', 1), await space.replace('k', 1), await space.cas('k', 1, undefined)]
  const updated: number = await space.update('n', (n: number) => n + 1, 0)
  const left: number | undefined = await space.ttl('k')
  for await (const [key, value] of space.entries('a/')) met.push(key === String(value))
  const keys: string[] = await space.list()
  for await (const owner of engine.stateOwners()) keys.push(owner)
  const { entries, bytes } = await space.size()
  const grant: StateGrant = { owner: 'a', keys: 'k/*', to: '*', access: 'read' }
  await engine.grant(grant)
  const gone: boolean = await engine.revoke({ owner: 'a', keys: 'k/*', to: '*' })
  const grants: StateGrant[] = await engine.grants()
  const report: StateImport = await engine.importState(engine.exportState())
  await engine.importState(['{}'])
  await engine.importState(Buffer.from('{}'))
  const lines: string[] = report.refused.map(({ line, owner, message }) => `${line} ${owner ?? ''} ${message}`)
  const orFive: LuaOutput | 5 = await space.get('k', 5)
  return [places.length, sum, updated, left, entries + bytes, gone, grants.length, orFive, ...keys, ...lines]
}

interface Line {
  sku: string
  count?: number
}

/** With all that an interface of data may have. */
interface Order {
  readonly id: bigint
  lines: Line[]
  note: string | null
  parent?: Order
  readonly byName: Map<string, Line>
  bytes: Uint8Array
}

export async function crossData(engine: Engine, order: Order, record: Record<string, unknown>): Promise<unknown[]> {
  const lines: readonly Line[] = order.lines
  await engine.runLua('', 'x', { args: [order, record, lines, ...lines, [record], undefined], globals: order })
  await engine.run('', 'x', { args: [{ order, more: { record } }], globals: record })
  await engine.runFile('f', 'x', { args: [order], globals: { order, record } })
  await runLua('', 'x', { args: [order], globals: { order, 'a b': 1 } })
  const given = { args: [order, 5], timeout: 5 }
  await engine.run('', 'x', given)
  const inputs: LuaInput[] = [order, record, lines, { a: 1, b: { c: [] } }, new Map([[1, order]])]
  const options: ValueRunOptions = { args: inputs, globals: order, nulls: 'nil', dates: 'refuse', tables: 'record' }
  const { value } = await engine.run<[Order]>('', 'x', options)
  const id: bigint = value.id
  const own: ContextOptions = { globals: record, tables: 'record', strings: 'buffer', nulls: 'nil', dates: 'iso' }
  const context = engine.createContext('x', own)
  await context.set('order', order)
  const anything: LuaOutput = await context.get('order')
  const same: Order = await context.get<Order>('order')
  const called = await context.call<[number, string]>('f', order, record, 1)
  const sum: number = called.value + called.values[0]
  const inside: ContextRunOptions = { args: [order], tables: 'map', timeout: 5 }
  await context.run<[Order]>('', inside)
  await context.run('', { args: [order, record], globals: { order } })
  const space = engine.state('x')
  await space.set('order', record)
  await space.set('order', { order: [order] }, { ttl: 5 })
  await space.cas('order', order, undefined)
  return [id, anything, same, sum]
}

declare function find(context: HostContext, id: string): Promise<Order | null>

export function exposeThings(engine: Engine, order: Order, record: Record<string, unknown>): void {
  engine.expose('get', async (context, key) => `${context.scriptId} ${key satisfies unknown}`)
  engine.expose('get', async (_context, key: string) => key.length)
  engine.expose('find', find)
  engine.expose('order', (_context, id: string, count?: number) => ({ order, id, count }))
  engine.expose('orders', async () => [order, record])
  engine.expose('echo', (_context, value) => value)
  engine.expose('all', async (_context, ...values) => values)
  engine.expose('done', async () => {})
  engine.expose('big', () => new Map([[1n, new Uint8Array(1)]]))
  engine.expose('db', { find, get: (_context, key) => [key], deep: { er: (_context, n: number) => n } })
}

/** What a type is that is not known yet, and what is anything. */
export async function crossAnything<Value extends LuaInput>(
  engine: Engine,
  value: Value,
  any: unknown[],
): Promise<void> {
  const args: LuaInput[] = [value]
  const options: RunOptions = { args, globals: { value } }
  await engine.run('', 'x', { args })
  await engine.runLua('', 'x', { ...options, timeout: 5 })
  await engine.run('', 'x', { args: any, globals: {} as object })
}

export async function crossDates(engine: Engine, at: Date): Promise<Engine> {
  await engine.run('', 'x', { dates: 'iso', args: [at, { at }], globals: { list: [at] } })
  await engine.runLua('', 'x', { dates: 'iso', args: [at] })
  const values: ValueOptions<'iso'> = { strings: 'text', tables: 'object', nulls: 'null', dates: 'iso' }
  const other = new Engine({ values })
  await other.run('', 'x', { args: [{ at }] })
  other.expose('now', () => at)
  other.expose('later', async () => ({ at: [at] }))
  await other.state('x').set('at', at)
  await other.createContext('x').set('at', { at })
  await other.createContext('x').call('f', at)
  const context: Context<'iso'> = engine.createContext('x', { dates: 'iso', globals: { at } })
  await context.run('', { args: [at] })
  const any: Context = context
  await any.close()
  const mode: DateMode = 'iso'
  new Engine({ values: { dates: mode } }).expose('now', () => at)
  const options: EngineOptions = { values: { dates: 'iso' } }
  new Engine(options).expose('now', () => at)
  return other
}

export function usageOf(engine: Engine, scriptId: string): string {
  const usage: IdUsage = engine.usage(scriptId)
  const all: IterableIterator<[string, IdUsage]> = engine.usage()
  engine.refreshLimits()
  engine.refreshLimits(scriptId)
  return [usage.cpuTime + (usage.stateBytes ?? 0), ...Array.from(all, ([id, { aborted }]) => id + aborted)].join()
}

export async function playGames(engine: Engine): Promise<LuaOutput> {
  const context: Context = engine.createContext('tenant-1', { maxPending: 10, functions: true, maxFunctions: 5 })
  const { value: fn } = await context.run<[LuaFunction]>('return print', { name: 'game.lua', functions: true })
  const { value }: { value: LuaOutput } = await fn.call(1, fn)
  const [count] = (await fn.apply<[number]>([{ fn }], { timeout: 5, strings: 'buffer' })).values
  await context.apply('room.tick')
  const ticked: RunResult<[string]> = await context.apply<[string]>('room.tick', [1, fn], { name: 'x', tables: 'map' })
  const counts: [number, boolean, boolean] = [context.pending, context.isClosed, fn.isReleased]
  fn.release()
  const options: PoolOptions = { size: 2, setup: (made) => made.set('n', 1), setupTimeout: 5, timeout: 10 }
  const pool: ContextPool = engine.createPool('tenant-1', options)
  engine.createPool('tenant-1')
  const sum: number = await pool.use(async (borrowed) => (await borrowed.call<[number]>('f')).value)
  const plain: string = await pool.use(() => 'x', { signal: AbortSignal.timeout(5), queueTimeout: 5 })
  await pool.run('return 1', { args: [1] })
  await pool.call('f', 1, 'x')
  const call: ContextCallOptions = { globals: { n: 1 } }
  await pool.apply('f', [], call)
  const given = {
    host: { now: () => 1 },
    modules: { m: 'return 1' },
    data: pool,
    nulls: 'nil',
    tables: 'record',
  } as const
  engine.createPool('tenant-1', { ...given, size: 1, functions: true })
  await context.apply('f', [], { data: 1, globals: { fn } })
  const at = new Date()
  const setup = (made: Context<'iso'>) => made.set('at', at)
  const dated: ContextPool<'iso'> = engine.createPool('tenant-1', { dates: 'iso', globals: { at }, setup })
  await dated.call('f', at, { at })
  await dated.use((borrowed) => borrowed.apply('f', [at]))
  await context.apply('f', [at, fn], { dates: 'iso', globals: { at } })
  pool.replace()
  await pool.drain()
  await pool.close()
  return [value, count, ticked.value, counts.length, sum, plain, pool.size + pool.idle + pool.pending]
}

export async function repeating(engine: Engine): Promise<unknown[]> {
  const options: RunOptions = { now: new Date(), seed: 1 }
  await engine.runLua('return 1', 'tenant-1', options)
  await engine.runFile('a.lua', 'tenant-1', { now: 0, seed: undefined })
  const { value } = await engine.run('return 1', 'tenant-1', { now: Date.now() })
  const context = engine.createContext('tenant-1', { now: 5, seed: 5 })
  await context.run('return 1', { now: new Date() })
  await context.apply('f', [], { now: 5 })
  engine.createPool('tenant-1', { now: 5, seed: 5 })
  return [value]
}

export async function testing(): Promise<FakeCall[]> {
  const get = async (context: HostContext, key: string) => `${context.scriptId} ${key}`
  const tester: Tester = createTester({
    functions: { db: { get, list: sequence([1], new Error('no')) }, 'mail.send': true },
    modules: { tax: 'return 1' },
    now: new Date(),
    seed: 2,
    defaults: { timeout: 100 },
  })
  const { value, calls, output } = await tester.run('return 1', 'tenant-1', { args: [1], now: 5 })
  await tester.run('return 1')
  tester.fake('db.get', { rows: [1] })
  tester.clock.set(new Date())
  tester.clock.advance(tester.clock.now)
  await tester.state().set('key', 1)
  const grants: readonly unknown[] = await tester.engine.grants()
  await tester.reset()
  await tester.close({ timeout: 5 })
  return [...calls, ...tester.calls, { name: output, args: [value, grants], scriptId: 'x' }]
}

export async function watching(): Promise<string> {
  const engine = new Engine()
  const options: MetricsOptions = {
    registry: new Registry(),
    prefix: 'lua_',
    name: 'a',
    tenantOf: (id) => id,
    maxTenants: 5,
  }
  const metrics: EngineMetrics = registerMetrics(engine, options)
  registerMetrics(new Engine({ values: { dates: 'iso' } })).unregister()
  const open = new Registry<OpenMetricsContentType>()
  open.setContentType(registerMetrics(engine, { registry: open, tenantOf: () => undefined }).registry.contentType)
  const spanName = ({ scriptId, name }: TracedRun) => `${scriptId} ${name}`
  const tracing: Tracing = traceRuns({
    engine,
    tracer: trace.getTracer('mine'),
    spanName,
    attributes: () => ({ n: 1 }),
  })
  traceRuns().stop()
  traceRuns({ attributes: () => undefined, tracer: undefined })
  tracing.stop()
  metrics.unregister()
  return metrics.registry.metrics()
}

export function timers() {
  const engine = new Engine({ maxTimers: 100, maxTimersPerId: 10, libraries: ['timer'] })
  const listed: TimerInfo[] = engine.timers()
  const ids: number[] = listed.map(({ id }) => id)
  const kinds: ('at' | 'every')[] = listed.map(({ kind }) => kind)
  const next: (Date | undefined)[] = listed.map((timer) => timer.next)
  const cancelled: boolean = engine.cancelTimer(ids[0] ?? 1)
  const count: number = engine.cancelTimers('x') + engine.cancelTimers()
  const [first] = listed
  const [seconds, failed]: (number | undefined)[] = [first?.seconds, first?.failed]
  return [kinds, next, cancelled, count, seconds, failed, first?.running, first?.scriptId, first?.name]
}

export async function jobs(): Promise<unknown> {
  const engine = new Engine()
  const options: ProcessorOptions = { scripts: ['price'], timeout: 5000, memoryLimit: 2 ** 20, host: { f: () => 1 } }
  const worker = new Worker('scripts', createProcessor(engine, options), { connection: { host: 'x', port: 1 } })
  createProcessor(engine, { scripts: '*', retryLimits: false, tables: 'record', logLevel: 'debug' })
  createProcessor(engine, { scripts: { price: 'return 1', tax: engine.compile('return 2') }, globals: { a: 1 } })
  const carries: Processor<ScriptJobData, LuaOutput[]> = createProcessor(engine, { allowCode: true, data: engine })
  const queue = new Queue<ScriptJobData>('scripts')
  await queue.add('price', { args: [1, { b: null }], timeout: 5 })
  await queue.add('any', { script: 'price', scriptId: 'x' })
  await queue.add('any', { code: 'return 1', scriptId: 'x', name: 'rule' })
  const id: string | undefined = currentJob()?.id
  return [worker, carries, id]
}
