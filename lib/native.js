// What lib/ uses of the native addon.
'use strict'

const { NativeEngine, NativeFunctions, outside, threadPoolSize } = require('./addon')

module.exports = { NativeEngine, NativeFunctions, outside, threadPoolSize, registry: NativeEngine.registry() }
