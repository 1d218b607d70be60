// npm run soak [-- --seconds n --seed n]: all kinds of scripts on real engines, at random; in the end all must add up.
import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { root } from './run.mjs'
import { setup } from './setup.mjs'

const USAGE = `npm run soak takes --seconds (default 60) and --seed (by default a random one), whole numbers from 1;
--as-built, to use the addon as it was last built; and --door, a module to test instead of this one`

const KB = 1024
const MB = 1024 * KB
const MAX_IN_FLIGHT = 200
const MAX_RSS = 600 * MB
/** How many runs one batch may have taken from the queue and not begun: they go back to it, also when it is full again. */
const MAX_RETURNED = 15
/** How long runs of good scripts may take, in ms: so long that none is late, however busy the machine is. */
const PATIENT = 300_000
/** When nothing has settled for so long, something hangs. In ms. */
const HANG = 30_000

const require = createRequire(import.meta.url)
const { seconds, seed, asBuilt, door } = readArguments()

function readArguments() {
  const options = { seconds: { type: 'string' }, seed: { type: 'string' }, door: { type: 'string' } }
  const whole = (text) => (/^[1-9]\d{0,9}$/.test(text) ? Number(text) : usage())
  try {
    const { values } = parseArgs({ options: { ...options, 'as-built': { type: 'boolean' } } })
    return {
      seconds: whole(values.seconds ?? '60'),
      seed: whole(values.seed ?? String(1 + Math.floor(Math.random() * 2 ** 31))),
      asBuilt: values['as-built'] ?? false,
      door: values.door ?? root,
    }
  } catch {
    return usage()
  }
}

function usage() {
  console.error(USAGE)
  process.exit(1)
}

// Choices. All are made in the order of the steps and depend on nothing else, so that a seed repeats them.

/** Numbers from 0 to 1 (mulberry32). */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = generator(seed)
const below = (count) => Math.floor(random() * count)
const between = (least, most) => least + below(most - least + 1)
const pick = (list) => list[below(list.length)]
const chance = (share) => random() < share

// Scripts. A call has an `answer`, the text that it must resolve with (ANY, or undefined: it must not resolve), and the
// `codes` that it may reject with, beside what being full, closed or aborted brings.

const ANY = Symbol('any text')
const OWN_ERRORS = [
  ...['ERR_LUA_SYNTAX', 'ERR_LUA_RUNTIME', 'ERR_LUA_TIMEOUT', 'ERR_LUA_MEMORY', 'ERR_LUA_OUTPUT', 'ERR_LUA_RESULT'],
  ...['ERR_STATE_DENIED', 'ERR_STATE_VALUE', 'ERR_STATE_QUOTA'],
]

const IDS = [
  ...Array.from({ length: 12 }, (_, i) => `tenant-${i}`),
  ...['ünïcödé-雪', `quotes "'[[]]`, '__proto__', '../up', 'i'.repeat(256)],
]

/** Whatever the store holds for this id must be its own. A key may be gone again: runs of one id interleave. */
const CHECK_STATE = `for _, key in ipairs(State.list()) do
  local there, value = pcall(State.get, key)
  if there and value ~= nil and value.owner ~= script.id then return "not mine: " .. key end
end`

const GOOD = {
  arithmetic: () => {
    const [a, b] = [below(10_000), between(1, 100)]
    return { code: `return ${a} * ${b}, ${a} // ${b}`, answer: `${a * b}\t${Math.floor(a / b)}` }
  },
  loop: () => slow(between(1, 20_000)),
  slow: () => slow(between(100_000, 1_500_000)),
  sort: () => {
    const numbers = Array.from({ length: between(1, 50) }, () => below(1000))
    const code = `local t = {${numbers}} table.sort(t) return t`
    return { code, answer: JSON.stringify(numbers.sort((a, b) => a - b)) }
  },
  output: () => {
    const lines = between(1, 100)
    const answer = Array.from({ length: lines }, (_, i) => `line\t${i + 1}\n`).join('')
    return { code: `for i = 1, ${lines} do print("line", i) end`, answer }
  },
  json: () => {
    const text = JSON.stringify({ n: below(1000), name: `n${below(10)}` })
    return { code: `return json.encode(json.decode('${text}'))`, answer: text }
  },
  coroutine: () => {
    const n = between(1, 300)
    const body = `for i = 1, ${n} do coroutine.yield(i) end`
    const code = `local sum = 0 for i in coroutine.wrap(function() ${body} end) do sum = sum + i end return sum`
    return { code, answer: String((n * (n + 1)) / 2) }
  },
  caught: () => {
    const n = below(1000)
    return { code: `return select(2, pcall(error, "caught ${n}", 0))`, answer: `caught ${n}` }
  },
  identity: () => {
    const id = pick(IDS)
    return { code: 'return script.id', id, answer: id }
  },
  State: () => {
    const [set, gone] = [below(8), below(8)]
    const write = `State.set("k${set}", { owner = script.id, n = ${below(100)} })`
    const code = `${write}\n${CHECK_STATE}\n${chance(0.3) ? `State.delete("k${gone}")` : ''}\nreturn "own"`
    return { code, answer: 'own' }
  },
}

