// Runs a JavaScript program in a process of its own.
'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '../..')

/**
 * Runs `source` with node, with 'moonpool' resolving to this repository.
 * Resolves with the exit code (null when the process had to be killed after 30 s) and what it printed.
 */
function runProgram(source, { env = {}, esm = false } = {}) {
  const args = [`--input-type=${esm ? 'module' : 'commonjs'}`, '--eval', source]
  const options = { cwd: ROOT, env: { ...process.env, ...env }, timeout: 30_000, killSignal: 'SIGKILL' }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr })
    })
  })
}

module.exports = { ROOT, runProgram }
