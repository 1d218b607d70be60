// moonpool/bullmq without a server: what jobs may say, what is kept of them, and how they fail.
'use strict'

const { UnrecoverableError, DelayedError } = require('bullmq')
const { Engine, HostError } = require('..')
const { createProcessor, currentJob } = require('../bullmq')

let engine
beforeEach(() => {
  engine = new Engine({ concurrency: 2 })
  engine.addScript('price', 'local item = ... return item.count * 5, "EUR"')
})
afterEach(() => engine.close())

/** A job as a processor sees it, which remembers what is done with it. */
function fakeJob(name, data, more = {}) {
  const job = { id: '1', name, data, logs: [], progress: [], delays: [], ...more }
  job.log ??= async (row) => job.logs.push(row)
  job.updateProgress ??= async (value) => job.progress.push(value)
  job.moveToDelayed ??= async (time, token) => job.delays.push([time, token])
  return job
}

/** What a processor with these options makes of a job: its result, or what it throws. */
async function outcome(options, name, data, { job = fakeJob(name, data), token, signal } = {}) {
  return createProcessor(engine, options)(job, token, signal).catch((error) => error)
}

const code = (code, more) => ({ code, scriptId: 'acme', ...more })
const carried = (options, source, more) => outcome({ allowCode: true, ...options }, 'job', code(source, more))

describe('options', () => {
  test.each([
    [[{}, { scripts: '*' }], 'The "engine" argument must be an Engine. Received an instance of Object'],
    [[undefined, { scripts: '*' }], 'The "engine" argument must be an Engine. Received undefined'],
    [['engine', 5], 'The "options" argument must be an object. Received type number (5)'],
    [['engine', undefined], 'The "options.scripts" property must name a script, unless "options.allowCode" is true'],
    [['engine', { scripts: [] }], 'The "options.scripts" property must name a script'],
    [['engine', { scripts: 'price' }], `The "options.scripts" property must be '*', an array of names or an object of`],
    [['engine', { scripts: 5 }], `The "options.scripts" property must be '*', an array of names or an object of`],
    [['engine', { scripts: [''] }], 'The "options.scripts" property[0] must be a string of 1 to 256'],
    [
      ['engine', { scripts: { a: 5 } }],
      'The "options.scripts.a" argument must be a string or a Uint8Array of Lua source, or a Script',
    ],
    [['engine', { scripts: { a: 'x +' } }], 'a:1: syntax error near ' + ''],
    [['engine', { scripts: { '': '' } }], 'A name in the "options.scripts" property must be a string of 1 to 256'],
    [['engine', { script: '*' }], "unknown option 'script'; did you mean 'scripts'?"],
    [['engine', { allowCode: 1 }], 'The "options.allowCode" property must be a boolean. Received type number (1)'],
    [['engine', { maxResult: 1 }], 'The "options.maxResult" property must be a whole number of characters from 2'],
    [['engine', { retryLimits: 1 }], 'The "options.retryLimits" property must be a boolean'],
    [['engine', { scripts: '*', timeout: 0 }], 'The "options.timeout" property must be a number of milliseconds'],
    [['engine', { scripts: '*', tables: 'map' }], `The "options.tables" property must be one of 'object', 'record'`],
  ])('are checked: %j', ([which, options], message) => {
    expect(() => createProcessor(which === 'engine' ? engine : which, options)).toThrow(message)
  })

  test('BullMQ gives a signal only to a function with three parameters', () => {
    expect(createProcessor(engine, { scripts: '*' })).toHaveLength(3)
  })

  test('an engine may have many processors', async () => {
    for (let i = 0; i < 20; i++) expect(createProcessor(engine, { scripts: '*' })).toBeInstanceOf(Function)
    expect(engine.listenerCount('log')).toBe(1)
  })

  test('a processor whose options are refused leaves the engine as it was', () => {
    expect(() => createProcessor(engine, {})).toThrow()
    expect(engine.listenerCount('log')).toBe(0)
    expect(engine.unexpose('progress')).toBe(false)
  })

  test('a host function progress of another kind is not replaced', () => {
    engine.expose('progress', () => {})
    expect(() => createProcessor(engine, { scripts: '*' })).toThrow('host.progress must be new')
  })
})

