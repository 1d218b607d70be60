// What an engine tells to those who watch: a diagnostics tracing channel, and debug lines with NODE_DEBUG=moonpool.
'use strict'

const { channel: channelOf, tracingChannel } = require('node:diagnostics_channel')
const { debuglog } = require('node:util')

const channel = tracingChannel('moonpool.run')
/** Tells of each run once nothing of it is left: after an abort, that is later than the end of its promise. */
const settled = channelOf('moonpool.run.settled')
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

const debug = debuglog('moonpool')

/** Whether anybody wants to hear of runs. Not `channel.hasSubscribers`, which early versions of Node 20 lack. */
function isWatched() {
  for (const part of PARTS) if (channel[part].hasSubscribers) return true
  return settled.hasSubscribers
}

/** Lets `start`, which returns the promise of a run, be one traced operation, whose events share `context`. */
function watched(run, context, start) {
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

module.exports = { debug, isWatched, watched }
