// Programs that some tests and measurements need: installed on Debian, when this may install.
import { ask, run } from './run.mjs'

/** Sees to it that a program is there, if that is possible; else says that tests will be skipped. `name` is that of its package, too. */
export async function prepareProgram(name, what) {
  const isReady = await installProgram(name, `${what}, for tests`)
  if (!isReady) console.log(`test: ${name} is not installed, so the tests that need one are skipped`)
}

/** Installs a program where it is missing and that is possible. Resolves with whether it is there. */
export async function installProgram(name, what) {
  if (isThere(name)) return true
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.log(`set-up: installing ${what} (apt-get install ${name})`)
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env })
  }
  return isThere(name)
}

const isThere = (name) => ask(name, ['--version']) !== undefined
