// What lib/ uses of the native addon.
'use strict'

const { NativeEngine, NativeFunctions, outside } = require('./addon')

module.exports = { NativeEngine, NativeFunctions, outside, registry: NativeEngine.registry() }
