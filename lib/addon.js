// The native addon: that of this clone, or of the package for this platform; of this version, or an error that says what to do.
'use strict'

const { createRequire } = require('node:module')
const { version } = require('../package.json')
const { missing, notLoaded, otherVersion, unsupported } = require('./addon-errors')
const { PLATFORMS, platformName } = require('./platform')

// Bundlers, and tools that gather the files of a program, follow names that are written out. Within `try` they let it pass
// that all but one are not there.

/** What Bun, as a bundler, puts in place of what is not there. */
const LEFT_OUT = /^Cannot require module /

/** The file that `npm run build` has made in a clone, or undefined. `absent` is told why it is not there. */
function ofClone(platform, absent) {
  try {
    switch (platform) {
      case 'darwin-arm64':
        return require('../moonpool.darwin-arm64.node')
      case 'darwin-x64':
        return require('../moonpool.darwin-x64.node')
      case 'linux-arm64-gnu':
        return require('../moonpool.linux-arm64-gnu.node')
      case 'linux-arm64-musl':
        return require('../moonpool.linux-arm64-musl.node')
      case 'linux-x64-gnu':
        return require('../moonpool.linux-x64-gnu.node')
      case 'linux-x64-musl':
        return require('../moonpool.linux-x64-musl.node')
      case 'win32-x64-msvc':
        return require('../moonpool.win32-x64-msvc.node')
      default:
        return createRequire(__filename)(`../moonpool.${platform}.node`)
    }
  } catch (error) {
    return absent(error)
  }
}

/** The package that npm has installed for this platform, or undefined. */
function ofPackage(platform, absent) {
  try {
    switch (platform) {
      case 'darwin-arm64':
        return require('@moonpool/binding-darwin-arm64')
      case 'darwin-x64':
        return require('@moonpool/binding-darwin-x64')
      case 'linux-arm64-gnu':
        return require('@moonpool/binding-linux-arm64-gnu')
      case 'linux-arm64-musl':
        return require('@moonpool/binding-linux-arm64-musl')
      case 'linux-x64-gnu':
        return require('@moonpool/binding-linux-x64-gnu')
      case 'linux-x64-musl':
        return require('@moonpool/binding-linux-x64-musl')
      case 'win32-x64-msvc':
        return require('@moonpool/binding-win32-x64-msvc')
    }
  } catch (error) {
    absent(error)
  }
  return undefined
}

function load() {
  const platform = platformName()
  let cause
  const absent = (error) => {
    // A package whose file is missing has a path here.
    const isAbsent = error?.code === 'MODULE_NOT_FOUND' ? error.path === undefined : LEFT_OUT.test(error?.message)
    if (!isAbsent) throw notLoaded(error)
    cause = error
  }
  const built = ofClone(platform, absent)
  const addon = built ?? ofPackage(platform, absent)
  if (addon === undefined) throw (PLATFORMS.includes(platform) ? missing : unsupported)(platform, cause)
  const found = typeof addon.version === 'function' ? addon.version() : undefined
  if (found !== version) throw otherVersion(platform, built !== undefined, version, found)
  return addon
}

/** @type {typeof import('../binding')} */
module.exports = load()
