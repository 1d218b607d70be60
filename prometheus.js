// The door of moonpool/prometheus for require().
'use strict'

const { registerMetrics } = require('./lib/prometheus')

module.exports = { registerMetrics }
