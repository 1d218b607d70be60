// The door of moonpool/bullmq for require().
'use strict'

const { createProcessor, currentJob } = require('./lib/bullmq/processor')

module.exports = { createProcessor, currentJob }
