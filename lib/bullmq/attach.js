// What an engine has for jobs: host.progress, and the log entries of scripts in the logs of their jobs.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { HostError } = require('../host-error')
const { unfit } = require('./json')

/** So much JSON may be the progress of a job, in characters: it is kept with the job, and told to all who watch the queue. */
const MAX_PROGRESS = 16 * 1024

/** The job, and its journal, to which whatever happens now belongs. */
const current = new AsyncLocalStorage()

const attached = new WeakSet()

/** Once for each engine, however many processors it has. */
function attach(engine) {
  if (attached.has(engine)) return
  engine.expose('progress', (_context, value) => report(value))
  engine.on('log', (entry) => current.getStore()?.journal.log(entry))
  attached.add(engine)
}

/** Does not wait: only the last progress matters. */
function report(value) {
  const journal = current.getStore()?.journal
  if (!journal || journal.hasEnded) throw new HostError('this run is no job', { code: 'NO_JOB' })
  const problem = value === undefined ? 'it is nil' : unfit(value, 'progress', MAX_PROGRESS)
  if (problem) throw new HostError(`progress cannot be reported: ${problem}`, { code: 'BAD_PROGRESS' })
  journal.progress(value)
}

module.exports = { attach, current }
