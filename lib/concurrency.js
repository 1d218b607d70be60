// How many worker threads one engine uses at once.
'use strict'

const os = require('node:os')

const LIBUV_DEFAULT_THREADS = 4
const LIBUV_MAX_THREADS = 1024

/** The size of libuv's pool, read from the environment as libuv's `init_threads` reads it. */
function threadPoolSize() {
  const setting = process.env.UV_THREADPOOL_SIZE
  if (setting === undefined) return LIBUV_DEFAULT_THREADS
  // libuv: atoi, where what is no number counts as 0; then 0 means 1, and a negative number is a huge unsigned one.
  const threads = Number.parseInt(setting, 10) || 1
  return threads < 0 ? LIBUV_MAX_THREADS : Math.min(threads, LIBUV_MAX_THREADS)
}

/** One thread of the pool stays free, so that `fs`, `dns` and `crypto` always find one. */
function concurrency() {
  return Math.max(1, Math.min(os.availableParallelism(), threadPoolSize() - 1))
}

module.exports = { concurrency }
