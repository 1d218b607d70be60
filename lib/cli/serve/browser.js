// Opens an address in the user's browser, where there is one.
'use strict'

const { spawn } = require('node:child_process')

const OPENERS = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** It has been printed as well: that it cannot be opened is no failure. */
function openInBrowser(address) {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

module.exports = { openInBrowser }