/** A sum over a loop of so many rounds. */
function slow(rounds) {
  const rest = rounds % 7
  const sum = 21 * Math.floor(rounds / 7) + (rest * (rest + 1)) / 2
  return { code: `local n = 0 for i = 1, ${rounds} do n = n + i % 7 end return n`, answer: String(sum) }
}

const BAD = [
  { code: 'error("bad")', codes: ['ERR_LUA_RUNTIME'] },
  { code: 'error({ status = 404 })', codes: ['ERR_LUA_RUNTIME'] },
  { code: 'local t = nil return t.x', codes: ['ERR_LUA_RUNTIME'] },
  { code: 'return return', codes: ['ERR_LUA_SYNTAX'] },
  { code: 'return print', codes: ['ERR_LUA_RESULT'] },
  { code: 'State.set("k", print)', codes: ['ERR_STATE_VALUE'] },
  { code: '\x1bLua precompiled', codes: ['ERR_LUA_SYNTAX'] },
  { code: ' '.repeat(1001), options: { maxSource: 1000 }, codes: ['ERR_INVALID_ARG_VALUE'] },
  { code: 'return 1', id: 'no\ncontrol', codes: ['ERR_INVALID_ARG_VALUE'] },
  { code: 'return 1', options: { timeOut: 1 }, codes: ['ERR_INVALID_ARG_TYPE'] },
  { code: 'return 1', options: { timeout: -1 }, codes: ['ERR_INVALID_ARG_VALUE'] },
]

const ENDLESS = [
  'while true do end',
  'for i = 1, math.huge do end',
  'while true do pcall(function() while true do end end) end',
  'local function f() return pcall(f) end while true do f() end',
  '("x"):rep(1000):gsub(".", function() while true do end end)',
  'while true do ("a"):rep(10000):gsub("a", function(c) return c .. c end) end',
  'return ("a"):rep(5000):find((".-"):rep(20) .. "b")',
  'local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function(a, b) while true do end end)',
  'local t <close> = setmetatable({}, { __close = function() while true do end end }) error("x")',
  'local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end',
  'while true do coroutine.wrap(function() end)() end',
  'xpcall(error, function() while true do end end)',
  'while true do State.list() end',
]

const BOMBS = [
  'local t = {} while true do t[#t + 1] = {} end',
  'local s = "x" while true do s = s .. s end',
  'return ("x"):rep(1 << 40)',
  'local t = {} while true do t[#t + 1] = coroutine.create(function() end) end',
  'local t = {} while true do pcall(function() t[#t + 1] = ("x"):rep(100000) .. #t end) end',
]

const FLOODS = [
  'while true do print("flood") end',
  'while true do pcall(io.write, ("x"):rep(1000)) end',
  'print(("x"):rep(2000000))',
]

const DEEP = [
  'local function f() return 1 + f() end return f()',
  'local function f() return (pcall(f)) end return f()',
  'local function f() return coroutine.wrap(f)() end f()',
  'local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k .. "x"] end return t.x',
  'local t = {} for i = 1, 5000 do t = { t } end return t',
]

const STATE_FLOODS = [
  'local i = 0 while true do i = i + 1 State.set("f" .. i, ("x"):rep(1000)) end',
  'local i = 0 while true do i = i + 1 pcall(State.set, "f" .. i % 100, ("x"):rep(i % 30000)) end',
  'for i = 0, 7 do pcall(State.set, "k" .. i, { owner = "hostile" }) pcall(State.delete, "k" .. i) end',
  'return State.get("k0")',
]