describe('what a job runs', () => {
  test.each([
    ['the script that its data name', { scripts: '*' }, 'any', { script: 'price', args: [{ count: 2 }] }, [10, 'EUR']],
    ['the script of its own name', { scripts: ['price'] }, 'price', { args: [{ count: 3 }] }, [15, 'EUR']],
    ['a script of the processor', { scripts: { who: 'return script.id, ...' } }, 'who', { args: [1] }, ['who', 1]],
    ['that under an id', { scripts: { who: 'return script.id' } }, 'who', { scriptId: 'acme' }, ['acme']],
    ['code', { allowCode: true }, 'any', code('return script.id, ...', { args: [1, null] }), ['acme', 1, null]],
    ['nothing that returns', { allowCode: true }, 'any', code(''), []],
  ])('%s', async (_, options, name, data, values) => {
    expect(await outcome(options, name, data)).toEqual(values)
  })

  test.each([
    ['null', { scripts: '*' }, null, 'The "job.data" property must be an object. Received null'],
    ['a list', { scripts: '*' }, [1], 'The "job.data" property must be an object. Received an instance of Array'],
    ['a number', { scripts: '*' }, 5, 'The "job.data" property must be an object. Received type number (5)'],
    ['something unknown', { scripts: '*' }, { arg: [] }, "unknown option 'arg'; did you mean 'args'?"],
    ['__proto__', { scripts: '*' }, JSON.parse('{"__proto__":{"code":""}}'), "unknown option '__proto__'"],
    ['args that are none', { scripts: '*' }, { args: 5 }, 'The "job.data.args" property must be an array'],
    ['code that is none', { allowCode: true }, code(5), 'The "job.data.code" property must be a string'],
    ['code and a script', { allowCode: true }, code('', { script: 'price' }), '"script" or "code", not both'],
    ['code of nobody', { allowCode: true }, { code: '' }, 'The "job.data.scriptId" property is missing'],
    ['a bad scriptId', { allowCode: true }, { code: '', scriptId: 'a\nb' }, 'The "job.data.scriptId" property must be'],
    [
      'a scriptId for a named script',
      { scripts: '*' },
      { scriptId: 'acme' },
      '"job.data.scriptId" property is refused',
    ],
    ['a chunk name for a named script', { scripts: '*' }, { name: 'a' }, 'The "job.data.name" property is for code'],
    ['no time', { scripts: '*', timeout: 9 }, { timeout: 0 }, 'The "job.data.timeout" property must be a number of'],
    ['a time that nothing bounds', { scripts: '*' }, { timeout: 9 }, 'The "job.data.timeout" property is refused'],
    [
      'code where there must be none',
      { scripts: '*' },
      code('return 1'),
      'ERR_SCRIPT_DENIED: this processor runs no code',
    ],
    ['a script that is denied', { scripts: ['tax'] }, {}, "ERR_SCRIPT_DENIED: this processor runs no script 'price'"],
    ['a script of Object', { scripts: { a: '' } }, { script: 'toString' }, 'ERR_SCRIPT_DENIED: this processor runs no'],
    ['a script that is not there', { scripts: '*' }, { script: 'tax' }, "ERR_SCRIPT_UNKNOWN: there is no script 'tax'"],
    ['too much code', { allowCode: true, maxSource: 5 }, code('return 1'), 'ERR_INVALID_ARG_VALUE: '],
  ])('data with %s fail for good', async (_, options, data, message) => {
    const error = await outcome(options, 'price', data)
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toContain(message)
    expect(error.message).toMatch(/^ERR_[A-Z_]+: /)
    expect(engine.stats().completed).toBe(0)
  })

  test('a job may ask for less time than the option gives, and not for more', async () => {
    const options = { allowCode: true, timeout: 200 }
    for (const timeout of [50, 60_000]) {
      const error = await outcome(options, 'job', code('while true do end', { timeout, name: 'loop' }))
      const most = Math.min(timeout, 200)
      expect(error.message).toBe(`ERR_LUA_TIMEOUT: the script ran longer than its timeout of ${most} ms (loop:1)`)
    }
  })

  test('host functions know the job, and nobody else does', async () => {
    engine.expose('job', () => currentJob()?.id)
    expect(await carried({}, 'return host.job()')).toEqual(['1'])
    expect((await engine.run('return host.job()', 'acme')).values).toEqual([undefined])
    expect(currentJob()).toBe(undefined)
  })
})

