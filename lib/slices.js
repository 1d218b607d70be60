// Long work on the JS thread, a slice in each turn of the event loop, so that whatever else happens there gets its turn.
'use strict'

const { AsyncResource } = require('node:async_hooks')
const { performance } = require('node:perf_hooks')
// Not the globals, which a test runner may have replaced by fake ones.
const { setImmediate } = require('node:timers')

/** How much of a turn such work may take, in ms, however much of it there is. */
const SLICE = 8

/** How many bytes may be decoded at once in a turn: a few ms, whatever they are. */
const AT_ONCE = 64 * 1024

const jobs = []
let armed = false
let spent = 0
let turnBegan

/**
 * Lets `job.step(until)` work until that time, again and again, until it returns true or `job.cancelled` is: in the async
 * context of this call, not in that of whichever job came first.
 */
function inSlices(job) {
  jobs.push({ job, resource: new AsyncResource('moonpool') })
  arm()
}

function arm() {
  if (armed) return
  armed = true
  setImmediate(turn)
}

function turn() {
  const until = performance.now() + SLICE
  try {
    do step(jobs.shift(), until)
    while (jobs.length > 0 && performance.now() < until)
  } finally {
    // Not before: a job may add others, and a turn of their own would find them done.
    armed = false
    if (jobs.length > 0) arm()
  }
}

function step(entry, until) {
  const { job, resource } = entry
  if (job.cancelled || resource.runInAsyncScope(job.step, job, until)) resource.emitDestroy()
  else jobs.push(entry)
}

/** Whether there is still time in this turn for work of so many bytes; if so, it is taken. */
function fitsIntoTurn(bytes) {
  if (spent + bytes > AT_ONCE) return false
  if (spent === 0) setImmediate(forget)
  spent += bytes
  return true
}

function forget() {
  spent = 0
}

/** Whether a turn has time for more, since it was first asked in this turn. */
function hasTimeInTurn() {
  const now = performance.now()
  if (turnBegan === undefined) {
    turnBegan = now
    setImmediate(endTurn)
  }
  return now - turnBegan < SLICE
}

function endTurn() {
  turnBegan = undefined
}

/** For a loop that works in slices: to be awaited in each round. Goes on in another turn when this one has no time left. */
function timeInTurn() {
  return hasTimeInTurn() ? undefined : new Promise(setImmediate)
}

module.exports = { fitsIntoTurn, hasTimeInTurn, inSlices, SLICE, timeInTurn }
