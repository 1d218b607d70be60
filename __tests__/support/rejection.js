// How calls and promises fail.
'use strict'

/** The error that `promise` rejects with; throws if it resolves. */
async function rejection(promise) {
  let value
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`expected a rejection, but the promise resolved with ${JSON.stringify(value)}`)
}

/** The error that `call` throws; throws another if it returns. */
function thrownBy(call) {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('expected it to throw')
}

/** What each of several runs came to, once all have settled: its text, the code of its error, or another reason. */
const ends = (runs) => Promise.all(runs.map((run) => run.catch((error) => error.code ?? error)))

/** `error` is how Node.js refuses an argument: a TypeError or a RangeError, with its code, and it says all of `says`. */
function expectBadArgument(error, ErrorClass, ...says) {
  expect(error).toBeInstanceOf(ErrorClass)
  expect(error.code).toBe(ErrorClass === TypeError ? 'ERR_INVALID_ARG_TYPE' : 'ERR_INVALID_ARG_VALUE')
  for (const text of says) expect(error.message).toMatch(text)
}

module.exports = { ends, expectBadArgument, rejection, thrownBy }
