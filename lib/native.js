// Loads the native addon, or says which one is missing and how to get it.
'use strict'

const { withCode } = require('./errors')

/** The name of this platform as the optional packages spell it: `linux-x64-gnu`, `darwin-arm64`. */
function platformName() {
  const { platform, arch } = process
  if (platform === 'linux') return `${platform}-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `${platform}-${arch}-msvc` : `${platform}-${arch}`
}

function isMusl() {
  if (process.report === undefined) return false
  process.report.excludeNetwork = true // Looking up the names of open sockets can take seconds.
  return process.report.getReport().header.glibcVersionRuntime === undefined
}

function missing(cause) {
  const platform = platformName()
  return withCode(
    Error,
    'ERR_ADDON_MISSING',
    `moonpool's native addon for ${platform} could not be loaded: install the optional package ` +
      `'@moonpool/binding-${platform}' (npm leaves it out with --omit=optional), ` +
      `or build the addon with 'npm run build' in a clone of the repository`,
    { cause },
  )
}

function load() {
  try {
    return require('../binding.js')
  } catch (error) {
    throw missing(error)
  }
}

const { NativeEngine, NativeFunctions, outside } = load()

module.exports = { NativeEngine, NativeFunctions, outside, registry: NativeEngine.registry() }
