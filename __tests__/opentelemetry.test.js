// moonpool/opentelemetry, with the real API and its context manager: spans of runs, who is whose child, and failures.
'use strict'

const { context, diag, DiagLogLevel, SpanStatusCode, trace } = require('@opentelemetry/api')
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
const { Engine, runLua } = require('..')
const { traceRuns } = require('../opentelemetry')
const { ROOT, runProgram } = require('./support/child')
const { engineExposing, engineWith, until } = require('./support/engine')
const { folderWith } = require('./support/files')
const { expectBadArgument, rejection, thrownBy } = require('./support/rejection')

let spans
let tracings

/** A provider that keeps all spans. */
function recorder() {
  let number = 0
  const startSpan = (name, { attributes = {} } = {}, parent = context.active()) => {
    number += 1
    const spanContext = { traceId: '1'.padStart(32, '0'), spanId: String(number).padStart(16, '0'), traceFlags: 1 }
    const record = { name, attributes: { ...attributes }, events: [], ended: 0, parent: trace.getSpan(parent)?.record }
    spans.push(record)
    return {
      record,
      spanContext: () => spanContext,
      isRecording: () => record.ended === 0,
      setAttributes(more) {
        Object.assign(record.attributes, more)
        return this
      },
      setStatus(status) {
        record.status = status
        return this
      },
      recordException: (error) => record.events.push(error),
      end() {
        record.ended += 1
      },
    }
  }
  return { getTracer: (name, version) => ({ name, version, startSpan }) }
}

beforeEach(() => {
  spans = []
  tracings = []
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(recorder())
})

afterEach(() => {
  for (const tracing of tracings) tracing.stop()
  context.disable()
  trace.disable()
  diag.disable()
})

function traced(options) {
  const tracing = traceRuns(options)
  tracings.push(tracing)
  return tracing
}

const active = () => trace.getSpan(context.active())?.record
const nameOf = (span) => span?.attributes['moonpool.script_id']

/** Calls `call` in a span of its own, which it returns with the result. */
async function inSpan(name, call) {
  const span = trace.getTracer('test').startSpan(name)
  const result = await context.with(trace.setSpan(context.active(), span), call)
  return { span: span.record, result }
}

test('a run has a span with who ran what, what it took, and how it ended', async () => {
  traced()
  const engine = engineWith()
  const { stats } = await engine.run('return 1', 'acme', { name: 'rule.lua' })
  expect(spans).toEqual([
    {
      name: 'moonpool.run',
      parent: undefined,
      ended: 1,
      events: [],
      attributes: {
        'moonpool.script_id': 'acme',
        'moonpool.name': 'rule.lua',
        'moonpool.end': 'completed',
        'moonpool.slices': 1,
        'moonpool.queue_time_ms': stats.queueTime,
        'moonpool.run_time_ms': stats.runTime,
        'moonpool.cpu_time_ms': stats.cpuTime,
        'moonpool.peak_memory_bytes': stats.peakMemory,
      },
    },
  ])
})

describe('failures', () => {
  test.each([
    ['failed', 'ERR_LUA_RUNTIME', 'error("no")', {}],
    ['failed', 'ERR_LUA_SYNTAX', 'return =', {}],
    ['timedOut', 'ERR_LUA_TIMEOUT', 'while true do end', { timeout: 20 }],
  ])('a run that %s with %s', async (end, code, source, options) => {
    traced()
    const error = await rejection(engineWith().run(source, 'x', options))
    const [{ attributes, status, events, ended }] = spans
    expect(attributes).toMatchObject({ 'moonpool.end': end, 'moonpool.code': code, 'error.type': code })
    expect([status, events, ended]).toEqual([{ code: SpanStatusCode.ERROR, message: error.message }, [error], 1])
  })

  test('a run that is refused has a span without figures', async () => {
    traced()
    const engine = engineWith()
    await engine.close()
    await rejection(engine.run('return 1', 'x'))
    expect(spans[0].attributes).toEqual({
      'moonpool.script_id': 'x',
      'moonpool.name': 'x',
      'moonpool.end': 'rejected',
      'moonpool.code': 'ERR_ENGINE_CLOSED',
      'error.type': 'ERR_ENGINE_CLOSED',
    })
  })

  test('an aborted run is no error, and its span ends when it has stopped, with what it took', async () => {
    traced()
    const engine = engineWith()
    const signal = AbortSignal.timeout(30)
    await rejection(engine.run('while true do end', 'x', { signal }))
    await until(() => spans[0].ended > 0)
    expect(spans[0].attributes).toMatchObject({ 'moonpool.end': 'aborted', 'moonpool.slices': expect.any(Number) })
    expect([spans[0].status, spans[0].events, spans[0].ended]).toEqual([undefined, [], 1])
  })

  test('an aborted run whose reason is no error', async () => {
    traced()
    expect(await rejection(engineWith().run('return 1', 'x', { signal: AbortSignal.abort(7) }))).toBe(7)
    expect(spans[0]).toMatchObject({ ended: 1, attributes: { 'moonpool.end': 'aborted' } })
  })

  test('a failure that nobody catches is still unhandled', async () => {
    const { stdout, stderr } = await runProgram(`
      const { Engine } = require(${JSON.stringify(ROOT)})
      require(${JSON.stringify(`${ROOT}/opentelemetry`)}).traceRuns()
      process.on('unhandledRejection', (error) => console.log(error.code))
      new Engine().run('error("nobody")', 'x')
    `)
    expect([stdout, stderr]).toEqual(['ERR_LUA_RUNTIME\n', ''])
  })
})

