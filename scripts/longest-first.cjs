// The order of Jest's files: first those that take longest, so that no process begins one when the others are at their end.
'use strict'

const path = require('node:path')
const { default: Sequencer } = require('@jest/test-sequencer')

/** What takes ten seconds or more. Jest orders the rest, by how long they took the last time, or by their sizes. */
const LONGEST = [
  'attacks-e',
  'attacks-c',
  'values-flood',
  'attacks-a',
  'attacks-d',
  'attacks-b',
  'process-workers',
  'realm-leaks',
  'state-memory',
  'process-jest',
  'values-long',
  'max-memory',
  'attack-runner',
  'process-exit',
  'attacks-f',
  'engine-options',
]

const rank = (test) => {
  const place = LONGEST.indexOf(path.basename(test.path, '.test.js'))
  return place < 0 ? LONGEST.length : place
}

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((one, other) => rank(one) - rank(other))
  }
}