describe('results', () => {
  test.each([
    [
      'return { a = { math.maxinteger } }',
      'values[0].a[0] is the integer 9223372036854775807, for which JSON has no number',
    ],
    ['return 1, 0/0', 'values[1] is NaN, for which JSON has no number'],
    ['return { -math.huge }', 'values[0][0] is -Infinity'],
    ['return print', 'is a function'],
    ['return { [0] = 1 }', 'has the integer key 0'],
    ['return "\\xff"', 'UTF-8'],
  ])('%s cannot be kept, and is not done again', async (source, message) => {
    const error = await carried({}, source)
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toMatch(/^ERR_LUA_RESULT: /)
    expect(error.message).toContain(message)
  })

  test.each([
    ['text', 'return ("x"):rep(1000)', 'values has more than 1000 characters of JSON'],
    ['text that JSON escapes', 'return ("\\1"):rep(200)', 'values has 1204 characters of JSON, and may have 1000'],
    ['many numbers', 'local t = {} for i = 1, 999 do t[i] = i end return t', 'values has more than 1000 characters'],
    ['many lists', 'local t = {} for i = 1, 400 do t[i] = { 1 } end return t', 'values has more than 1000 characters'],
    ['long keys', 'return { [("x"):rep(1000)] = 1 }', 'values has more than 1000 characters'],
    ['one value in many places', 'local s = ("x"):rep(300) return s, s, s, s', 'values has more than 1000 characters'],
  ])('of more than maxResult characters cannot be kept: %s', async (_, source, message) => {
    const error = await carried({ maxResult: 1000 }, source)
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toContain(`ERR_LUA_RESULT: the result cannot be kept: ${message}`)
  })

  test('of exactly maxResult characters can be kept', async () => {
    const source = 'return { a = ("x"):rep(100), b = { 1, 22, true } }'
    const { length } = JSON.stringify([{ a: 'x'.repeat(100), b: [1, 22, true] }])
    expect(await carried({ maxResult: length }, source)).toHaveLength(1)
    expect(await carried({ maxResult: length - 1 }, source)).toBeInstanceOf(UnrecoverableError)
  })

  test('of more than 100 000 values are refused before they are made, unless maxNodes says more', async () => {
    const source = 'local t = {} for i = 1, 100001 do t[i] = 1 end return t'
    const error = await carried({ maxResult: 10 ** 6 }, source)
    expect(error.message).toContain('it has more values than its maxNodes of 100000')
    expect(await carried({ maxResult: 10 ** 6, maxNodes: 200_000 }, source)).toHaveLength(1)
  })

  test('come as JSON takes them, whatever the engine says', async () => {
    await engine.close()
    engine = new Engine({ values: { strings: 'buffer', tables: 'map' } })
    expect(await carried({}, 'return { a = "b" }')).toEqual([{ a: 'b' }])
    expect(await carried({ tables: 'record' }, 'return { [0] = "b" }')).toEqual([{ 0: 'b' }])
  })
})

