// What is thrown when there is no addon to use: each error says why, and what to do.
'use strict'

const { createRequire } = require('node:module')
const { withCode } = require('./errors')
const { PLATFORMS } = require('./platform')

const packageOf = (platform) => `@moonpool/binding-${platform}`

const FROM_A_CLONE = `build the addon in a clone of the repository, with 'npm run build', and 'npm install' the clone`

/** There is none for this platform, and nobody has built one. */
function unsupported(platform, cause) {
  const message =
    `moonpool has no native addon for ${platform}, only for ${PLATFORMS.join(', ')}. ` +
    `For another one, ${FROM_A_CLONE}`
  return withCode(Error, 'ERR_ADDON_UNSUPPORTED', message, { cause })
}

/** There is one, and it was not installed. */
function missing(platform, cause) {
  const others = PLATFORMS.map(packageOf).filter(isInstalled)
  const why =
    others.length > 0
      ? `Installed is '${others.join("', '")}': node_modules comes from another platform, ` +
        'or the lock file does. Delete both, and install again on the platform that the program runs on'
      : 'npm leaves it out with --omit=optional or --no-optional, and sometimes when the lock file was made on another ' +
        'platform (https://github.com/npm/cli/issues/4828). Delete node_modules and the lock file, and install again ' +
        'without such an option, on the platform that the program runs on'
  const message =
    `moonpool's native addon is missing: the package '${packageOf(platform)}' is not installed. ${why}. ` +
    `In a clone, 'npm run build' builds it`
  return withCode(Error, 'ERR_ADDON_MISSING', message, { cause })
}

function isInstalled(name) {
  try {
    createRequire(__filename).resolve(`${name}/package.json`)
    return true
  } catch {
    return false
  }
}

/** What to do, by what the system or the runtime has said. */
const ADVICE = [
  [
    /version .GLIBC(XX)?_[\d.]+. not found/,
    `The C library of this system is older than the addon needs: take a newer system, or ${FROM_A_CLONE}`,
  ],
  [
    /ld-linux|ld-musl|libc\.musl|Error relocating/,
    'The addon was built for another C library, musl or glibc: install again on the platform that the program runs on',
  ],
  [/cannot allocate memory/i, 'The process may not take as much memory, or as many addresses (ulimit -v)'],
  [
    /failed to map segment|Operation not permitted/,
    'The file system may be mounted with noexec, or a security policy may forbid it: ' +
      'install moonpool where programs may be loaded from',
  ],
  [/loading addons is disabled/, 'Start Node.js with --allow-addons, if with --permission, and without --no-addons'],
  [/API has been restricted/, 'Start Node.js with --allow-fs-read for the folder of moonpool and for node_modules'],
  // The message says it.
  [/run again with/, ''],
  [
    /file too short|invalid ELF header|wrong ELF class|Exec format error|not a mach-o|incompatible architecture|not a valid Win32/i,
    'The file is damaged, or made for another platform: delete node_modules, and install again on the platform that ' +
      `the program runs on; in a clone, run 'npm run build'`,
  ],
  [/./, `Delete node_modules, and install again; if that does not help, ${FROM_A_CLONE}`],
]

/** It is there, but the system or the runtime does not load it. */
function notLoaded(cause) {
  // Who asked for it is of no use here.
  const [text] = String(cause?.message ?? cause).split('\nRequire stack:')
  const said = text.replace(/\s+/g, ' ').replace(/\.$/, '')
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(said)) ?? ADVICE.at(-1)
  const message = `moonpool's native addon could not be loaded: ${said}${advice && `. ${advice}`}`
  return withCode(Error, 'ERR_ADDON_LOAD', message, { cause })
}

/** It belongs to another version of moonpool, or to one of which the addon did not say its version. */
function otherVersion(platform, isOfClone, wanted, found) {
  const [name, advice] = isOfClone
    ? [`moonpool.${platform}.node`, `Build it again: 'npm run build'`]
    : [
        `'${packageOf(platform)}'`,
        'Delete node_modules and the lock file, and install again. Where a bundle or an image is put together, take ' +
          'both from one installation',
      ]
  const is = found === undefined ? 'says no version' : `is version ${found}`
  const message = `moonpool ${wanted} needs a native addon of the same version, but ${name} ${is}. ${advice}`
  return withCode(Error, 'ERR_ADDON_VERSION', message)
}

module.exports = { missing, notLoaded, otherVersion, unsupported }
