// Functions of a context that JavaScript holds: what crosses as a LuaFunction, and when its VM may forget it.
'use strict'

const { typeError, valueError } = require('./errors')

/** The numbers of functions that one run may give away: more than a context may have at once. */
const PER_RUN = 65_536

class LuaFunction {
  #handle

  constructor(handle, token) {
    if (token !== MADE_HERE) throw typeError('A LuaFunction cannot be constructed. It comes out of a context')
    this.#handle = handle
    collected.register(this, handle, handle)
  }

  async call(...args) {
    return this.#handle.call(args)
  }

  async apply(args, options) {
    return this.#handle.call(args, options)
  }

  release() {
    collected.unregister(this.#handle)
    this.#handle.release()
  }

  get isReleased() {
    return this.#handle.isReleased
  }

  /** The handle behind a value, if it is a LuaFunction of this module instance. */
  static handleOf(value) {
    return #handle in value ? value.#handle : undefined
  }
}

const MADE_HERE = Symbol('came out of a context')
const { handleOf } = LuaFunction
delete LuaFunction.handleOf

/** What nobody refers to any more is released. It may take a while; so a context has a bound for how many there are. */
const collected = new FinalizationRegistry((handle) => handle.release())

/** What a LuaFunction stands for. It refers to no LuaFunction, so that those can be collected. */
class Handle {
  #functions
  #number
  // Runs that have been asked for and may use it.
  #users = 0
  #released = false

  constructor(functions, number) {
    this.#functions = functions
    this.#number = number
  }

  get isReleased() {
    return this.#released
  }

  async call(args, options) {
    if (this.#released) throw valueError('The function must not be released. Received a LuaFunction that was released')
    return this.#functions.call(this, args, options)
  }

  /** Its number for a run in the context of these functions; or throws what it is, by `refuse`. */
  lentTo(functions, refuse) {
    if (this.#functions !== functions) throw refuse('a LuaFunction of another context')
    if (this.#released) throw refuse('a LuaFunction that was released')
    return this.#number
  }

  /** Keeps it for a run that has been asked for, and may use it, until that is gone. */
  use() {
    this.#users += 1
  }

  endUse() {
    this.#users -= 1
    this.#forget()
  }

  release() {
    if (this.#released) return
    this.#released = true
    this.#forget()
  }

  #forget() {
    if (this.#released && this.#users === 0) this.#functions.forget(this.#number)
  }
}

/** The functions of one context. */
class Functions {
  #native
  #call
  #runs = 0

  /** `call(handle, args, options)` is what a LuaFunction does. */
  constructor(native, call) {
    this.#native = native
    this.#call = call
  }

  call(handle, args, options) {
    return this.#call(handle, args, options)
  }

  /** For values that go into a run: gives the numbers of functions, and gathers their handles in `lent`. */
  lender(lent) {
    return (value, refuse) => {
      const handle = handleOf(value)
      const number = handle.lentTo(this, refuse)
      lent.add(handle)
      return number
    }
  }

  /** For the values of one run: the first of their numbers, what makes LuaFunctions of them, and what forgets all. */
  taker() {
    this.#runs += 1
    const first = this.#runs * PER_RUN
    return {
      first,
      make: (number) => new LuaFunction(new Handle(this, number), MADE_HERE),
      forget: () => this.#native.release(first, first + PER_RUN - 1),
    }
  }

  forget(number) {
    this.#native.release(number, number)
  }
}

const isLuaFunction = (value) => handleOf(value) !== undefined

module.exports = { Functions, LuaFunction, isLuaFunction }
