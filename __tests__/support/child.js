// Runs node in a process of its own.
'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '../..')

/** Resolves with the exit code (null when the process had to be killed after the timeout) and what it printed. */
function runNode(args, { cwd = ROOT, env = process.env, timeout = 30_000 } = {}) {
  const options = { cwd, env, timeout, killSignal: 'SIGKILL' }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr })
    })
  })
}

/** Runs `source`, with 'moonpool' resolving to this repository. */
function runProgram(source, { env = {}, esm = false } = {}) {
  const args = [`--input-type=${esm ? 'module' : 'commonjs'}`, '--eval', source]
  return runNode(args, { env: { ...process.env, ...env } })
}

/** For programs: `collectGarbage(times, pause)`, with a pause in ms before each time, in which finalizers can run. */
const GARBAGE_COLLECTION = `
  const { setTimeout: sleep } = require('node:timers/promises')
  require('node:v8').setFlagsFromString('--expose-gc')
  const gc = require('node:vm').runInNewContext('gc')
  async function collectGarbage(times, pause) {
    for (let i = 0; i < times; i++) {
      await sleep(pause)
      gc()
    }
  }
`

module.exports = { GARBAGE_COLLECTION, ROOT, runNode, runProgram }
