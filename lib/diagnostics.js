// What an engine tells to those who watch: a diagnostics tracing channel, what surrounds its runs, that it is closed, and debug
// lines with NODE_DEBUG=moonpool.
'use strict'

const { channel: channelOf, tracingChannel } = require('node:diagnostics_channel')
const { debuglog } = require('node:util')

const channel = tracingChannel('moonpool.run')
/** Tells of each run once nothing of it is left: after an abort, that is later than the end of its promise. */
const settled = channelOf('moonpool.run.settled')

const debug = debuglog('moonpool')

/** What is called around the beginning of each run. */
const surrounding = new Set()
/** Who hears that an engine is closed, by engine; `true` once it is. */
const closings = new WeakMap()

/** Whether anybody wants to hear of runs. Not `channel.hasSubscribers`, which early versions of Node 20 lack. */
function isWatched() {
  if (surrounding.size > 0) return true
  // Written out: asked for each run.
  const { start, end, asyncStart, asyncEnd, error } = channel
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    settled.hasSubscribers
  )
}

/** Lets `start`, which returns the promise of a run, be one traced operation, whose events share `context`. */
function watched(run, context, start) {
  let begin = () => traced(run, context, start)
  for (const act of surrounding) {
    const inner = begin
    begin = () => act(run, context, inner)
  }
  return begin()
}

function traced(run, context, start) {
  // What surrounds it may have another async context, and what the run calls is to be called in there.
  if (surrounding.size > 0) run.enterScopeAgain()
  const promise = channel.tracePromise(start, context)
  if (settled.hasSubscribers) tellSettled(run, context, promise)
  return promise
}

async function tellSettled(run, context, promise) {
  try {
    context.result = await promise
  } catch (error) {
    context.error = error
  }
  await run.whenGone()
  if (run.usage) context.stats = run.usage
  context.end = run.end
  settled.publish(context)
}

/**
 * Has `act` called for each run from now on, with the run, with what events say of it, and with a function that begins it and
 * returns its promise: `act` must call that once, and return the promise. Returns what ends this.
 */
function surround(act) {
  surrounding.add(act)
  return () => void surrounding.delete(act)
}

/** Has `act` called when an engine is closed. Returns whether it is not closed yet. */
function whenClosed(engine, act) {
  const acts = closings.get(engine) ?? []
  if (acts === true) return false
  closings.set(engine, [...acts, act])
  return true
}

/** The engine is closed. */
function tellClosed(engine) {
  const acts = closings.get(engine) ?? []
  closings.set(engine, true)
  if (acts !== true) for (const act of acts) act()
}

module.exports = { debug, isWatched, surround, tellClosed, watched, whenClosed }
