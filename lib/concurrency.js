// How many worker threads one engine uses at once.
'use strict'

const os = require('node:os')
const { threadPoolSize } = require('./native')

/** One thread of the pool stays free, so that `fs`, `dns` and `crypto` always find one. */
function concurrency() {
  return Math.max(1, Math.min(os.availableParallelism(), threadPoolSize() - 1))
}

module.exports = { concurrency }
