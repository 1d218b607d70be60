// Programs that some tests need: installed on Debian, when this may install; elsewhere those tests are skipped.
import { ask, run } from './run.mjs'

/** Sees to it that a program is there, if that is possible; else says that tests will be skipped. `name` is that of its package, too. */
export async function prepareProgram(name, what) {
  if (isThere(name)) return
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.log(`set-up: installing ${what}, for tests (apt-get install ${name})`)
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env })
  }
  if (!isThere(name)) console.log(`test: ${name} is not installed, so the tests that need one are skipped`)
}

const isThere = (name) => ask(name, ['--version']) !== undefined
