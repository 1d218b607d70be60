// moonpool, as it is built here: a VM for each call.
import { createRequire } from 'node:module'
import { TIMEOUT } from '../places.mjs'

export async function open({ job }) {
  const require = createRequire(import.meta.url)
  const { Engine } = require('../../../index.js')
  const { version } = require('../../../package.json')
  const engine = new Engine({ defaults: { timeout: TIMEOUT } })
  const code = job.lua('...', (value) => value)
  const options = job.given === undefined ? {} : { args: [job.given] }
  return {
    version,
    call: async () => (await engine.run(code, 'bench', options)).value,
    close: () => engine.close(),
  }
}