describe('failures', () => {
  test.each([
    ['x =', 'ERR_LUA_SYNTAX: rule:1: '],
    ['return scripts.call("absent")', 'ERR_SCRIPT_UNKNOWN: '],
  ])('%s is not tried again', async (source, message) => {
    const error = await carried({}, source, { name: 'rule' })
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toContain(message)
  })

  test('an error of the script may be tried again, and says where it was', async () => {
    const error = await carried({}, '\nlocal t\nreturn t.x', { name: 'rule' })
    expect(error).not.toBeInstanceOf(UnrecoverableError)
    expect(error).toMatchObject({ name: 'Error', code: 'ERR_LUA_RUNTIME', cause: { line: 3, chunk: 'rule' } })
    expect(error.message).toBe("ERR_LUA_RUNTIME: rule:3: attempt to index a nil value (local 't')")
    expect(error.stack).toContain('stack traceback:')
    expect(error.stack).not.toContain(__dirname)
  })

  test.each([
    ['while true do end', { timeout: 100 }, 'timeout'],
    ['local t = {} for i = 1, 1e9 do t[i] = i end', { memoryLimit: 2 ** 21 }, 'memoryLimit'],
    ['while true do print("x") end', { maxOutput: 100 }, 'maxOutput'],
  ])('limits as retryLimits says: %s', async (source, options, limit) => {
    const again = await carried(options, source)
    expect([again.name, again.cause.limit]).toEqual(['Error', limit])
    const never = await carried({ ...options, retryLimits: false }, source)
    expect([never.name, never.cause.limit]).toEqual(['UnrecoverableError', limit])
  })

  test('no script can say what means something to BullMQ', async () => {
    for (const word of ['bullmq:rateLimitExceeded', 'bullmq:movedToDelayed']) {
      const error = await carried({}, `error({ message = "${word}" })`)
      expect(error.message).toBe(`ERR_LUA_RUNTIME: ${word} (acme:1)`)
      expect(error.name).toBe('Error')
    }
  })

  test('a long message is cut', async () => {
    const { message, stack } = await carried({}, 'error(("x"):rep(100000))')
    expect(message.length).toBeLessThan(5000)
    expect(stack.length).toBeLessThan(10_000)
  })

  test('a job for which the engine has no place is put back, and not failed', async () => {
    await engine.close()
    engine = new Engine({ concurrency: 1, perId: { maxQueued: 0 } })
    let release
    engine.expose('wait', () => new Promise((resolve) => (release = resolve)))
    const first = engine.run('host.wait()', 'acme')
    const job = fakeJob('job', code('return 1'))
    const begin = Date.now()
    const waiting = Array.from({ length: 20 }, () => outcome({ allowCode: true }, '', undefined, { job, token: 't' }))
    const ends = await Promise.all(waiting)
    const back = ends.filter((end) => end instanceof DelayedError)
    expect(back.length).toBeGreaterThan(0)
    expect(job.delays).toHaveLength(back.length)
    for (const [time, token] of job.delays) {
      expect(time).toBeGreaterThan(begin)
      expect(token).toBe('t')
    }
    // Without its token it cannot be put back.
    await until(() => release)
    release()
    await first
  })

  test('a script that is refused a place for what it calls has begun: that is a failure', async () => {
    await engine.close()
    engine = new Engine({ concurrency: 2, perId: { maxStarted: 1, maxQueued: 1 } })
    engine.addScript('busy', 'while true do end', { callers: '*', timeout: 60_000 })
    const controller = new AbortController()
    // One has begun, and one has the only place in the queue.
    const others = [1, 2].map(() => engine.callScript('busy', [], { signal: controller.signal }).catch(() => {}))
    const job = fakeJob('job', code('scripts.call("busy")'))
    const error = await outcome({ allowCode: true }, '', undefined, { job, token: 't' })
    expect(error.message).toMatch(/^ERR_QUOTA: .*acme:1/)
    expect([error.name, job.delays]).toEqual(['Error', []])
    controller.abort()
    await Promise.all(others)
  })

  test('a job over which the engine is closed is put back', async () => {
    let begun
    const started = new Promise((resolve) => (begun = resolve))
    engine.expose('begun', () => begun())
    const job = fakeJob('job', code('host.begun() while true do end'))
    const end = outcome({ allowCode: true, timeout: 60_000 }, '', undefined, { job, token: 't' })
    await started
    await engine.close({ timeout: 0 })
    expect(await end).toBeInstanceOf(DelayedError)
    expect(job.delays).toHaveLength(1)
  })

  test('a cancelled job stops its script, and is not tried again', async () => {
    const controller = new AbortController()
    engine.expose('cancel', () => controller.abort('not needed'))
    const { signal } = controller
    const job = fakeJob('job', code('host.cancel() while true do end'))
    const error = await outcome({ allowCode: true, timeout: 60_000 }, '', undefined, { job, signal })
    expect(error).toBeInstanceOf(UnrecoverableError)
    expect(error.message).toBe('the job was cancelled: not needed')
    const late = await outcome({ allowCode: true }, '', undefined, { job, signal: AbortSignal.abort() })
    expect(late.message).toBe('the job was cancelled')
    await until(() => engine.stats().running === 0)
  })
})

