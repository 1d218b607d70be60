// Which contexts' runs wait for what executes now: a host function must not wait for the run that waits for it.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')

/** The call of a host function that one is inside, and `around` it those that it is inside; each may be over. */
const inside = new AsyncLocalStorage()

/** The calls that a context's run waits for, by context: one at a time. Of a pool, one for each of its contexts in use. */
const calls = new WeakMap()

/** A call of a host function by a run of a context, which waits for it. */
class Call {
  over = false
  // The contexts that it waits for itself, each in an object of its own.
  awaited = new Set()

  constructor(context) {
    this.context = context
    this.around = lasting(inside.getStore())
    const own = calls.get(context)
    if (own) own.add(this)
    else calls.set(context, new Set([this]))
  }

  /** The run goes on. */
  end() {
    this.over = true
    calls.get(this.context)?.delete(this)
  }
}

/** Lets a host function `act` for a run of this context. It is given the call, which is to `end` when the run goes on. */
function wait(context, act) {
  const call = new Call(context)
  inside.run(call, act, call)
}

/** The call that one is inside waits for this context, until the promise that `whenDone` returns resolves. */
function awaits(context, whenDone) {
  const call = lasting(inside.getStore())
  if (!call) return
  const awaited = { context }
  call.awaited.add(awaited)
  whenDone().then(() => call.awaited.delete(awaited))
}

/**
 * Whether a run of this context waits for the function that calls this, or for one further out: because it has called that
 * function, or because it waits for other contexts whose runs do.
 */
function isAwaitedBy(context) {
  if (inside.getStore() === undefined) return false
  const around = allAround()
  // A set goes on with what is added to it meanwhile.
  const reached = new Set([context])
  for (const one of reached) {
    if (around.has(one)) return true
    for (const call of calls.get(one) ?? []) for (const next of call.awaited) reached.add(next.context)
  }
  return false
}

/** Whether one is inside of a call that a run of this context waits for, or that holds a context of this pool. */
function isInside(context) {
  return allAround().has(context)
}

/** The contexts of the calls that one is inside. */
function allAround() {
  const around = new Set()
  for (let call = lasting(inside.getStore()); call; call = lasting(call.around)) {
    around.add(call.context)
    // What is over is forgotten: a function may begin work that calls scripts for ever.
    call.around = lasting(call.around)
  }
  return around
}

/** The innermost call from here on that is not over. */
function lasting(call) {
  let innermost = call
  while (innermost?.over) innermost = innermost.around
  return innermost
}

module.exports = { awaits, isAwaitedBy, isInside, wait }
