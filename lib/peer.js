// Packages that moonpool does not bring along: only who wants to use them with it installs them.
'use strict'

/** What `load` requires of a package; if that is not installed, an error says who needs it, and how to get it. */
function peer(name, who, load) {
  try {
    return load()
  } catch (error) {
    if (!isMissing(name, error)) throw error
    const message = `${who} needs the package ${name}, which is not installed: npm install ${name}`
    throw Object.assign(new Error(message, { cause: error }), { code: 'MODULE_NOT_FOUND' })
  }
}

/** A package that is there may throw whatever it likes, and may itself lack another. Yarn's Plug'n'Play has words of its own. */
function isMissing(name, error) {
  if (!(error instanceof Error) || error.code !== 'MODULE_NOT_FOUND') return false
  return error.message.includes(`'${name}'`) || error.message.includes(`tried to access ${name} (a peer dependency)`)
}

module.exports = { peer }
