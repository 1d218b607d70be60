// Processors for the workers of BullMQ: each job is a run of a script.
'use strict'

const { Engine } = require('../engine')
const { LuaError, shown, typeError, valueError } = require('../errors')
const { readProcessorOptions } = require('../options')
const { attach, current } = require('./attach')
const { Failures } = require('./failures')
const { unfit } = require('./json')
const { Journal } = require('./journal')
const { Tasks } = require('./tasks')

/**
 * BullMQ gives a signal only to a function with three parameters.
 */
function createProcessor(engine, given) {
  if (!(engine instanceof Engine)) throw typeError(`The "engine" argument must be an Engine. Received ${shown(engine)}`)
  const { retryLimits, maxResult, ...options } = readProcessorOptions(given)
  const tasks = new Tasks(engine, options)
  if (tasks.isEmpty) {
    throw valueError('The "options.scripts" property must name a script, unless "options.allowCode" is true')
  }
  const failures = new Failures({ retryLimits })
  attach(engine)
  return async function process(job, token, signal) {
    const journal = new Journal(job)
    try {
      // Within: the data of a job may be anything.
      const { values } = await current.run({ job, journal }, () => tasks.start(job, signal))
      checkResult(values, maxResult)
      return values
    } catch (error) {
      // Before anybody else may begin with the job.
      await journal.end()
      throw await failures.of(error, { job, token, signal })
    } finally {
      await journal.end()
    }
  }
}

/** What BullMQ keeps is JSON. It keeps it with the job, and in the stream of its events. */
function checkResult(values, max) {
  const problem = unfit(values, 'values', max)
  if (!problem) return
  throw new LuaError({ code: 'ERR_LUA_RESULT', message: `the result cannot be kept: ${problem}`, output: '' })
}

/** The job whose script runs, in what that calls: host functions, listeners, loggers. */
const currentJob = () => current.getStore()?.job

module.exports = { createProcessor, currentJob }
