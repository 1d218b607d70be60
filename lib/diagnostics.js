// What an engine tells to those who watch: a diagnostics tracing channel, and debug lines with NODE_DEBUG=moonpool.
'use strict'

const { tracingChannel } = require('node:diagnostics_channel')
const { debuglog } = require('node:util')

const channel = tracingChannel('moonpool.run')
const PARTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

const debug = debuglog('moonpool')

/** Not `channel.hasSubscribers`, which early versions of Node 20 lack. */
function isTraced() {
  for (const part of PARTS) if (channel[part].hasSubscribers) return true
  return false
}

/** Runs `start`, which returns a promise, as one traced operation. */
function traced(start, context) {
  return channel.tracePromise(start, context)
}

module.exports = { debug, isTraced, traced }
