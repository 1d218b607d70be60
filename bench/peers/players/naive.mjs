// The addon of naive/: a VM of mlua's for each call, on libuv's pool.
import { createRequire } from 'node:module'
import { NAIVE, naiveVersion } from '../places.mjs'

export async function open({ job }) {
  const { run } = createRequire(import.meta.url)(NAIVE)
  const code = job.lua('...', (value) => value)
  return { version: naiveVersion(), call: () => run(code, job.given), close: () => {} }
}
