// Worker threads of Node.js in which moonpool is loaded.
'use strict'

const { Worker } = require('node:worker_threads')
const { ROOT } = require('./child')

/** What the source of a worker has at hand. */
const PROLOGUE = `
  const { Engine, runLua } = require(${JSON.stringify(ROOT)})
  const { parentPort } = require('node:worker_threads')
`

const startWorker = (source) => new Worker(PROLOGUE + source, { eval: true })

/** The next message of a worker. */
const message = (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))

module.exports = { PROLOGUE, message, startWorker }
