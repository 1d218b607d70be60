// What the program writes: results to the standard output, all else to the standard error.
'use strict'

const { bold, red } = require('./paint')

/** Writes a result. */
function say(text) {
  process.stdout.write(text)
}

/** Writes something beside the results. */
function tell(text) {
  process.stderr.write(text)
}

/** Says what is wrong, with the command itself or with what it was given. */
function fail(message) {
  tell(`${red(bold('error:', process.stderr), process.stderr)} ${message}\n`)
}

/** When whoever reads the output has gone, as `head` does, that is the end, and no error. */
function ended() {
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

module.exports = { ended, fail, say, tell }
