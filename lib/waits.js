// Which contexts' runs wait for what executes now: a host function must not wait for the run that waits for it.
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')

/** The call of a host function that one is inside, and `around` it those that it is inside; each may be over. */
const inside = new AsyncLocalStorage()

/** Lets a host function `act` for a run of this context. What it returns is to be marked `over` when the run goes on. */
function wait(context, act) {
  const call = { context, over: false, around: lasting(inside.getStore()) }
  inside.run(call, act, call)
}

/** Whether a run of this context waits for the function that calls this, or for one further out. */
function isAwaitedBy(context) {
  for (let call = lasting(inside.getStore()); call; call = lasting(call.around)) {
    if (call.context === context) return true
    // What is over is forgotten: a function may begin work that calls scripts for ever.
    call.around = lasting(call.around)
  }
  return false
}

/** The innermost call from here on that is not over. */
function lasting(call) {
  let innermost = call
  while (innermost?.over) innermost = innermost.around
  return innermost
}

module.exports = { isAwaitedBy, wait }
