// A real browser for tests: Debian's Chromium.
'use strict'

const { spawnSync } = require('node:child_process')

/** Tests run as root, in containers. */
const OPTIONS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']

/** Where Chromium is, if there is one. */
function chromiumPath() {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** Starts it. */
const launch = () => require('playwright-core').chromium.launch({ executablePath: chromiumPath(), args: OPTIONS })

module.exports = { chromiumPath, launch }