const HOSTILE = {
  endless: () => ({ code: pick(ENDLESS), codes: ['ERR_LUA_TIMEOUT'] }),
  bomb: () => ({ code: pick(BOMBS), codes: ['ERR_LUA_MEMORY', 'ERR_LUA_TIMEOUT', 'ERR_LUA_RUNTIME'] }),
  flood: () => ({ code: pick(FLOODS), codes: ['ERR_LUA_OUTPUT', 'ERR_LUA_MEMORY', 'ERR_LUA_TIMEOUT'] }),
  deep: () => ({ code: pick(DEEP), answer: ANY, codes: OWN_ERRORS }),
  'State flood': () => ({ code: pick(STATE_FLOODS), id: `hostile-${below(4)}`, answer: ANY, codes: OWN_ERRORS }),
  attack: () => {
    const { name, source, id, options } = pick(ATTACKS)
    return { code: source, id: `attack-${id}`, options, answer: ANY, codes: OWN_ERRORS, name }
  },
}

/** The scripts of the corpus that are short, with little memory and time. Not those that make timers, whose runs nobody calls. */
function readAttacks() {
  const { attackNames, readAttack } = require('../__tests__/support/attack.js')
  return attackNames()
    .map(readAttack)
    .filter(({ source, options }) => source.length < 4000 && options.timeout <= 500 && !source.includes('timer.'))
    .map((attack) => ({ ...attack, options: { ...attack.options, timeout: 100, memoryLimit: 8 * MB } }))
}

const ATTACKS = readAttacks()

const FILES = {
  'good.lua': { code: 'return "from a file"', answer: 'from a file' },
  'slow.lua': slow(200_000),
  'syntax.lua': { code: 'return return', codes: ['ERR_LUA_SYNTAX'] },
  'endless.lua': { code: 'while true do end', codes: ['ERR_LUA_TIMEOUT'] },
}

function writeFiles() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'moonpool-soak-'))
  for (const [name, { code }] of Object.entries(FILES)) writeFileSync(path.join(folder, name), code)
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const folder = writeFiles()

function fileCall() {
  if (chance(0.1)) return { via: 'file', code: path.join(folder, 'missing.lua'), codes: ['ENOENT'] }
  const [name, { answer, codes }] = pick(Object.entries(FILES))
  return { via: 'file', code: path.join(folder, name), answer, codes }
}

/** Compiled scripts, with their answers: any engine may run them, and after the one that made them was closed. */
const kept = []

/** Each up to its share of all calls. */
const CHOICES = [
  [0.5, () => ({ kind: 'good', ...pick(Object.values(GOOD))() })],
  [0.6, () => ({ kind: 'bad', ...pick(BAD) })],
  [0.87, () => ({ kind: 'hostile', ...pick(Object.values(HOSTILE))() })],
  [0.93, () => ({ kind: 'file', ...fileCall() })],
  [1, () => (kept.length > 0 ? { kind: 'kept', via: 'script', ...pick(kept) } : { kind: 'good', ...slow(100) })],
]

function chooseScript() {
  const drawn = random()
  return CHOICES.find(([share]) => drawn < share)[1]()
}

/** A script with all that a call brings: who runs it, how, with which limits, and how it is aborted. */
function chooseCall() {
  const {
    id = pick(IDS),
    answer,
    codes = [],
    options = {},
    via = pick(['text', 'text', 'bytes']),
    ...script
  } = chooseScript()
  const mayTakeTime = codes.length === 0
  const limits = mayTakeTime ? {} : { timeout: between(5, 80), ...(chance(0.2) ? { cpuTimeout: between(5, 40) } : {}) }
  if (chance(0.1)) limits.queueTimeout = between(1, 50)
  const abort = chance(0.1) ? pick(['before', 'at once', between(0, 40)]) : undefined
  const isPlain = mayTakeTime && chance(0.3) && abort === undefined
  return { ...script, id, answer, codes, via, abort, options: isPlain ? undefined : { ...limits, ...options } }
}

function chooseEngine() {
  return {
    concurrency: between(1, 3),
    maxQueue: pick([0, 5, 50, 200, 10_000, 10_000]),
    warmVms: between(0, 4),
    stateQuota: pick([64 * KB, MB]),
    perId: pick([undefined, chooseIdLimits, chooseIdLimits()]),
    codeCache: pick([true, false, { maxEntries: 5 }, { ttl: 20 }, { maxBytes: 2000 }]),
    defaults: { timeout: PATIENT, memoryLimit: 8 * MB, maxOutput: 100 * KB },
  }
}

