// npm run build: the release build of the addon, with binding.js and binding.d.ts.
import { installGenerated } from './addon.mjs'
import { setup } from './setup.mjs'

await setup()
installGenerated()
console.log('built: the addon, binding.js and binding.d.ts are up to date')
