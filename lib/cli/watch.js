// --watch: does something again whenever a file changes. It looks by itself, which works on every file system.
'use strict'

const { stat } = require('node:fs/promises')
const { setTimeout: sleep } = require('node:timers/promises')
const { scanned } = require('../folder')
const { INTERRUPTED, onInterrupt } = require('./interrupt')
const { dim } = require('./paint')
const { fail, tell } = require('./terminal')
const { UsageError } = require('./usage')

/** How often it looks, in ms. */
const OFTEN = 200

const CHANGED = Symbol('changed')

/** Runs `act` with a signal, until Ctrl-C comes while it is done. Resolves with the exit code. */
async function watch(act, files, folder) {
  let stop
  let isOver = false
  for (;;) {
    const before = await printOf(files, folder)
    const controller = new AbortController()
    let isDone = false
    const done = attempt(act, controller.signal).then(() => {
      isDone = true
      tell(dim(`done: it runs again when a file changes; Ctrl-C ends this\n`, process.stderr))
    })
    const letGo = onInterrupt(() => {
      if (isDone) isOver = true
      else controller.abort(require('./run').STOPPED)
    })
    stop = async () => {
      controller.abort(CHANGED)
      await done
      letGo()
    }
    while (!isOver && (await printOf(files, folder)) === before) await sleep(OFTEN)
    await stop()
    if (isOver) return INTERRUPTED
  }
}

/** A mistake in a file is no reason to stop watching it. */
async function attempt(act, signal) {
  try {
    await act(signal)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    fail(error.message)
  }
}

/** What changes with the files, and with the Lua files below the folder. */
async function printOf(files, folder) {
  const prints = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ ino, size, mtimeMs }) => [ino, size, mtimeMs],
        () => 'none',
      ),
    ),
  )
  if (folder === undefined) return prints.join()
  const { files: modules } = await scanned(folder, 'module', () => {}).catch(() => ({ files: [] }))
  return [...prints, ...modules.map(({ file, print }) => `${file} ${print}`)].join()
}

module.exports = { watch }