function chooseIdLimits() {
  const maybe = (choose) => (chance(0.5) ? choose() : undefined)
  return {
    maxQueued: maybe(() => between(0, 50)),
    maxStarted: maybe(() => between(1, 8)),
    maxWaiting: maybe(() => between(1, 8)),
    cpuPerSecond: maybe(() => between(50, 500)),
    hostCallsPerSecond: maybe(() => 1000),
    weight: maybe(() => pick([0.1, 1, 10])),
  }
}

// What is wrong.

const problems = []
const report = (problem) => problems.push(problem)

process.on('unhandledRejection', (reason) => report(`unhandled rejection: ${reason?.stack ?? reason}`))
process.on('warning', (warning) => report(`warning: ${warning.stack}`))

const ENDS = ['completed', 'failed', 'timedOut', 'aborted', 'rejected']
const ENDS_OF = {
  ERR_LUA_TIMEOUT: 'timedOut',
  ERR_QUEUE_FULL: 'rejected',
  ERR_QUOTA: 'rejected',
  ERR_QUEUE_TIMEOUT: 'rejected',
  // Rejected or aborted: only the engine knows whether it had begun.
  ERR_ENGINE_CLOSED: 'closed',
  // Calls that no engine counts: their arguments are wrong, or their file is missing.
  ERR_INVALID_ARG_TYPE: 'refused',
  ERR_INVALID_ARG_VALUE: 'refused',
  ENOENT: 'rejected',
}

function endOf({ text, reason, error }) {
  if (text !== undefined) return 'completed'
  return reason ? 'aborted' : (ENDS_OF[error.code] ?? 'failed')
}

/** All engines that were made, in numbers. */
const totals = { engines: 0, calls: 0, settled: 0, refused: 0, closed: 0, goodAnswers: 0 }
for (const end of ENDS) totals[end] = 0

let lastSettled = performance.now()
const inFlight = () => totals.calls - totals.settled

/** One engine, the calls made of it, and what it should have counted. */
class Subject {
  #engine
  #options
  #number
  #calls = new Set()
  #made = 0
  #settled = 0
  #ends = { refused: 0, closed: 0 }
  #counted = { started: 0, times: 0 }
  #isClosing = false
  #isFull = false

  constructor(Engine, options) {
    this.#options = options
    this.#engine = new Engine(options)
    totals.engines += 1
    this.#number = totals.engines
    for (const end of ENDS) {
      this.#ends[end] = 0
      this.#counted[end] = 0
    }
    this.#watchEvents()
  }