describe('the span of a run', () => {
  const WAYS = {
    'engine.run': (engine) => engine.run('return host.who()', 'x'),
    runLua: (engine) => engine.runLua('sleep(0.001) return host.who()', 'x'),
    runFile: (engine) => engine.runFile(`${folderWith({ 'a.lua': 'return host.who()' })}/a.lua`, 'x'),
    'context.run': (engine) => engine.createContext('x').run('return host.who()'),
    'context.call': async (engine) => {
      const made = engine.createContext('x')
      await made.run('function who() sleep(0.001) return host.who() end')
      return made.call('who')
    },
    callScript: (engine) => {
      engine.addScript('who', 'return host.who()', { scriptId: 'x' })
      return engine.callScript('who')
    },
    'parallel calls': (engine) => engine.run('return parallel(host.who, host.who)', 'x'),
  }

  test.each(Object.entries(WAYS))('is a child of the caller’s, and active in host functions: %s', async (_, way) => {
    traced()
    const seen = []
    const who = async () => {
      seen.push(active())
      await new Promise(setImmediate)
      seen.push(active())
    }
    const engine = engineExposing({ who })
    const { span } = await inSpan('request', () => way(engine))
    expect(seen.length).toBeGreaterThan(1)
    for (const one of seen) {
      expect(nameOf(one)).toBe('x')
      expect(one.parent).toBe(span)
    }
  })

  test('is not active where the run was asked for', async () => {
    traced()
    const { span, result } = await inSpan('request', async () => {
      const run = engineWith().run('return 1', 'x')
      const after = active()
      await run
      return [after, active()]
    })
    expect(result).toEqual([span, span])
  })

  test('is the parent of those of scripts that it calls, and of runs that its host functions start', async () => {
    traced()
    const engine = engineWith()
    engine.expose('inner', async () => (await engine.run('return 1', 'started')).value)
    engine.addScript('called', 'return host.inner()', { callers: ['outer'] })
    await engine.run('return scripts.call("called")', 'outer')
    const [outer, called, started] = spans
    expect([outer, called, started].map(({ ended }) => ended)).toEqual([1, 1, 1])
    expect([nameOf(outer), called.attributes['moonpool.name'], nameOf(started)]).toEqual(['outer', 'called', 'started'])
    expect([outer.parent, called.parent, started.parent]).toEqual([undefined, outer, called])
  })

  test('is its own, however many runs there are at once', async () => {
    traced()
    const engine = engineExposing({ who: () => nameOf(active()) })
    const runs = Array.from({ length: 50 }, (_, i) =>
      engine.run('sleep(0.001 * (... % 5)) return host.who()', `id${i}`, { args: [i] }),
    )
    expect((await Promise.all(runs)).map(({ value }) => value)).toEqual(Array.from({ length: 50 }, (_, i) => `id${i}`))
    expect(spans.map(({ ended }) => ended)).toEqual(Array(50).fill(1))
  })
})

