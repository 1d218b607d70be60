// What a promise rejects with.
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

module.exports = { rejection }
