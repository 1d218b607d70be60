// The door of moonpool/opentelemetry for require().
'use strict'

const { traceRuns } = require('./lib/opentelemetry')

module.exports = { traceRuns }