describe('which runs have spans', () => {
  test('all, those of runLua too, until it is stopped', async () => {
    const { stop } = traced()
    await Promise.all([engineWith().run('return 1', 'a'), runLua('return 1', 'b')])
    stop()
    stop()
    await runLua('return 1', 'c')
    expect(spans.map(nameOf)).toEqual(['a', 'b'])
  })

  test('those of one engine, until it is closed', async () => {
    const [engine, another] = [engineWith(), engineWith()]
    traced({ engine })
    await Promise.all([engine.run('return 1', 'a'), another.run('return 1', 'b')])
    await engine.close()
    await rejection(engine.run('return 1', 'c'))
    expect(spans.map(nameOf)).toEqual(['a'])
  })

  test('one that has begun ends its span after stop', async () => {
    let goOn
    const { stop } = traced()
    const engine = engineExposing({ wait: () => new Promise((resolve) => (goOn = resolve)) })
    const run = engine.run('host.wait()', 'x')
    await until(() => goOn)
    stop()
    goOn()
    await run
    expect(spans[0].ended).toBe(1)
  })
})

describe('what a host gives', () => {
  test('names spans, and adds attributes', async () => {
    const engine = engineWith()
    const seen = []
    traced({
      engine,
      tracer: recorder().getTracer('mine'),
      spanName: ({ name }) => `lua ${name}`,
      attributes: (run) => {
        seen.push(run)
        return { plan: 'paid' }
      },
    })
    await engine.run('return 1', 'x', { name: 'rule.lua' })
    expect(spans[0]).toMatchObject({ name: 'lua rule.lua', attributes: { plan: 'paid', 'moonpool.end': 'completed' } })
    expect(seen).toEqual([{ scriptId: 'x', name: 'rule.lua', engine }])
  })

  const no = () => {
    throw new Error('out of order')
  }
  const FAULTS = {
    spanName: { spanName: no },
    attributes: { attributes: no },
    'startSpan of a tracer': { tracer: { startSpan: no } },
    'nonsense of a tracer': { tracer: { startSpan: () => undefined } },
    'methods of a span': {
      tracer: { startSpan: () => ({ setAttributes: no, end: no, recordException: no, setStatus: no }) },
    },
  }

  test.each(Object.entries(FAULTS))('harms no run when it fails: %s', async (what, options) => {
    const error = jest.fn()
    diag.setLogger({ error, warn() {}, info() {}, debug() {}, verbose() {} }, { logLevel: DiagLogLevel.ERROR })
    traced(options)
    const engine = engineWith()
    expect((await engine.run('return 1', 'x')).value).toBe(1)
    expect(await rejection(engine.run('error("no")', 'x'))).toMatchObject({ code: 'ERR_LUA_RUNTIME' })
    await new Promise(setImmediate)
    expect(engine.stats()).toMatchObject({ completed: 1, failed: 1 })
    if (what !== 'nonsense of a tracer')
      expect(error.mock.calls[0]).toEqual(['moonpool/opentelemetry', new Error('out of order')])
  })

  test.each([
    ['before', (_context, _call) => no()],
    ['after', (_context, call) => [call(), no()]],
    ['never', () => undefined],
    ['twice', (_context, call) => [call(), call()]],
  ])('a context manager that fails, or calls %s, begins each run once', async (_, withContext) => {
    context.disable()
    const manager = new AsyncLocalStorageContextManager()
    manager.with = withContext
    context.setGlobalContextManager(manager)
    traced()
    const engine = engineWith()
    expect((await engine.run('return 1', 'x')).value).toBe(1)
    expect(engine.stats()).toMatchObject({ started: 1, completed: 1 })
    expect(spans.map(({ ended }) => ended)).toEqual([1])
  })

  test('bad options are named', async () => {
    const wrong = (options) => thrownBy(() => traced(options))
    expectBadArgument(wrong({ engine: {} }), TypeError, '"options.engine" property must be an Engine')
    expectBadArgument(wrong({ tracer: {} }), TypeError, '"options.tracer" property must be a Tracer')
    expectBadArgument(wrong({ spanName: 'x' }), TypeError, '"options.spanName"', 'function')
    expectBadArgument(wrong({ attributes: {} }), TypeError, '"options.attributes"', 'function')
    expectBadArgument(wrong({ engin: 1 }), TypeError, "did you mean 'engine'")
    const engine = new Engine()
    await engine.close()
    expect(wrong({ engine })).toMatchObject({ code: 'ERR_ENGINE_CLOSED' })
    await runLua('return 1', 'x')
    expect(spans).toEqual([])
  })
})
