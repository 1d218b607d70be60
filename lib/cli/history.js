// The lines that were typed before, kept in a file of the user's. Where that cannot be used, nothing is kept.
'use strict'

const { readFileSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/** How many lines are kept. */
const LINES = 1000

/** The file: MOONPOOL_REPL_HISTORY, or one in the home folder. None, if that is set to nothing. */
function historyFile() {
  const named = process.env.MOONPOOL_REPL_HISTORY
  return named === undefined ? path.join(os.homedir(), '.moonpool_repl_history') : named.trim()
}

/** The lines of the file, the last one first, as readline has them. */
function readHistory(file) {
  try {
    return file === '' ? [] : readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(-LINES).reverse()
  } catch {
    return []
  }
}

/** Keeps the lines, for nobody else to read. Returns whether that is possible. */
function keepHistory(file, lines) {
  try {
    if (file !== '')
      writeFileSync(
        file,
        lines
          .map((line) => `${line}\n`)
          .reverse()
          .join(''),
        { mode: 0o600 },
      )
    return true
  } catch {
    return false
  }
}

module.exports = { LINES, historyFile, keepHistory, readHistory }