  #report(problem) {
    report(`engine ${this.#number} ${JSON.stringify(this.#options)}: ${problem}`)
  }

  #watchEvents() {
    this.#engine.on('error', (error) => this.#report(`error event: ${error.stack}`))
    for (const [event, fills] of Object.entries({ full: true, drain: false })) {
      this.#engine.on(event, () => {
        if (this.#isFull === fills) this.#report(`'${event}' was emitted twice`)
        this.#isFull = fills
      })
    }
  }

  /** Makes one call, and judges how it settles; resolves with that. */
  call(call) {
    totals.calls += 1
    this.#made += 1
    const controller = call.abort === undefined ? undefined : new AbortController()
    const promise = this.#start(call, controller).then((outcome) => {
      this.#settled += 1
      totals.settled += 1
      lastSettled = performance.now()
      this.#calls.delete(promise)
      this.#judge(call, outcome, controller?.signal)
      return outcome
    })
    this.#calls.add(promise)
    return promise
  }

  async #start({ via, code, script, id, options, abort }, controller) {
    const reason = new Error('aborted by soak')
    const all = controller ? { ...options, signal: controller.signal } : options
    if (abort === 'before') controller.abort(reason)
    try {
      const running = this.#run(via, script ?? code, id, all)
      if (abort === 'at once') controller.abort(reason)
      if (typeof abort === 'number') setTimeout(() => controller.abort(reason), abort)
      return { text: await running }
    } catch (error) {
      return error === reason ? { reason } : { error }
    }
  }

  #run(via, code, id, options) {
    if (via === 'file') return this.#engine.runFile(code, id, options)
    return this.#engine.runLua(via === 'bytes' ? Buffer.from(code) : code, id, options)
  }

  #judge(call, outcome, signal) {
    const end = endOf(outcome)
    this.#ends[end] += 1
    totals[end] += 1
    if (end === 'completed' && call.codes.length === 0) totals.goodAnswers += 1
    if (!this.#isRight(call, outcome)) this.#report(`wrong end of ${shownCall(call)}: ${shownOutcome(outcome)}`)
    const listeners = signal ? getEventListeners(signal, 'abort').length : 0
    if (listeners > 0) this.#report(`${listeners} listeners are left on the signal of ${shownCall(call)}`)
  }

  #isRight({ answer, codes, options }, { text, reason, error }) {
    if (text !== undefined) return answer === ANY || text === answer
    if (reason || codes.includes(error.code)) return true
    if (error.code === 'ERR_QUEUE_TIMEOUT') return options?.queueTimeout !== undefined
    // Any run with a short time may be late.
    if (error.code === 'ERR_LUA_TIMEOUT') return codes.length > 0
    if (error.code === 'ERR_ENGINE_CLOSED') return this.#isClosing
    return isRefusal(error)
  }

  /** Keeps a good script, compiled. */
  keep({ code, ...rest }) {
    if (kept.length >= 20) kept.splice(0, 5)
    kept.push({ script: this.#engine.compile(code, { name: 'kept' }), ...rest })
  }

  /** Statistics begin anew; what they said is kept. */
  resetStats() {
    this.#takeStats()
    this.#engine.resetStats()
  }

  #takeStats() {
    const stats = this.#engine.stats()
    for (const end of ENDS) this.#counted[end] += stats[end]
    this.#counted.started += stats.started
    this.#counted.times += stats.runTime.count
    return stats
  }

  /** What must hold at any time. */
  check() {
    const { queued, utilization } = this.#engine.stats()
    const { maxQueue, concurrency } = this.#options
    if (queued > maxQueue + concurrency * MAX_RETURNED) this.#report(`${queued} runs wait`)
    if (!(utilization >= 0 && utilization <= 1)) this.#report(`utilization is ${utilization}`)
  }

  /** Closes the engine, once it is idle or at once; then what it counted must be what became of the calls. */
  async retire({ waits, timeout }) {
    if (waits) {
      await this.#settle()
      await this.#auditState()
    }
    this.#isClosing = true
    const closed = this.#engine.close({ timeout })
    for (const code of ['return 1', 'while true do end'])
      this.call({ kind: 'late', code, id: 'late', codes: ['ERR_ENGINE_CLOSED'] })
    this.#compileWhenClosed()
    await closed
    await this.#settle()
    this.#compare(this.#takeStats())
  }

  async #settle() {
    while (this.#calls.size > 0) await Promise.all(this.#calls)
  }

  #compileWhenClosed() {
    try {
      this.#engine.compile('return 1')
      this.#report('a closed engine compiles')
    } catch (error) {
      if (error.code !== 'ERR_ENGINE_CLOSED') this.#report(`compiling when closed: ${error.stack}`)
    }
  }

  /** With nothing else going on, State of every id must hold the keys that good scripts write, and its own values. */
  async #auditState() {
    const keys = 'for _, key in ipairs(State.list()) do if not key:find("^k[0-7]$") then return key end end'
    const code = `${CHECK_STATE}\n${keys}\nreturn "own"`
    for (const id of IDS) {
      const audit = { kind: 'audit', code, id, answer: 'own', codes: [] }
      // A run that was aborted has settled while its VM is still being stopped, and may take the last place.
      while (isRefusal((await this.call(audit)).error)) await sleep(1)
    }
  }

  #compare(stats) {
    const [ends, counted] = [this.#ends, this.#counted]
    const same = (what, a, b) => a !== b && this.#report(`${what}: ${a} and ${b}; ends ${show(ends)}, ${show(counted)}`)
    same('calls made, and settled', this.#made, this.#settled)
    same('calls made, and ends', this.#made, sum(ends))
    same('calls to be counted, and counted', this.#made - ends.refused, sum(pickEnds(counted)))
    for (const end of ['completed', 'failed', 'timedOut']) same(end, ends[end], counted[end])
    same('aborted, rejected', ends.aborted + ends.rejected + ends.closed, counted.aborted + counted.rejected)
    if (counted.aborted < ends.aborted || counted.rejected < ends.rejected)
      this.#report(`aborted or rejected calls are missing: ends ${show(ends)}, counted ${show(counted)}`)
    same('runs started, and their times', counted.started, counted.times)
    for (const gauge of ['queued', 'running', 'suspended']) same(`${gauge}, when closed`, stats[gauge], 0)
    for (const [id, usage] of this.#engine.usage())
      for (const gauge of ['queued', 'started', 'waiting']) same(`${gauge} of ${id}, when closed`, usage[gauge], 0)
  }
}

const isRefusal = (error) => error?.code === 'ERR_QUEUE_FULL' || error?.code === 'ERR_QUOTA'

const show = (value) => JSON.stringify(value)
const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0)
const pickEnds = (counts) => Object.fromEntries(ENDS.map((end) => [end, counts[end]]))
const shownCall = ({ name, kind, code, id, options }) => {
  const text = name ?? String(code ?? 'a compiled script').slice(0, 300)
  return `${kind} ${show(text)} as ${show(id)} with ${show(options)}`
}
const shownOutcome = ({ text, error, reason }) =>
  text === undefined ? (error ?? reason).stack : `resolved with ${show(text.slice(0, 300))}`

// The course of it.

const retiring = []

/** One step: mostly a call, now and then a burst, or something that happens to an engine. */
function step(Engine, subjects) {
  const place = below(subjects.length)
  const subject = subjects[place]
  const calls = chance(0.005) ? between(20, 150) : 1
  for (let i = 0; i < calls; i++) subject.call(chooseCall())
  if (chance(0.02)) subject.keep(pick(Object.values(GOOD))())
  if (chance(0.003)) subject.resetStats()
  if (!chance(0.002)) return
  subjects[place] = new Subject(Engine, chooseEngine())
  retiring.push(subject.retire({ waits: chance(0.5), timeout: pick([0, 0, 50, 1000]) }))
}

function isHanging() {
  const hangs = inFlight() > 0 && performance.now() - lastSettled > HANG
  if (hangs) report(`nothing has settled for ${HANG / 1000} s, and ${inFlight()} calls are in flight`)
  return hangs
}

const delay = monitorEventLoopDelay({ resolution: 1 })
let maxRss = 0

function watch(subjects, start) {
  let ticks = 0
  return setInterval(() => {
    ticks += 1
    const { rss } = process.memoryUsage()
    maxRss = Math.max(maxRss, rss)
    if (rss > MAX_RSS) report(`the process holds ${Math.round(rss / MB)} MB, ${MAX_RSS / MB} MB allowed`)
    for (const subject of subjects) subject.check()
    if (ticks % 10 === 0) console.log(summary(start))
    if (isHanging()) finish()
  }, 1000)
}

function summary(start) {
  const mb = (bytes) => Math.round(bytes / MB)
  const ends = [...ENDS, 'closed', 'refused'].map((name) => `${totals[name]} ${name}`).join(', ')
  const elapsed = Math.round((performance.now() - start) / 1000)
  const memory = `RSS ${mb(process.memoryUsage.rss())} MB (at most ${mb(maxRss)})`
  const late = `event loop p99 ${(delay.percentile(99) / 1e6 - 1).toFixed(1)} ms`
  return `soak: ${elapsed} s, ${totals.engines} engines, ${totals.settled} calls: ${ends}; ${memory}; ${late}`
}

async function drive(Engine, subjects) {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end && problems.length === 0) {
    if (inFlight() < MAX_IN_FLIGHT) step(Engine, subjects)
    else await sleep(1)
    await turn()
  }
}

/** Says what came of it, and ends the process. */
function finish() {
  if (totals.goodAnswers === 0) report('no good script has answered')
  if (problems.length === 0) {
    console.log(`soak: nothing wrong (seed ${seed})`)
    process.exit(0)
  }
  for (const problem of problems.slice(0, 20)) console.error(`soak: ${problem}`)
  console.error(
    `soak: ${problems.length} wrong; npm run soak -- --seconds ${seconds} --seed ${seed} makes the same calls`,
  )
  process.exit(1)
}

async function main() {
  if (!asBuilt) await setup()
  const { Engine } = require(path.resolve(door))
  console.log(`soak: ${seconds} s, seed ${seed}`)
  const start = performance.now()
  const subjects = [1, 2].map(() => new Subject(Engine, chooseEngine()))
  delay.enable()
  const watching = watch(subjects, start)
  await drive(Engine, subjects)
  await Promise.all([...retiring, ...subjects.map((subject) => subject.retire({ waits: true, timeout: 1000 }))])
  // What is unhandled is reported after the microtasks.
  await turn()
  clearInterval(watching)
  maxRss = Math.max(maxRss, process.memoryUsage.rss())
  console.log(summary(start))
  finish()
}

await main()
