// What lib/ uses of the native addon.
'use strict'

const { NativeEngine, NativeFunctions, outside: callOutside, threadPoolSize } = require('./addon')

/** Does `work` at once, outside of every async context, and throws what it throws: the native side does not look at it. */
function outside(work) {
  let thrown
  callOutside(() => {
    try {
      work()
    } catch (error) {
      thrown = { error }
    }
  })
  if (thrown) throw thrown.error
}

module.exports = { NativeEngine, NativeFunctions, outside, threadPoolSize, registry: NativeEngine.registry() }