describe('logs and progress', () => {
  test('what a script logs is in the log of its job, one row for each entry', async () => {
    const job = fakeJob('job', code('log.info("a\\nb\\27", { n = "\\u{9b}" })\nwarn("c")', { name: 'rule' }))
    await outcome({ allowCode: true }, '', undefined, { job })
    expect(job.logs.map((row) => row.replace(/^\S+Z /, ''))).toEqual([
      'info [acme] rule:1: a\\nb\\x1b {"n":"\\x9b"}',
      'warn [acme] rule:2: c',
    ])
  })

  test('jobs that run at once do not mix up their logs, and runs that are no jobs have none', async () => {
    const process = createProcessor(engine, { allowCode: true })
    const jobs = Array.from({ length: 50 }, (_, i) =>
      fakeJob('job', code('sleep(0.001) log.info(...)', { args: [`${i}`] })),
    )
    await Promise.all([...jobs.map((job) => process(job)), engine.run('log.info("none")', 'acme')])
    for (const [i, job] of jobs.entries()) expect(job.logs).toEqual([expect.stringMatching(new RegExp(`: ${i}$`))])
  })

  test('what a failed script has logged is written before the job fails', async () => {
    let isWritten = false
    const log = () => new Promise((resolve) => setImmediate(resolve)).then(() => (isWritten = true))
    await outcome({ allowCode: true }, '', undefined, {
      job: fakeJob('job', code('log.info("x") error("y")'), { log }),
    })
    expect(isWritten).toBe(true)
  })

  test.each([
    ['many', 'for i = 1, 1200 do log.info(i) end', 1000, 200],
    ['long', 'for i = 1, 10 do log.info(("x"):rep(60000)) end log.info("short")', 4, 7],
    ['long for their escapes', 'for i = 1, 3 do log.info(("\\1"):rep(60000)) end', 1, 2],
  ])('a flood of entries is cut, and says so: %s', async (_, source, kept, dropped) => {
    const job = fakeJob('job', code(source))
    await outcome({ allowCode: true, maxLog: 10 ** 7 }, '', undefined, { job })
    expect(job.logs).toHaveLength(kept + 1)
    expect(job.logs[kept]).toMatch(new RegExp(`^${dropped} more log entries were dropped`))
  })

  test('of the rows of a job, few are on their way at once, and all are written in their order', async () => {
    const job = fakeJob('job', code('for i = 1, 100 do log.info(i) end'))
    let [inFlight, most] = [0, 0]
    job.log = async (row) => {
      most = Math.max(most, ++inFlight)
      await new Promise((resolve) => setImmediate(resolve))
      inFlight -= 1
      job.logs.push(Number(/: (\d+)$/.exec(row)[1]))
    }
    await outcome({ allowCode: true }, '', undefined, { job })
    expect(job.logs).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(most).toBeLessThanOrEqual(10)
  })

  test('a log that cannot be written does not fail the job', async () => {
    const fails = async () => {
      throw new Error('Missing key for job 1')
    }
    const throws = () => {
      throw new Error('no connection')
    }
    for (const log of [fails, throws]) {
      const job = fakeJob('job', code('log.info("x") host.progress(1) return 1'), { log, updateProgress: log })
      expect(await outcome({ allowCode: true }, '', undefined, { job })).toEqual([1])
    }
  })

  test('progress is any value of JSON; the last is always written', async () => {
    const job = fakeJob('job', code('for i = 1, 1000 do host.progress(i) end host.progress({ done = true })'))
    await outcome({ allowCode: true, timeout: 30_000 }, '', undefined, { job })
    expect(job.progress.at(-1)).toEqual({ done: true })
    expect(job.progress[0]).toBe(1)
    expect(job.progress.length).toBeLessThan(500)
  })

  test.each([
    ['host.progress()', 'it is nil'],
    ['host.progress(0/0)', 'progress is NaN'],
    ['host.progress(("x"):rep(20000))', 'progress has more than 16384 characters of JSON'],
    ['host.progress(("\\n"):rep(10000))', 'progress has 20002 characters of JSON, and may have 16384'],
    ['local t = {} for i = 1, 3000 do t["k" .. i] = i end host.progress(t)', 'progress has more than 16384'],
  ])('%s is refused', async (source, message) => {
    expect(await carried({}, `local _, e = pcall(function() ${source} end) return e.code, e.message`)).toEqual([
      'BAD_PROGRESS',
      expect.stringContaining(message),
    ])
  })

  test('a run that is no job has no progress', async () => {
    createProcessor(engine, { scripts: '*' })
    const error = await engine.run('host.progress(1)', 'acme').catch((error) => error)
    expect(error).toMatchObject({ code: 'ERR_HOST_FUNCTION', cause: expect.any(HostError) })
    expect(error.message).toContain('this run is no job')
  })

  test('a timer that a job has set tells nothing to the job when that is over', async () => {
    let done
    const over = new Promise((resolve) => (done = resolve))
    engine.expose('done', () => done())
    const job = fakeJob(
      'job',
      code('timer.at(0.05, function() log.info("late") pcall(host.progress, 1) host.done() end)'),
    )
    await outcome({ allowCode: true }, '', undefined, { job })
    await over
    expect([job.logs, job.progress]).toEqual([[], []])
  })

  test('nor does a run that one of its host functions has begun, and that outlives it', async () => {
    const job = fakeJob('job', code('host.begin()'))
    let goOn, late
    engine.expose('wait', () => new Promise((resolve) => (goOn = resolve)))
    engine.expose('begin', () => {
      late = engine.run('log.info("early") host.wait() log.info("late") pcall(host.progress, 1)', 'other')
      return new Promise((resolve) => setImmediate(resolve))
    })
    await outcome({ allowCode: true }, '', undefined, { job })
    await until(() => goOn)
    goOn()
    await late
    expect(job.logs.filter((row) => row.includes('late'))).toEqual([])
    expect(job.progress).toEqual([])
  })
})

/** Resolves as soon as this holds. */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
