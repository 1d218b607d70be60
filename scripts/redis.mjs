// Redis for the tests of the store there: installed on Debian, when this may install; elsewhere those tests are skipped.
import { ask, run } from './run.mjs'

/** Sees to it that `redis-server` is there, if that is possible; else says that tests will be skipped. */
export async function prepareRedis() {
  if (ask('redis-server', ['--version']) !== undefined) return
  if (process.getuid?.() === 0 && ask('apt-get', ['--version']) !== undefined) {
    console.log('set-up: installing Redis, for tests (apt-get install redis-server)')
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], { env })
  }
  if (ask('redis-server', ['--version']) === undefined) {
    console.log('test: redis-server is not installed, so the tests that need one are skipped')
  }
}
