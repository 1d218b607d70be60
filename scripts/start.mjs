// npm start: set-up, then the quickstart.
import { run } from './run.mjs'
import { setup } from './setup.mjs'

await setup()
process.exitCode = await run(process.execPath, ['examples/quickstart/index.js'])
