// The host's questions to State, on their way to the native engine and back.
'use strict'

const { bytesOf, decodeList } = require('./decode')
const { LuaError, notRun, valueError } = require('./errors')

/** What the native engine calls with answers, and those who wait for them, by number. */
function answersOf() {
  const pending = new Map()
  const answered = (id, values, failure) => {
    const settle = pending.get(id)
    pending.delete(id)
    settle?.({ values: values && bytesOf(values), failure })
  }
  return { pending, answered }
}

/** The number that says that the store is closed. */
const STORE = 0

class StateDesk {
  #native
  // Held here, with what the native engine calls, as that does not hold it while nobody waits.
  #answers
  #gone
  #perId
  #isClosed = false

  /** `gone` is told whenever nobody waits for an answer any more; `perId` knows what ids may use, if a function says so. */
  constructor(native, answers, gone, perId) {
    this.#native = native
    this.#answers = answers
    this.#gone = gone
    this.#perId = perId
  }

  /** How many answers are waited for. */
  get awaited() {
    return this.#pending.size
  }

  get #pending() {
    return this.#answers.pending
  }

  get isClosed() {
    return this.#isClosed
  }

  /** The values that answer a question; `scriptId` is for errors. */
  ask(question, scriptId = question.owner) {
    const ask = () => {
      // What adds to a space has a key.
      if (question.key !== undefined) this.#perId?.see(question.owner)
      return this.#native.askState(question)
    }
    return this.#settled(ask, scriptId)
  }

  /** Begins an import. Returns the function that takes its pieces, and in the end nothing. */
  beginImport() {
    this.#checkOpen()
    const native = this.#native.beginImport()
    return (piece) => this.#settled(() => this.#native.importPiece(native, piece))
  }

  /** Takes no more questions, and closes the store. Calls `done`, now or later. */
  close(done) {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#native.closeState()) done()
    else this.#pending.set(STORE, done)
  }

  /** Rejects whatever is waited for, and waits for the store no longer. */
  giveUp() {
    this.#native.forgetState()
    const settles = [...this.#pending.values()]
    this.#pending.clear()
    for (const settle of settles) settle({ failure: CLOSED })
  }

  async #settled(ask, scriptId) {
    this.#checkOpen(scriptId)
    let answer = ask()
    if (typeof answer.id === 'number') answer = await this.#answer(answer.id)
    // Made here, after the await, so that its stack names the caller that awaits.
    if (answer.failure) throw errorOf(answer.failure, scriptId)
    try {
      return await decodeList(answer.values)
    } catch (error) {
      throw new LuaError(
        { code: 'ERR_STATE_VALUE', message: `the value cannot cross: ${error.message}`, output: '' },
        scriptId,
      )
    }
  }

  #answer(id) {
    return new Promise((resolve) => {
      this.#pending.set(id, (answer) => {
        resolve(answer)
        if (this.#pending.size === 0) this.#gone()
      })
    })
  }

  #checkOpen(scriptId) {
    if (this.#isClosed) throw notRun(CLOSED.code, CLOSED.message, scriptId)
  }
}

const CLOSED = { code: 'ERR_ENGINE_CLOSED', message: 'the engine is closed: its State cannot be used any more' }

function errorOf(failure, scriptId) {
  if (failure.code === 'ERR_INVALID_ARG_VALUE')
    return valueError(failure.message[0].toUpperCase() + failure.message.slice(1))
  return new LuaError({ ...failure, output: '' }, scriptId)
}

module.exports = { StateDesk, answersOf }
