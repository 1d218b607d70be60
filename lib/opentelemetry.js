// moonpool/opentelemetry: a span for each run, which is active in what the run calls of the host's.
'use strict'

const { version } = require('../package.json')
const { surround } = require('./diagnostics')
const { shown, typeError } = require('./errors')
const { checkFunction, readOptions } = require('./options')
const { peer } = require('./peer')
const { checkEngine, untilClosed } = require('./watched-engine')

const { context, diag, SpanStatusCode, trace } = peer('@opentelemetry/api', 'moonpool/opentelemetry', () =>
  require('@opentelemetry/api'),
)

const OPTIONS = {
  engine: { default: undefined, check: checkEngine },
  tracer: { default: undefined, check: checkTracer },
  spanName: { default: undefined, check: checkFunction },
  attributes: { default: undefined, check: checkFunction },
}

/** How a figure of a run is called as an attribute. */
const FIGURES = {
  slices: 'moonpool.slices',
  queueTime: 'moonpool.queue_time_ms',
  runTime: 'moonpool.run_time_ms',
  cpuTime: 'moonpool.cpu_time_ms',
  peakMemory: 'moonpool.peak_memory_bytes',
}

/** Has a span made for each run, until `stop` of what it returns is called, or the engine is closed. */
function traceRuns(given) {
  const { engine, ...options } = readOptions(given, OPTIONS)
  const tracer = options.tracer ?? trace.getTracer('moonpool', version)
  // To trace an engine keeps it from nothing.
  const weak = engine && new WeakRef(engine)
  const act = (run, told, begin) => {
    if (weak && weak.deref() !== told.engine) return begin()
    const span = spanOf(told, tracer, options)
    return span ? inSpan(span, run, begin) : begin()
  }
  const stop = surround(act)
  if (engine) untilClosed(engine, stop)
  return { stop }
}

/** A span that has just been started, or none if the tracer fails. */
function spanOf({ scriptId, name, engine }, tracer, { spanName, attributes }) {
  const run = Object.freeze({ scriptId, name, engine })
  let span
  attempt(() => {
    let text = 'moonpool.run'
    if (spanName) {
      attempt(() => {
        text = String(spanName(run))
      })
    }
    span = tracer.startSpan(text, { attributes: { 'moonpool.script_id': scriptId, 'moonpool.name': name } })
    if (attributes) attempt(() => span.setAttributes(attributes(run) ?? {}))
  })
  return span
}

/** Begins a run in the context of its span, which ends with it. */
function inSpan(span, run, begin) {
  let promise
  const once = () => {
    promise ??= begin()
  }
  attempt(() => context.with(trace.setSpan(context.active(), span), once))
  // A context manager that failed may not have called it.
  once()
  promise.then(
    () => endWhenGone(span, run),
    (error) => endWhenGone(span, run, { error }),
  )
  return promise
}

/** After an abort, a run ends later than its promise, and what it took is known only then. */
function endWhenGone(span, run, failure) {
  if (run.state === 'gone') attempt(() => end(span, run, failure))
  else run.whenGone().then(() => attempt(() => end(span, run, failure)))
}

function end(span, run, failure) {
  try {
    span.setAttributes(figuresOf(run))
    if (failure) tellFailure(span, run, failure.error)
  } finally {
    span.end()
  }
}

function figuresOf({ end, usage }) {
  const figures = { 'moonpool.end': end }
  if (usage) for (const [figure, name] of Object.entries(FIGURES)) figures[name] = usage[figure]
  return figures
}

/** Whoever aborts a run has not failed, nor has the script. */
function tellFailure(span, run, error) {
  const isError = error instanceof Error
  const code = isError && typeof error.code === 'string' ? error.code : undefined
  if (code) span.setAttributes({ 'moonpool.code': code, 'error.type': code })
  if (run.end === 'aborted') return
  const message = isError ? error.message : shown(error)
  span.recordException(isError ? error : message)
  span.setStatus({ code: SpanStatusCode.ERROR, message })
}

function checkTracer(value, what) {
  if (typeof value?.startSpan === 'function') return
  throw typeError(`${what} must be a Tracer of OpenTelemetry. Received ${shown(value)}`)
}

/** What a tracer, or a function of the host's, throws is for OpenTelemetry's own log. */
function attempt(call) {
  try {
    call()
  } catch (error) {
    diag.error('moonpool/opentelemetry', error)
  }
}

module.exports = { traceRuns }
