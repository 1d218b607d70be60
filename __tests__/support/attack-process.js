// A process in which attacks are run, see attack-child.js. It is killed when it hangs.
'use strict'

const { spawn } = require('node:child_process')
const path = require('node:path')
const { createInterface } = require('node:readline')
const { ROOT } = require('./child')

const CHILD = path.join(__dirname, 'attack-child.js')

/**
 * How long a process gets for an attack beyond the attack's deadline, and then for its own end, in ms: long enough to
 * tell late from never.
 */
const PATIENCE = 5000

class AttackProcess {
  isClosed = false
  /** What was seen of the attack, or since the last one. */
  #seen = { stage: 'the start', stderr: '' }
  #onEnd = () => {}
  #timer

  /** `door` is the module that is attacked; `isShared` says that more than one attack comes. */
  constructor({ door = ROOT, patience = PATIENCE, isShared = false } = {}) {
    this.patience = patience
    this.child = spawn(process.execPath, [CHILD, door, ...(isShared ? ['shared'] : [])], { cwd: ROOT })
    this.child.stdin.on('error', () => {}) // It may die before it has read all.
    this.child.stderr.setEncoding('utf8').on('data', (text) => this.#note({ stderr: this.#seen.stderr + text }))
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#note(parseLine(line)))
    this.closed = new Promise((resolve) => {
      this.child.once('close', () => {
        clearTimeout(this.#timer)
        this.isClosed = true
        resolve()
      })
    })
  }

  /** Runs only this attack. Resolves with what the process saw and how it ended, its own end included. */
  runAlone(attack, deadline) {
    this.#begin(attack)
    return this.end(deadline)
  }

  /** Runs one of several attacks. Resolves as soon as it is over, or the process has died of it. */
  async run(attack, deadline) {
    const over = new Promise((resolve) => {
      this.#onEnd = resolve
    })
    this.#begin(attack)
    this.#killAfter(deadline + this.patience)
    await Promise.race([over, this.closed])
    clearTimeout(this.#timer)
    return this.account()
  }

  async end(deadline = 0) {
    this.#killAfter(deadline + this.patience)
    this.child.stdin.end()
    await this.closed
    return this.account()
  }

  /** What was seen since the last account, and how the process ended. One that goes on has done nothing wrong. */
  account() {
    const { killed, exitCode, signalCode: signal } = this.child
    const seen = { ...this.#seen, killed, exitCode: this.isClosed ? exitCode : 0, signal }
    this.#seen = { stage: 'end', stderr: '' }
    return seen
  }

  #begin(attack) {
    this.#seen.stage = 'the start'
    this.child.stdin.write(`${JSON.stringify({ ...attack, source: attack.source.toString('base64') })}\n`)
  }

  #killAfter(time) {
    clearTimeout(this.#timer)
    if (!this.isClosed) this.#timer = setTimeout(() => this.child.kill('SIGKILL'), time)
  }

  #note(facts) {
    Object.assign(this.#seen, facts)
    if (facts.stage === 'end') this.#onEnd()
  }
}

/** A process that dies while it writes leaves half a line. */
function parseLine(line) {
  try {
    return JSON.parse(line)
  } catch {
    return { garbled: line.slice(0, 200) }
  }
}

module.exports = { AttackProcess }
